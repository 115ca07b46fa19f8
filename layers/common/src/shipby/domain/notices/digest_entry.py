"""One event that waits for its digest."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.domain.events import StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """One event that waits to be told to one recipient, together with others."""

    seller: str
    recipient: str
    stored: StoredEvent
