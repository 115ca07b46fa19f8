"""The machine's clock: the only place in what ships that asks for the time of day.

It reads no setting and no environment, so nothing about a deployment can change its time. The embedded stack on a
laptop puts another module in this one's place where time is stepped (docs/adr/0027-one-clock-that-can-be-stepped.md).
"""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return utc_now()
