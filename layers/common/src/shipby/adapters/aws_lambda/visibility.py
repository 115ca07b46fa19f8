"""Sets when a message that failed comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.domain.errors import StoreUnavailableError

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_sqs import SQSClient


class QueueVisibility:
    """Implements `Visibility` for one queue."""

    def __init__(self, queue_url: str, *, client: SQSClient | None = None) -> None:
        self._url = queue_url
        self._client = client

    def hold(self, receipt: str, seconds: int) -> None:
        """Let the message come again in `seconds`. Raises StoreUnavailableError."""
        from botocore.exceptions import BotoCoreError, ClientError  # who calls AWS has loaded it

        client = self._client or clients.sqs()
        try:
            client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"the visibility of a message could not be set: {error}") from error
