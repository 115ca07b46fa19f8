"""An account whose calls are not answered in time costs its worker one wait, not one for each message.

Workers are shared by all sellers. Where one seller's marketplace hangs, every message of theirs would hold a worker for
the whole time of a call. Once a read was not answered in time with all its repeats, the account's next calls end at
once, before anything is sent, until one of them, after a pause, tries it again. Answers that come, whatever they say,
close it: a marketplace that refuses quickly delays nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

LATE_READ: Final = 2
LATE_ACT: Final = 1
"""A read was tried several times; an acting call that came late alone may be chance, and is read back at once."""
OPENS: Final = 2
PAUSES: Final = (4.0, 8.0, 20.0)
"""Ours: seconds until the next call is let through, after the first trouble in a row, the second, and any further.
One slow answer may be chance: whoever waits behind it is still read within 15 s (ADR 0029)."""


class NotSentError(Exception):
    """The request never left this machine."""


class NoAnswerError(Exception):
    """The request may have been received; its whole answer did not come."""


class LateError(NoAnswerError):
    """It did not come in time."""


class Breaker:
    """Of one account in one process. Safe to share between threads."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._late = 0
        self._opened = 0
        self._open_until = float("-inf")

    def seconds_left(self) -> float:
        """Of the pause; 0 where a call may go now, and then it is the one that tries for all."""
        with self._lock:
            now = self._monotonic()
            if now < self._open_until:
                return self._open_until - now
            if self._late >= OPENS:
                self._open_until = now + self._pause()  # whoever comes meanwhile waits for what this one finds
            return 0.0

    def late(self, weight: int) -> None:
        """A call was not answered in time."""
        with self._lock:
            self._late += weight
            if self._late >= OPENS:
                self._opened += 1
                self._open_until = self._monotonic() + self._pause()

    def answered(self) -> None:
        """Something came, whatever it said."""
        with self._lock:
            self._late = self._opened = 0
            self._open_until = float("-inf")

    def _pause(self) -> float:
        return PAUSES[min(max(self._opened, 1), len(PAUSES)) - 1]
