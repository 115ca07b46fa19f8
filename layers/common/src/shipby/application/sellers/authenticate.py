"""Whose API key it is: the authorizer's path, so a module of its own with nothing heavy."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipby.application.ports.sellers import ApiKeyReads
    from shipby.domain.sellers.keys import ApiKey

_KEY = re.compile(r"shp_(?P<id>[0-9a-f]{16})\.(?P<secret>[0-9A-Za-z_-]{43})")


def key_hash(secret: str) -> str:
    """What is stored of a key's secret: its sha256, hexadecimal."""
    # A random 256-bit secret needs no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def authenticate(authorization: str, *, store: ApiKeyReads, now: datetime) -> ApiKey | None:
    """The key of an `Authorization: Bearer shp_<id>.<secret>` header, or None if it is not valid now."""
    scheme, _, text = authorization.partition(" ")
    match = _KEY.fullmatch(text.strip())
    if scheme.lower() != "bearer" or match is None:
        return None
    key = store.api_key(match["id"])
    if key is None or not hmac.compare_digest(key.sha256, key_hash(match["secret"])):
        return None
    expired = key.expires_at is not None and key.expires_at <= now
    return None if expired or key.revoked_at is not None else key
