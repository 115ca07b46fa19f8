"""Secrets of webhooks: SSM SecureStrings `<prefix>/sellers/<seller>/webhooks/<endpoint>/<number>`.

The API writes them and may not read them; the worker reads them and may not write. They are shown once, in the answer
that makes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shipby.adapters.aws import clients
from shipby.adapters.aws.parameters import SellerParameters
from shipby.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _place(endpoint: str, number: int) -> str:
    return f"webhooks/{endpoint}/{number}"


class SsmWebhookSecrets:
    """Implements `WebhookSecrets`: the worker's half."""

    def __init__(self, prefix: str, *, parameters: SellerParameters | None = None) -> None:
        self._parameters = parameters or SellerParameters(prefix)

    def secret(self, seller: str, endpoint: str, number: int) -> str:
        value = self._parameters.json(seller, _place(endpoint, number))
        if not isinstance(value, str):
            raise NotFoundError(f"webhook {endpoint} has no secret {number}: rotate it")
        return value


class SsmSecretKeeper:
    """Implements `KeepsSecrets`: the API's half."""

    def __init__(self, prefix: str, *, client: SSMClient | None = None) -> None:
        self._prefix = prefix.rstrip("/")
        self._client = client

    def keep(self, seller: str, endpoint: str, number: int, text: str) -> None:
        """Raises StoreUnavailableError; no message shows the secret."""
        path = self._path(seller, endpoint, number)
        try:
            (self._client or clients.ssm()).put_parameter(
                Name=path, Value=json.dumps(text), Type="SecureString", Overwrite=True
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"parameter {path} could not be written: {type(error).__name__}") from error

    def forget(self, seller: str, endpoint: str, numbers: Sequence[int]) -> None:
        """What is gone already does no harm. Raises StoreUnavailableError."""
        for number in numbers:
            path = self._path(seller, endpoint, number)
            try:
                (self._client or clients.ssm()).delete_parameter(Name=path)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ParameterNotFound":
                    raise StoreUnavailableError(f"parameter {path} could not be deleted: {error}") from error
            except BotoCoreError as error:
                raise StoreUnavailableError(f"parameter {path} could not be deleted: {error}") from error

    def _path(self, seller: str, endpoint: str, number: int) -> str:
        if not (_NAME.fullmatch(seller) and _NAME.fullmatch(endpoint)):
            raise InvalidInputError("names with other signs than letters, digits, _ and - reach other parameters")
        return f"{self._prefix}/sellers/{seller}/{_place(endpoint, number)}"
