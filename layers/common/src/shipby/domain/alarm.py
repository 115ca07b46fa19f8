"""Which alarm stands where: what the sweep reads, and what was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipby.domain.events import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideAlarm:
    """An alarm that was set aside after several failed tries."""

    alarm: AlarmRef
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRef:
    """One due alarm as the index shows it: which item, and when it was due."""

    seller: str
    ref: Ref
    intent_id: str
    """Empty for a posting's or a return's own alarm."""
    due: datetime
