"""Which ticks of the product's own schedules have anything to do, for a clock that is stepped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shipby.application.ports.store import Store
from shipby_local.simulator import Simulator
from shipby_local.stack.clock import Clock
from shipby_local.stack.stepping import Need

LOOK_AHEAD = timedelta(seconds=60)
"""The sweep's: the tick before an alarm queues it."""
POLL = "poll"
"""The poll's report of its newest visit."""
VISIT_EVERY = timedelta(minutes=5)
QUIET_VISIT_EVERY = timedelta(days=1)
"""While nothing a seller can read has changed since the last poll, another one finds what that found. What hangs on
the hour alone (proof, audit, figures of the day) is then done this often."""
_FAR = timedelta(days=3650)
BESIDE_A_STEPPED_CLOCK: Mapping[str, Any] = {
    "push_timeout": 120.0,
    "push_ping_seconds": 21_600.0,
    "rate_limit_per_second": 1_000_000,
}
"""Settings of the simulator: a slow machine is no marketplace that gives up, nobody steps through a ping an hour, and
where a second takes no time nobody counts calls in it."""


@dataclass
class SweepNeed:
    """A minute before the next alarm."""

    clock: Clock
    store: Callable[[], Store]
    _written: object = None
    _since: datetime | None = None

    def since(self, written: object) -> datetime | None:
        """None while there is no alarm at all. Alarms are rows: they are looked for again after a write only."""
        if self._written is None or written != self._written:
            store, until = self.store(), self.clock.now() + _FAR
            first = [store.due_alarms(shard, until=until, limit=1).items for shard in range(store.alarm_shards)]
            self._since = min((alarm.due - LOOK_AHEAD for alarms in first for alarm in alarms), default=None)
            self._written = written
        return self._since

    def rang(self) -> None:
        """What was due is queued; the index tells the rest."""


@dataclass
class PollNeed:
    """Five minutes after a visit if the marketplace has changed since; a slow beat otherwise."""

    clock: Clock
    store: Callable[[], Store]
    simulator: Simulator
    every: Callable[[datetime], timedelta] = lambda _: VISIT_EVERY
    """How soon after a visit at a time another one is let happen, where there is something to find."""
    _visited: datetime | None = None
    _revision: int = -1

    def since(self, written: object) -> datetime | None:
        """At once until the first visit."""
        del written
        if self._visited is None:
            return self.clock.now()
        changed = self.simulator.revision() != self._revision
        return self._visited + (self.every(self._visited) if changed else QUIET_VISIT_EVERY)

    def rang(self) -> None:
        """Note what the marketplace was like, if this tick really was a visit of every seller."""
        store, today = self.store(), self.clock.now().date()
        rows = [store.report(seller, POLL, today) for seller in store.sellers()]
        visits = [datetime.fromisoformat(str(row["at"])) if row is not None else None for row in rows]
        oldest = min((visit for visit in visits if visit is not None), default=None)
        if oldest is not None and None not in visits and oldest != self._visited:
            self._visited, self._revision = oldest, self.simulator.revision()


def needs(
    clock: Clock,
    store: Callable[[], Store],
    simulator: Simulator,
    *,
    visit_every: Callable[[datetime], timedelta] = lambda _: VISIT_EVERY,
) -> Mapping[str, Need]:
    """For `StackSettings.needs` of one deployment."""
    poll = PollNeed(clock, store, simulator, visit_every)
    return {"DeadlineSweep": SweepNeed(clock, store), "MarketplacePoll": poll}
