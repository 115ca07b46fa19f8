"""Faults on demand: what a call does instead of answering well."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import TypeVar

from shipby.domain.errors import (
    CredentialsRejectedError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotReadyYetError,
    OutcomeUnknownError,
    RateLimitedError,
)
from tests.support.fake_carriages import Fault

T = TypeVar("T")


class Faulty:
    """Counts its calls. `fail(call, fault, ...)` makes the next calls of that name misbehave, in order."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.calls: Counter[str] = Counter()
        self.on_call: Callable[[str], None] | None = None
        """Runs as each call begins, outside the lock: for what happens meanwhile."""

    def fail(self, call: str, *faults: Fault) -> None:
        self._faults[call].extend(faults)

    def forgive(self, call: str) -> None:
        """Forget the faults of a name that no call has met."""
        self._faults[call].clear()

    def _begin(self, name: str) -> Fault | None:
        if self.on_call is not None:
            self.on_call(name)
        with self._lock:
            self.calls[name] += 1
            fault = self._faults[name].popleft() if self._faults[name] else None
        match fault:
            case Fault.REFUSE:
                raise MarketplaceRefusedError(f"{name} refused", text="TRANSITION_IS_NOT_POSSIBLE")
            case Fault.RATE_LIMIT:
                raise RateLimitedError(f"{name}: wait", retry_after=1.0)
            case Fault.NOT_READY:
                raise NotReadyYetError(f"{name}: the next postings aren't ready")
            case Fault.UNAVAILABLE:
                raise MarketplaceUnavailableError(f"{name}: Circle is open")
            case Fault.CREDENTIALS:
                raise CredentialsRejectedError(f"{name}: Api-key is deactivated")
            case Fault.TIMEOUT_BEFORE:
                raise OutcomeUnknownError(f"{name}: no answer")
        return fault

    def _act(self, name: str, effect: Callable[[], T]) -> T:
        fault = self._begin(name)
        with self._lock:
            done = effect()
        if fault is Fault.TIMEOUT_AFTER:
            raise OutcomeUnknownError(f"{name}: no answer")
        return done
