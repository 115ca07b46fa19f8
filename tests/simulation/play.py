"""Plays one seed: a drawn scenario under bad weather, then calm until nothing is due, then people, then the books."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipby.application.intake.sync_posting import sync_posting
from shipby.application.shared.messages import sync_message
from tests.simulation.chance import CALM
from tests.simulation.errors import Violation
from tests.simulation.market import RETURN_SECONDS, SELLER
from tests.simulation.scenario import Script, draw, people_settle
from tests.simulation.workers import compare_now, poll_now, sweep_now, work_on
from tests.simulation.world import MOST_TASKS, SWEEP_EVERY, TASK_LIFE, World

STORM = timedelta(minutes=25)
"""How long people act and things break."""
CALM_FOR = timedelta(seconds=RETURN_SECONDS + 900)
"""Afterwards: longer than any clock of the scenario."""
POLL_EVERY = timedelta(minutes=15)
MOST_STEPS = 200_000
"""A run that takes more does not end."""


@dataclass(slots=True)
class Outcome:
    """How a seed went. `violation` is None where all invariants held."""

    seed: int
    violation: Violation | None
    figures: dict[str, int] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)


class Player:
    """Drives one world. The script is a heap of (when, what)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.script: Script = []
        self._serial = 0
        self._next_poll = world.time.now + POLL_EVERY

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Put something on the script."""
        self._serial += 1
        heapq.heappush(self.script, (self.world.time.now + timedelta(seconds=seconds), self._serial, act))

    def play(self) -> None:
        """The whole run. Raises Violation."""
        world = self.world
        weather, world.weather = world.weather, CALM
        draw(world, self.later)
        for number in world.numbers:
            self.meet(number)
        world.weather = world.queues.weather = weather
        self.run_until(world.time.now + STORM)
        world.weather = world.queues.weather = CALM
        world.note("calm")
        self.finish_tasks()
        self._poll()
        self.run_until(world.time.now + CALM_FOR)
        self._poll()
        self.run_until(world.time.now + timedelta(minutes=2))
        world.watch.quiet(world.numbers, world.returns)
        world.goods.quiet(world.numbers)
        compare_now(world)
        self.finish_tasks()
        people_settle(world, self.later)
        self.run_until(world.time.now + timedelta(minutes=2))
        world.watch.settled(world.numbers, world.returns)

    def meet(self, number: str) -> None:
        world = self.world
        clock = world.clock(0)
        sync_posting(SELLER, number, hinted_at=None, store=world.store, marketplace=world.client(0), clock=clock)

    def run_until(self, end: datetime) -> None:
        world = self.world
        while world.time.now < end:
            if world.steps > MOST_STEPS:
                raise Violation("every run ends", f"{world.steps} steps")
            self._pushes()
            if self._one_thing():
                continue
            upcoming = self._next_time()
            if world.running:
                oldest = min(running.job.began or end for running in world.running)
                upcoming = min(upcoming, max(oldest + TASK_LIFE, world.time.now))
                if upcoming <= world.time.now or world.rng.random() < 0.5:
                    world.step(world.rng.choice(world.running))
                    continue
            world.time.now = min(max(upcoming, world.time.now + timedelta(milliseconds=1)), end)
            world.market.rooms.engine.run_due()
        self.finish_tasks()

    def finish_tasks(self) -> None:
        while self.world.running:
            self.world.step(self.world.rng.choice(self.world.running))

    def _one_thing(self) -> bool:
        """Do one of the things that can be done now; False if there is none but to wait."""
        world = self.world
        choices: list[Callable[[], None]] = []
        if self.script and self.script[0][0] <= world.time.now:
            choices.append(self._act)
        if len(world.running) < MOST_TASKS:
            ready = world.queues.ready()
            if ready:
                choices.append(lambda: work_on(world, world.rng.choice(ready)))
            if self._sweep_due():
                choices.append(lambda: sweep_now(world))
            if world.time.now >= self._next_poll:
                choices.append(self._poll)
        if world.running and (choices or world.rng.random() < 0.8):
            choices.extend([self._go_on] * len(world.running))
        if not choices:
            return False
        world.rng.choice(choices)()
        return True

    def _go_on(self) -> None:
        self.world.step(self.world.rng.choice(self.world.running))

    def _act(self) -> None:
        _, _, act = heapq.heappop(self.script)
        act()

    def _poll(self) -> None:
        # In calm weather nothing is missed: one poll when it begins and one at its end find all there is.
        every = CALM_FOR if self.world.weather is CALM else POLL_EVERY
        self._next_poll = self.world.time.now + every
        poll_now(self.world)

    def _sweep_due(self) -> bool:
        world = self.world
        if world.last_sweep is not None and world.time.now < world.last_sweep + SWEEP_EVERY:
            return False
        due = world.next_alarm()
        return due is not None and due <= world.time.now + SWEEP_EVERY

    def _pushes(self) -> None:
        world = self.world
        for number in world.market.changed():
            message = sync_message(SELLER, number, hinted_at=world.time.now, why="push", delay_seconds=1)
            world.queues.put("sync", message)

    def _next_time(self) -> datetime:
        world = self.world
        times = [self._next_poll]
        if self.script:
            times.append(self.script[0][0])
        if (visible := world.queues.next_visible()) is not None:
            times.append(visible)
        if (due := world.next_alarm()) is not None:
            earliest = max(due - SWEEP_EVERY, (world.last_sweep or world.time.now) + SWEEP_EVERY)
            times.append(earliest)
        if (seconds := world.market.next_due()) is not None:
            times.append(world.time.now + timedelta(seconds=max(seconds, 0.001)))
        return min(times)


def play(seed: int, *, trace: bool = False) -> Outcome:
    """Run one seed from the start to its books. Never raises for what the product does wrong: see `violation`."""
    world = World(seed, trace=[] if trace else None)
    violation: Violation | None = None
    try:
        Player(world).play()
    except Violation as found:
        violation = found
    finally:
        world.close()
    figures = {
        "steps": world.steps,
        "intents": len(world.watch.intents),
        "calls": sum(len(calls) for calls in world.watch.calls.values()),
        "commits": world.watch.checks,
        "crashes": world.seen["crashes"],
        "stepped": world.seen["stepped"],
        "unknown": world.seen["unknown"],
        "conflicts": world.seen["conflicts"],
        "splits": world.seen["splits"],
        **world.queues.counts,
    }
    return Outcome(seed, violation, figures, world.trace or [])
