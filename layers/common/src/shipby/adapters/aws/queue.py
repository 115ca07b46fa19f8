"""Our own queues on SQS: standard queues with a group per seller, so that a burst of one does not delay the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.adapters.aws.batches import batches, send_all
from shipby.application.ports import QueueMessage
from shipby.domain.errors import InvalidInputError

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BATCH = 10
_BYTES = 256 * 1024
_LONGEST_DELAY = 900


class SqsWorkQueue:
    """Implements `WorkQueue`. The body is compact JSON with sorted keys."""

    def __init__(self, queue_url: str, *, client: SQSClient | None = None) -> None:
        self._url = queue_url
        self._client = client

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Send all, in batches of 10.

        Raises StoreUnavailableError if any was refused (others may have gone), InvalidInputError for an impossible one.
        """
        prepared = [(message, _body(message)) for message in messages]
        for batch in batches(prepared, lambda pair: len(pair[1]), count=_BATCH, total=_BYTES):
            send_all(batch, self._send_batch, what="the queue")

    def _send_batch(
        self, batch: Sequence[tuple[QueueMessage, bytes]]
    ) -> Sequence[tuple[tuple[QueueMessage, bytes], str]]:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": body.decode(),
                "DelaySeconds": message.delay_seconds,
                "MessageGroupId": message.group,
            }
            for index, (message, body) in enumerate(batch)
        ]
        client = self._client or clients.sqs()
        answer = client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return [(batch[int(failed["Id"])], failed.get("Code", "")) for failed in answer.get("Failed", [])]


def _body(message: QueueMessage) -> bytes:
    if not 0 <= message.delay_seconds <= _LONGEST_DELAY:
        raise InvalidInputError(f"a message can wait 0 to 900 seconds, not {message.delay_seconds}")
    body = json.dumps(message.body, separators=(",", ":"), sort_keys=True).encode()
    if len(body) > _BYTES:
        raise InvalidInputError(f"a message of {len(body)} bytes is more than a queue takes (256 KiB)")
    return body
