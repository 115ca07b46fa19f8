"""The people of the demo and the clock: whoever has something to do does it, and time moves when all of them wait.

Each person is a thread that acts through the API and then waits: for an hour of the day, or for something to be seen.
The clock is stepped (see `shipby_local.stack.stepping`), so no outcome depends on how quick a person or the machine is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from shipby_local.stack.errors import StackError
from shipby_local.stack.pump import StreamPump
from shipby_local.stack.stepping import Stepper

T = TypeVar("T")

HANDS = 4
"""Calls under way at once: as many as two cores take."""
PATIENCE = timedelta(days=4)
"""How long, by the stepped clock, a person waits for something before they say that it never came."""


@dataclass
class People:
    """Everybody at work. `told` hears the time after every step."""

    stepper: Stepper
    pump: StreamPump
    told: Callable[[datetime], None] = lambda _: None
    problems: list[str] = field(default_factory=list)
    """Who got stuck, and why; everybody else goes on."""
    hands: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(HANDS))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _present: int = 0
    _active: int = 0
    _waiting: int = 0
    _round: int = 0
    _moments: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        """The day's time."""
        return self.stepper.clock.now()

    def join(self, name: str, work: Callable[[], None]) -> None:
        """Let somebody begin; a failure of theirs is kept in `problems`."""
        with self._changed:
            self._present += 1
            self._active += 1
        threading.Thread(target=self._live, args=(name, work), name=name, daemon=True).start()

    def _live(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # whatever it is, it is the report's to tell, and the day goes on
            self.problems.append(f"{name}: {error}")
        finally:
            with self._changed:
                self._present -= 1
                self._active -= 1
                self._changed.notify_all()

    def run(self) -> None:
        """Until everybody has gone home. Raises what the stepper raises."""
        seen = -1
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._active == 0)
                if self._present == 0:
                    return
                moments = [moment for moment in self._moments if moment > self.now()]
            self.stepper.settle()
            # What people did may be what others wait for: they look before time moves on.
            if seen == self.pump.seen:
                self.stepper.step(min(moments, default=None))
                self.told(self.now())
            seen = self.pump.seen
            self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._active, self._waiting = self._waiting, 0
            self._round += 1
            self._changed.notify_all()

    def _pause(self, until: datetime) -> None:
        """Wait for the next round. Counted as active again before it begins, so that no step comes in between."""
        with self._changed:
            this = self._round
            self._moments.append(until)
            self._active -= 1
            self._waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._round != this)
            self._moments.remove(until)

    def until(self, moment: datetime) -> None:
        """Wait for an hour."""
        while self.now() < moment:
            self._pause(moment)

    def wait(self, look: Callable[[], T | None], *, what: str, about: str = "", within: timedelta = PATIENCE) -> T:
        """Look until there is something. `about`: look again only after a change of items whose key holds it (empty:
        after any change).

        Raises StackError naming `what` when `within` has passed.
        """
        limit, mark = self.now() + within, -1
        while True:
            before = self.pump.seen
            if self._touched(about, mark):
                found = look()
                if found is not None:
                    return found
                mark = before
            if self.now() >= limit:
                raise StackError(f"waited {within} in vain for {what}")
            self._pause(limit)

    def _touched(self, about: str, mark: int) -> bool:
        if mark < 0:
            return True
        if not about:
            return self.pump.seen > mark
        return any(at > mark for key, at in list(self.pump.touched.items()) if about in key)

    def share(self, work: Callable[[T], object], among: Iterable[T]) -> None:
        """Many hands do the same work, none of which waits. Raises the first error, when all are done."""
        with ThreadPoolExecutor(HANDS, "hand") as pool:
            done = [pool.submit(work, one) for one in among]
        for future in done:
            future.result()
