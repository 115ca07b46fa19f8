"""A seller's secrets: SSM SecureStrings `<prefix>/sellers/<seller>/<name>` of JSON, kept for five minutes."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.domain.errors import InvalidInputError, StoreUnavailableError

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_ssm import SSMClient

_SELLER = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEPT_SECONDS = 300.0


class SellerParameters:
    """Reads parameters. That one is missing is remembered too, so it does not cost a call each time."""

    def __init__(
        self,
        prefix: str,
        *,
        client: SSMClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._prefix = prefix.rstrip("/")
        self._client = client
        self._monotonic = monotonic
        self._kept = kept_seconds
        self._cache: dict[str, tuple[float, object]] = {}
        self._lock = threading.Lock()

    def json(self, seller: str, name: str) -> object:
        """The JSON value, or None if there is no such parameter.

        Raises InvalidInputError if it is not JSON or the seller's name cannot be one, StoreUnavailableError. No message
        shows the value.
        """
        if not _SELLER.fullmatch(seller):
            # A name with slashes would reach other parameters.
            raise InvalidInputError(f"{seller[:64]!r} cannot be a seller's name")
        path = f"{self._prefix}/sellers/{seller}/{name}"
        now = self._monotonic()
        with self._lock:
            cached = self._cache.get(path)
        if cached and now - cached[0] < self._kept:
            return cached[1]
        value = self._read(path)
        with self._lock:
            self._cache[path] = (now, value)
        return value

    def _read(self, path: str) -> object:
        from botocore.exceptions import BotoCoreError, ClientError  # who calls AWS has loaded it

        client = self._client or clients.ssm()
        try:
            text = client.get_parameter(Name=path, WithDecryption=True)["Parameter"].get("Value", "")
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return None
            raise StoreUnavailableError(f"parameter {path} could not be read: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailableError(f"parameter {path} could not be read: {error}") from error
        try:
            return json.loads(text.removeprefix("\ufeff"))
        except ValueError:
            raise InvalidInputError(f"parameter {path} is not JSON; write it again") from None
