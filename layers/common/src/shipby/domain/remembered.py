"""What an idempotency key answered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shipby.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedResponse:
    """What an Idempotency-Key answered the first time."""

    seller: str
    key: str
    request_hash: str
    status: int
    body: Mapping[str, Json]
    expires_at: datetime
    location: str = ""
