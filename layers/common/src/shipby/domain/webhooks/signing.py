"""Signatures by the Standard Webhooks specification, version 1 (https://www.standardwebhooks.com).

`v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`; the secret is `whsec_` and base64.
With two secrets alive the header names a signature of each, apart by a space: knowing one of them is enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from shipby.domain.errors import InvalidInputError

PREFIX = "whsec_"
_BYTES = 32
"""The specification asks for 24 to 64."""


def new_secret() -> str:
    """A secret of 256 random bits, as it is shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError("a webhook's secret is not base64: rotate it") from None


def message_id(seller: str, event_id: str) -> str:
    """The `webhook-id` of an event: the same at every try and every replay, so that a receiver can drop repeats."""
    digest = hashlib.sha256(f"{seller}\n{event_id}".encode()).hexdigest()
    return f"evt_{digest[:32]}"


def signed_headers(identifier: str, body: bytes, at: datetime, live: Sequence[str]) -> Mapping[str, str]:
    """The three headers of one try. Raises InvalidInputError without a secret."""
    if not live:
        raise InvalidInputError("a webhook without a secret cannot be signed: rotate it")
    stamp = str(int(at.timestamp()))
    content = f"{identifier}.{stamp}.".encode() + body
    signatures = [base64.b64encode(hmac.new(_key(one), content, hashlib.sha256).digest()).decode() for one in live]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
