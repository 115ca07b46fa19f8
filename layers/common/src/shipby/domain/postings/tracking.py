"""One change of a posting's tracking number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingChange:
    """One row of the append-only history of tracking numbers of a posting."""

    seller: str
    posting_number: str
    sequence: int
    old: str
    new: str
    carrier: str
    reason: str
    asked_by: str
    at: datetime
    approved_by: str = ""
    intent_id: str = ""
    """Empty where the marketplace or the carrier set the number."""
