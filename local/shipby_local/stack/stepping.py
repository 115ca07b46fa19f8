"""Moves a stepped clock: only when everything is quiet, and then to the next thing that is due on either side.

Quiet means that waiting longer would change nothing: no function runs, no queue holds a message that could be taken
now, the stream is read to its end, no request is inside the front door, and the neighbours (the simulated marketplace)
have nothing to do or to send. How long that takes is the machine's matter and changes no outcome.
"""

from __future__ import annotations

import json
import logging
import math
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from shipby_local.stack.clock import SteppedClock
from shipby_local.stack.errors import StackError, TemplateError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = (0.003, 0.02)
"""Between two looks: the first pause, and the longest."""
STUCK_SECONDS = 300.0
"""Real time after which something that never comes to rest is named instead of waited for."""
_NEVER = datetime.fromtimestamp(0, UTC)
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


class NeverQuietError(StackError):
    """Something goes on for so long that it is a fault, not work."""


class Neighbour(Protocol):
    """What shares the clock with the stack: the simulated marketplace."""

    def wake(self) -> None:
        """Do what is due by now."""

    def quiet(self) -> bool:
        """Whether nothing is due or under way."""

    def next_due(self) -> datetime | None:
        """When something is due next, aware UTC."""


class Inside(Protocol):
    """The stack as the stepper sees it."""

    def work(self) -> dict[str, Any]:
        """The emulator's report of `private_time.WorkUnderWay` (`streams`: the newest record of each), with
        `delivered` and `read_to_end` of the stream and `requests` inside the front door."""

    def invoke(self, function: str, payload: Any = None) -> Any:
        """Run a function and wait for its answer."""


class Need(Protocol):
    """Says from when on a tick of a schedule has anything to do; ticks before that would find what the last found."""

    def since(self, written: object) -> datetime | None:
        """Aware UTC; None while nothing is in sight. `written` differs after every write to the table."""

    def rang(self) -> None:
        """A tick was, and all is quiet again."""


@dataclass(slots=True)
class Schedule:
    """A function that the template has invoked every `period`; ticks are whole periods since the epoch.

    With a `need` ticks that have nothing to do are left out; without one every tick is due.
    """

    function: str
    period: timedelta
    payload: Any = None
    need: Need | None = None
    last: datetime = _NEVER

    def next(self, written: object) -> datetime | None:
        """The next tick with something to do, after the last one; `written` as in `Need.since`."""
        wanted = self.last + self.period
        if self.need is not None:
            since = self.need.since(written)
            if since is None:
                return None
            wanted = max(wanted, since)
        seconds = self.period.total_seconds()
        return datetime.fromtimestamp(-(-wanted.timestamp() // seconds) * seconds, UTC)


def period_of(name: str, expression: str) -> timedelta:
    """The period of a schedule's expression. Raises TemplateError for one that is no rate."""
    found = _RATE.fullmatch(expression)
    if found is None:
        raise TemplateError(f"Schedule {name}: a stepped clock knows rate(...) only, not {expression}.")
    return timedelta(**{f"{found[2]}s": int(found[1])})


@dataclass(frozen=True, slots=True)
class Step:
    """Where a step led: the time, and what was due then."""

    at: datetime
    what: tuple[str, ...]


@dataclass(slots=True)
class Stepper:
    """Steps one clock. Its methods may be called from any thread; they run one after the other."""

    clock: SteppedClock
    inside: Inside
    schedules: Sequence[Schedule]
    neighbours: Sequence[Neighbour] = ()
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _rest: tuple[object, ...] | None = None
    """The mark of the last look, if all was quiet and time has stood still since."""
    _seen: dict[str, Any] = field(default_factory=dict)
    """What the stack reported at the last look."""

    def __post_init__(self) -> None:
        for schedule in self.schedules:
            schedule.last = max(schedule.last, self.clock.now())

    def settle(self) -> None:
        """Wait until everything is quiet. Raises NeverQuietError that names what goes on."""
        with self._turn:
            began = time.monotonic()
            pause = PAUSE_SECONDS[0]
            while True:
                look, before = self._look(), self._rest
                self._rest = look
                # Two quiet looks with nothing begun in between: nothing can have moved from a place seen late to one
                # seen early.
                if look is not None and look == before:
                    return
                if time.monotonic() - began > STUCK_SECONDS:
                    raise NeverQuietError(
                        f"Work goes on after {STUCK_SECONDS:.0f} s without a step of the clock: {self.inside.work()}"
                    )
                time.sleep(pause)
                pause = min(pause * 1.5, PAUSE_SECONDS[1]) if look is None else PAUSE_SECONDS[0]

    def _look(self) -> tuple[object, ...] | None:
        """A mark of all that was begun so far, or None while something goes on."""
        for neighbour in self.neighbours:
            neighbour.wake()
        if not all(neighbour.quiet() for neighbour in self.neighbours):
            return None
        work = self._seen = self.inside.work()
        if work["busy"] or work["waiting"] or work["requests"] or not work["read_to_end"]:
            return None
        if not all(neighbour.quiet() for neighbour in self.neighbours):
            return None
        return work["started"], work["delivered"]

    def due(self) -> Step | None:
        """The next thing that is due after now, and when; None if nothing ever is."""
        return self._due(self.inside.work())

    def _due(self, seen: Mapping[str, Any]) -> Step | None:
        found: dict[datetime, list[str]] = {}

        def note(at: datetime | None, what: str) -> None:
            if at is not None:
                found.setdefault(at, []).append(what)

        for neighbour in self.neighbours:
            note(neighbour.next_due(), "the marketplace")
        if seen["next_visible"] is not None:
            note(_ceiling(seen["next_visible"]), "a queue")
        for schedule in self.schedules:
            note(schedule.next(seen["streams"]), schedule.function)
        if not found:
            return None
        earliest = min(found)
        return Step(max(earliest, self.clock.now()), tuple(found[earliest]))

    def step(self, until: datetime | None = None) -> Step:
        """Settle, jump to what is due next (or to `until`, whichever is earlier), let it happen, settle again."""
        with self._turn:
            self.settle()
            following = self._due(self._seen)
            if following is None or (until is not None and following.at > until):
                if until is None:
                    raise StackError("Nothing is due ever again; advance the clock by a duration instead.")
                following = Step(until, ())
            self.clock.set(following.at)
            self._rest = None
            self.settle()
            ringing = [schedule for schedule in self.schedules if schedule.function in following.what]
            for schedule in ringing:
                schedule.last = following.at
                answer = self.inside.invoke(schedule.function, schedule.payload)
                if answer.error:
                    logger.warning("%s failed: %s", schedule.function, json.dumps(answer.payload)[:500])
            if ringing:
                self.settle()
            for schedule in ringing:
                if schedule.need is not None:
                    schedule.need.rang()
            return following

    def advance(self, by: timedelta) -> list[Step]:
        """Everything that is due within `by`, step by step, and then to its end. Raises ValueError below zero."""
        if by < timedelta():
            raise ValueError("a stepped clock only goes forward")
        with self._turn:
            until, steps = self.clock.now() + by, list[Step]()
            while self.clock.now() < until:
                steps.append(self.step(until))
            self.settle()
            return steps


def _ceiling(seconds: float) -> datetime:
    """The whole millisecond that is not before a float of seconds: a moment too early would find the message hidden."""
    moment = datetime.fromtimestamp(math.floor(seconds * 1000) / 1000, UTC)
    while moment.timestamp() < seconds:
        moment += timedelta(milliseconds=1)
    return moment
