"""Keeping to this process's share of the marketplace's 50 requests a second, and how patient it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

from shipby.domain.errors import InvalidInputError

PATIENCE = 1
"""How many times the limits of `assumptions` a call is waited for."""


class Pacer:
    """Spaces requests evenly, over all threads that share it: no bursts, so no share is ever exceeded."""

    def __init__(
        self, requests_per_second: float, *, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        if requests_per_second <= 0:
            raise InvalidInputError("requests_per_second must be above 0")
        self._gap = 1.0 / requests_per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def wait(self) -> None:
        """Return when the next request may be sent."""
        with self._lock:
            now = self._monotonic()
            slot = max(now, self._next)
            self._next = slot + self._gap
        if slot > now:
            self._sleep(slot - now)
