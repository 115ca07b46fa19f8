"""One virtual time; every process reads it with an error of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Time:
    """The true time. It moves only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(microseconds=int(seconds * 1_000_000))

    def seconds(self) -> float:
        """A monotonic clock of the same time."""
        return (self.now - START).total_seconds()


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """What one process takes for the present time."""

    time: Time
    skew: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.time.now + self.skew
