"""What became of an alarm message, and what all who ring alarms need: they never import the dispatcher."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shipby.domain.alarm import AlarmRef
from shipby.domain.postings.posting import Alarm


@dataclass(frozen=True, slots=True)
class AlarmOutcome:
    """What became of an alarm message: fired, early, gone (moved, fired by another, or its item ended)."""

    outcome: str
    next_alarm: AlarmRef | None = None
    """The item's next alarm, for sending it at once if it is near."""


@dataclass(frozen=True, slots=True)
class At:
    """A clock that stands at the moment an alarm rang."""

    time: datetime

    def now(self) -> datetime:
        return self.time


GONE = AlarmOutcome("gone")


def stands(alarm: AlarmRef, next_alarm: Alarm | None) -> bool:
    """Whether this is still the alarm that its item waits for."""
    return next_alarm is not None and next_alarm.due == alarm.due


def fired(alarm: AlarmRef, following: Alarm | None) -> AlarmOutcome:
    """The alarm was fired and committed; `following` is what its item waits for now."""
    return AlarmOutcome("fired", replace(alarm, due=following.due) if following else None)
