"""One change of a posting's tracking number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChangeReason(StrEnum):
    """Why a number is set or replaced."""

    FIRST_NUMBER = "first_number"
    RELABELLED = "relabelled"
    """The carrier put another label on the parcel."""
    TYPING_ERROR = "typing_error"
    OTHER_CARRIER = "other_carrier"
    """The parcel went with another carrier than planned."""
    UNTRACEABLE = "untraceable"
    """The number does not show anything, or the marketplace asks for another one."""
    LOST_AND_SENT_AGAIN = "lost_and_sent_again"
    OTHER = "other"


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
    kind: ChangeReason = ChangeReason.OTHER
    evidence: tuple[str, ...] = ()
    """What proves it: ids of the posting's evidence, or links."""
    doubts: tuple[str, ...] = ()
    """What spoke against it when it was asked for."""
    seen_again: bool = False
    """Whether whoever asked for it looked at items and address again."""
    asked_at: datetime | None = None
