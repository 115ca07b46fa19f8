"""How many calls of the API a key and a seller may make, so that one seller's program slows down nobody else.

Calls are counted in windows of a few seconds. Every process counts for itself and adds to the count that all share once
in a while, so that a limit costs next to nothing: it may be passed by what the processes have not told yet, at most
TELL_EVERY a process.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from shipby.domain.errors import StoreUnavailableError

WINDOW_SECONDS = 10
TELL_EVERY = 10
_MOST_SELLERS = 10_000


class CallCounter(Protocol):
    """Counts that all processes share."""

    def count_calls(self, seller: str, key_id: str, window: int, calls: int) -> tuple[int, int]:
        """Add calls to a window; what the key and the seller have made in it so far. Raises StoreUnavailableError."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Calls in each window of WINDOW_SECONDS; 0 is no limit."""

    per_key: int
    per_seller: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a call may know of its limit: the one that is nearer to its end."""

    allowed: bool
    scope: str
    """key or seller."""
    limit: int
    remaining: int
    reset: int
    """Seconds until the next window."""


@dataclass(slots=True)
class _Window:
    number: int
    told: dict[str, int] = field(default_factory=dict)
    """Key -> calls of it that all processes have told."""
    told_in_all: int = 0
    untold: Counter[str] = field(default_factory=Counter)

    def of_key(self, key_id: str) -> int:
        return self.told.get(key_id, 0) + self.untold[key_id]

    def of_seller(self) -> int:
        return self.told_in_all + self.untold.total()


class CallLimiter:
    """Of one process."""

    def __init__(self, limits: CallLimits, counter: CallCounter, *, time: Callable[[], float]) -> None:
        self._limits, self._counter, self._time = limits, counter, time
        self._windows: dict[str, _Window] = {}

    def take(self, seller: str, key_id: str) -> Allowance:
        """Count one call and say whether it may go on. A store that does not answer stops no call."""
        now = self._time()
        window = self._window(seller, int(now // WINDOW_SECONDS))
        reset = max(1, math.ceil((window.number + 1) * WINDOW_SECONDS - now))
        if self._spent(window, key_id):
            return self._allowance(window, key_id, reset, allowed=False)  # counts no more: nothing is written for it
        window.untold[key_id] += 1
        if window.untold[key_id] >= TELL_EVERY or self._over(window, key_id):
            self._tell(seller, key_id, window)
        return self._allowance(window, key_id, reset, allowed=not self._over(window, key_id))

    def _window(self, seller: str, number: int) -> _Window:
        known = self._windows.get(seller)
        if known is not None and known.number == number:
            return known
        if len(self._windows) >= _MOST_SELLERS:
            self._windows.clear()
        self._windows[seller] = _Window(number)
        return self._windows[seller]

    def _tell(self, seller: str, key_id: str, window: _Window) -> None:
        try:
            of_key, of_seller = self._counter.count_calls(seller, key_id, window.number, window.untold[key_id])
        except StoreUnavailableError:
            return
        window.untold[key_id] = 0
        window.told[key_id], window.told_in_all = of_key, of_seller

    def _spent(self, window: _Window, key_id: str) -> bool:
        """Whether nothing was left before this call."""
        return any(limit and made >= limit for _, limit, made in self._counts(window, key_id))

    def _over(self, window: _Window, key_id: str) -> bool:
        return any(limit and made > limit for _, limit, made in self._counts(window, key_id))

    def _counts(self, window: _Window, key_id: str) -> tuple[tuple[str, int, int], ...]:
        return (
            ("key", self._limits.per_key, window.of_key(key_id)),
            ("seller", self._limits.per_seller, window.of_seller()),
        )

    def _allowance(self, window: _Window, key_id: str, reset: int, *, allowed: bool) -> Allowance:
        left = [(max(limit - made, 0), scope, limit) for scope, limit, made in self._counts(window, key_id) if limit]
        remaining, scope, limit = min(left, default=(0, "", 0))
        return Allowance(allowed=allowed, scope=scope, limit=limit, remaining=remaining, reset=reset)
