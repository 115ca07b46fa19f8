"""The sweep: every minute, queue what is due soon, each alarm held back to its second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipby.application.ports.alarms import DueAlarms
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import WorkQueue
from shipby.application.shared.alarm_messages import alarm_message
from shipby.domain.alarm import AlarmRef

PAGE = 1000
"""Alarms of one page: the most that a listing gives at once."""
RESEND_AFTER = timedelta(minutes=5)
"""An alarm that is still due this long after it was queued is queued again: its message may have been lost."""
MOST_REMEMBERED = 500_000
"""About 40 MB of a Lambda container (measured), and as much again while old ones are let go."""


class SentMemory:
    """What was queued within the last `RESEND_AFTER`, so that a backlog is not queued anew every minute.

    It lives as long as the container and is shared with nobody. To forget is harmless: an alarm that is queued twice
    fires once. It therefore keeps a number instead of the alarm itself, and nothing beyond `most` alarms. Two alarms
    of one number (once in a hundred million full memories) would make one of them wait for `RESEND_AFTER`.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._sent: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._sent)

    def forget_old(self, now: datetime) -> None:
        """Let go of what may be queued again."""
        oldest, latest = (now - RESEND_AFTER).timestamp(), now.timestamp()
        # A clock that was set back must not make anything wait longer than promised.
        self._sent = {number: at for number, at in self._sent.items() if oldest < at <= latest}

    def new(self, alarms: Iterable[AlarmRef]) -> list[AlarmRef]:
        """Those that were not queued lately."""
        return [alarm for alarm in alarms if _number(alarm) not in self._sent]

    def keep(self, alarms: Iterable[AlarmRef], now: datetime) -> None:
        """Note what the queue has taken."""
        at = now.timestamp()
        for alarm in alarms:
            if len(self._sent) >= self._most:
                return
            self._sent[_number(alarm)] = at


def _number(alarm: AlarmRef) -> int:
    """64 bits that tell an item's alarm from every other, also from a later one of the same item."""
    return hash((alarm.seller, alarm.ref.kind, alarm.ref.id, alarm.intent_id, alarm.due))


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    sent: int = 0
    waiting: int = 0
    """Due, and queued by an earlier sweep already."""
    lag: timedelta = field(default_factory=timedelta)
    """For how long the oldest alarm that has not fired has been due."""
    complete: bool = True
    """Whether everything due was seen before the budget was used up."""


def sweep(
    *,
    store: DueAlarms,
    queue: WorkQueue,
    clock: Clock,
    look_ahead: timedelta,
    budget: timedelta,
    memory: SentMemory | None = None,
) -> Swept:
    """Queue every alarm due within `look_ahead` that `memory` does not know, each delayed to its second.

    Overlapping sweeps and repeated messages do no harm: only the first to commit fires an alarm. Stops after `budget`
    and leaves the rest to the next sweep, earliest first. A tick that was lost, or an hour of them, is made up for by
    the next one, for an alarm stays in the index until it has fired. Raises StoreUnavailableError.
    """
    started = clock.now()
    until, done = started + look_ahead, Swept()
    memory = memory if memory is not None else SentMemory()
    memory.forget_old(started)
    # One page of each shard in turn: a burst in one shard must not keep the others waiting beyond the budget.
    waiting: dict[int, str | None] = dict.fromkeys(range(store.alarm_shards))
    while waiting:
        for shard, cursor in list(waiting.items()):
            page = store.due_alarms(shard, until=until, limit=PAGE, cursor=cursor)
            now = clock.now()
            new = memory.new(page.items)
            if new:
                queue.send(alarm_message(alarm, now) for alarm in new)
                memory.keep(new, now)
            done.sent += len(new)
            done.waiting += len(page.items) - len(new)
            if page.items:
                done.lag = max(done.lag, now - min(alarm.due for alarm in page.items))
            if page.cursor is None:
                del waiting[shard]
            else:
                waiting[shard] = page.cursor
        if waiting and clock.now() - started > budget:
            done.complete = False
            break
    return done
