"""The store as one process sees it: the store in memory behind a connection that can break at every access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.domain.errors import StoreUnavailableError
from tests.simulation.chance import Weather
from tests.support.memory_store import MemoryStore


class ShopStore:
    """Passes everything on. Before each access another process may run or this one may die; after a write, too."""

    def __init__(
        self,
        raw: MemoryStore,
        *,
        chance: Callable[[], float],
        weather: Callable[[], Weather],
        pause: Callable[[str], None],
        die: Callable[[str], None],
        committed: Callable[[Sequence[Write]], None],
    ) -> None:
        self._raw = raw
        self._chance = chance
        self._weather = weather
        self._pause = pause
        self._die = die
        self._committed = committed

    def as_store(self) -> Store:
        return cast("Store", self)

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        self._pause("commit")
        weather = self._weather()
        if self._chance() < weather.throttled:
            raise StoreUnavailableError("throttled")
        self._raw.commit(writes, token=token)
        self._committed(writes)
        self._die("committed")
        if self._chance() < weather.unsure:
            raise StoreUnavailableError("no answer: the change may have been applied")

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._raw, name)
        if not callable(target):
            return target

        def read(*given: Any, **named: Any) -> Any:
            self._pause(name)
            if self._chance() < self._weather().throttled:
                raise StoreUnavailableError("throttled")
            return target(*given, **named)

        # The next access finds it at once.
        self.__dict__[name] = read
        return read
