"""Which ticks of the product's own schedules have anything to do, for a clock that is stepped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.application.ports import Store
from shipby_local.simulator import Simulator
from shipby_local.stack.clock import Clock
from shipby_local.stack.stepping import Need

LOOK_AHEAD = timedelta(seconds=60)
"""The sweep's: the tick before an alarm queues it."""
POLL = "poll"
"""The poll's report of its newest visit."""
VISIT_EVERY = timedelta(minutes=5)
QUIET_VISIT_EVERY = timedelta(hours=12)
"""While nothing a seller can read has changed since the last poll, another one finds what that found. What hangs on
the hour alone (proof, audit, figures of the day) is then done this often."""
_FAR = timedelta(days=3650)


@dataclass
class SweepNeed:
    """A minute before the next alarm."""

    clock: Clock
    store: Callable[[], Store]

    def since(self) -> datetime | None:
        """None while there is no alarm at all."""
        store, until = self.store(), self.clock.now() + _FAR
        first = [store.due_alarms(shard, until=until, limit=1).items for shard in range(store.alarm_shards)]
        return min((alarm.due - LOOK_AHEAD for alarms in first for alarm in alarms), default=None)

    def rang(self) -> None:
        """What was due is queued; the index tells the rest."""


@dataclass
class PollNeed:
    """Five minutes after a visit if the marketplace has changed since; a slow beat otherwise."""

    clock: Clock
    store: Callable[[], Store]
    simulator: Simulator
    _visited: datetime | None = None
    _revision: int = -1

    def since(self) -> datetime | None:
        """None while there is no seller."""
        visits = self._visits()
        if not visits:
            return None
        oldest = min((visit for visit in visits if visit is not None), default=None)
        if oldest is None or None in visits:
            return self.clock.now()
        changed = oldest != self._visited or self.simulator.revision() != self._revision
        return oldest + (VISIT_EVERY if changed else QUIET_VISIT_EVERY)

    def rang(self) -> None:
        """Note what the marketplace was like, if this tick really was a visit."""
        visits = [visit for visit in self._visits() if visit is not None]
        if visits and min(visits) != self._visited:
            self._visited, self._revision = min(visits), self.simulator.revision()

    def _visits(self) -> list[datetime | None]:
        store, now = self.store(), self.clock.now()
        return [self._visit(store, seller, now) for seller in store.sellers()]

    @staticmethod
    def _visit(store: Store, seller: str, now: datetime) -> datetime | None:
        for day in (now, now - timedelta(days=1)):
            row = store.report(seller, POLL, day.date())
            if row is not None:
                return datetime.fromisoformat(str(row["at"]))
        return None


def needs(clock: Clock, store: Callable[[], Store], simulator: Simulator) -> Mapping[str, Need]:
    """For `StackSettings.needs` of one deployment."""
    return {"DeadlineSweep": SweepNeed(clock, store), "MarketplacePoll": PollNeed(clock, store, simulator)}
