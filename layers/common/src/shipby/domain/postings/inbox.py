"""Pushes as they are kept, and the tokens that let them in: on the webhook's path, so a module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.json_types import Json


class PushState(StrEnum):
    """What became of an accepted push."""

    RECEIVED = "received"
    """A hint about a posting: applied as soon as that posting was read from the marketplace after `received_at`."""
    NOTED = "noted"
    """Valid, and about nothing the product keeps (stock, items, FBO): counted, not acted upon."""
    QUARANTINED = "quarantined"
    """Makes no sense; kept with the reason for a person to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRow:
    """One accepted push, allow-listed: `payload` has no personal data."""

    seller: str
    type: str
    digest: str
    """sha256 of the raw body, hexadecimal."""
    window: int
    """Number of the repeat-suppression window since the epoch."""
    received_at: datetime
    state: PushState
    posting_number: str = ""
    payload: Mapping[str, Json] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushToken:
    """A secret in a push URL; only its hash is kept. Two may be live at once for rotation."""

    sha256: str
    seller: str
    created_at: datetime
    revoked_at: datetime | None = None
