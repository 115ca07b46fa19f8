"""A model of the sweep, the alarm queue and its workers in simulated time. The sweep is the product's own code.

The sweep advances the clock as it sends; whatever the queue and the workers do until then happens first. So what the
workers have fired is gone from the index when the sweep reads its next page, as it is in a deployment.

The queue follows Amazon SQS Developer Guide, "How Amazon SQS fair queues work": a group is noisy when it has more than
a tenth of all messages in flight and at least 30 of its own; messages of quiet groups are then delivered first; a group
is quiet again when its backlog is used up. Without fairness the oldest visible message comes first.
"""

from __future__ import annotations

import bisect
import heapq
import random
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench import load
from shipby.adapters.dynamodb import index_keys, keys
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.pages import Page
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import posting_ref

CUT_OFF = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LOUD, QUIET = "seller-100000", "seller-three"
NOISY_SHARE = 0.1
NOISY_COUNT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is switched on."""

    name: str
    mixed: bool
    """Whether the product's hash orders alarms of one moment, or the seller's name does."""
    fair: bool
    """Whether the queue prefers quiet groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What things take, in seconds. `bench.fair_queue` derives them from the template."""

    query: float
    """One page of the index."""
    send: float
    """Ten messages more in the queue."""
    fire: float
    """One alarm in a worker."""
    workers: int
    """Invocations at once."""
    batch: int
    """Messages of one invocation."""
    look_ahead: float
    budget: float
    """How long a sweep begins new work: the function's time less its reserve."""
    period: float = 60.0
    """From one sweep to the next."""


class Simulation:
    """One burst until all of it has fired. It is also the sweep's store, queue and clock."""

    def __init__(self, variant: Variant, timing: Timing, *, loud: int, quiet: int, seed: int) -> None:
        self._variant, self._timing = variant, timing
        self._random = random.Random(seed)
        self._time = -timing.look_ahead
        self._queue = _FairQueue(fair=variant.fair)
        self._idle = timing.workers
        self._busy: list[tuple[float, int, list[AlarmRef]]] = []
        self._ticket = 0
        self.fired: dict[AlarmRef, float] = {}
        self.sent = 0
        self._open: list[list[tuple[str, AlarmRef]]] = [[] for _ in range(load.SHARDS)]
        numbers = self._random.sample(range(10**9), loud + quiet)
        alarms = [self._alarm(LOUD, number) for number in numbers[quiet:]]
        # The quiet seller sorts behind the loud one where names decide: the worst place it can have.
        self._watched = [self._alarm(QUIET, number) for number in numbers[:quiet]]
        self._all = {*alarms, *self._watched}
        for alarm in self._all:
            key = keys.posting(alarm.seller, alarm.ref.id)
            columns = index_keys.alarm(key, alarm.due, load.SHARDS)
            sort = columns["AS"] if variant.mixed else f"{keys.micros(alarm.due):018d}#{key.pk}"
            self._open[index_keys.alarm_shard(key, load.SHARDS)].append((sort, alarm))
        for shard in self._open:
            shard.sort(key=lambda entry: entry[0])

    @staticmethod
    def _alarm(seller: str, number: int) -> AlarmRef:
        return AlarmRef(seller=seller, ref=posting_ref(f"{number:09d}-0001-1"), intent_id="", due=CUT_OFF)

    def run(self, limit: float = 3600.0) -> list[float]:
        """Seconds by which each alarm of the quiet seller fired after its time, ascending.

        Raises RuntimeError if anything is left after `limit` seconds.
        """
        from shipby.application.alarms.sweep import SentMemory, sweep

        tick, memory = self._time, SentMemory()
        while len(self.fired) < len(self._all):
            if tick > limit:
                raise RuntimeError(f"{len(self._all) - len(self.fired)} alarms have not fired after {limit} s")
            self._until(tick)
            sweep(
                store=self,
                queue=self,
                clock=self,
                look_ahead=timedelta(seconds=self._timing.look_ahead),
                budget=timedelta(seconds=self._timing.budget),
                memory=memory,
            )
            tick += self._timing.period
        return sorted(self.fired[alarm] for alarm in self._watched)

    @property
    def last(self) -> float:
        """Seconds after the cut-off when the last alarm of all had fired."""
        return max(self.fired.values())

    # What the sweep sees --------------------------------------------------------------------------------------------

    alarm_shards = load.SHARDS

    def now(self) -> datetime:
        """The simulated time."""
        return CUT_OFF + timedelta(seconds=self._time)

    def due_alarms(self, shard: int, *, until: datetime, limit: int = 200, cursor: str | None = None) -> Page[AlarmRef]:
        """A page of what has not fired."""
        self._until(self._time + self._timing.query)
        if until < CUT_OFF:
            return Page(())
        listed = self._open[shard]
        place = 0 if cursor is None else bisect.bisect_right(listed, cursor, key=lambda entry: entry[0])
        found: list[tuple[str, AlarmRef]] = []
        while place < len(listed) and len(found) <= limit:
            if listed[place][1] not in self.fired:
                found.append(listed[place])
            place += 1
        page, more = found[:limit], len(found) > limit
        return Page(tuple(alarm for _, alarm in page), page[-1][0] if more else None)

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Put messages into the queue in batches of ten, each visible after its delay."""
        batch: list[QueueMessage] = []
        for message in messages:
            batch.append(message)
            if len(batch) == 10:
                self._send(batch)
                batch = []
        if batch:
            self._send(batch)

    def _send(self, batch: list[QueueMessage]) -> None:
        self._until(self._time + self._timing.send)
        for message in batch:
            alarm = AlarmRef(seller=message.group, ref=posting_ref(str(message.body["id"])), intent_id="", due=CUT_OFF)
            self._queue.put(alarm, self._time + message.delay_seconds)
        self.sent += len(batch)

    # Workers --------------------------------------------------------------------------------------------------------

    def _until(self, time: float) -> None:
        """Let queue and workers run until a time."""
        while True:
            self._start()
            upcoming = [self._queue.next_visible] if self._idle else []
            upcoming += [self._busy[0][0]] if self._busy else []
            following = min((at for at in upcoming if at is not None), default=None)
            if following is None or following > time:
                break
            self._time = max(self._time, following)
            self._queue.ripen(self._time)
            self._finish()
        self._time = max(self._time, time)
        self._queue.ripen(self._time)
        self._start()

    def _start(self) -> None:
        while self._idle and (batch := self._queue.receive(self._timing.batch)):
            self._idle -= 1
            self._ticket += 1
            took = 0.0
            for alarm in batch:
                # What fired already costs one read instead of three calls.
                took += self._timing.fire / (3 if alarm in self.fired else 1)
                self.fired.setdefault(alarm, max(0.0, self._time + took))
            heapq.heappush(self._busy, (self._time + took, self._ticket, batch))

    def _finish(self) -> None:
        while self._busy and self._busy[0][0] <= self._time:
            _, _, batch = heapq.heappop(self._busy)
            self._queue.delete(batch)
            self._idle += 1


class _FairQueue:
    """A standard queue: delayed, visible and in-flight messages, and which groups are noisy."""

    def __init__(self, *, fair: bool) -> None:
        self._fair = fair
        self._delayed: list[tuple[float, int, AlarmRef]] = []
        self._visible: dict[str, deque[tuple[float, int, AlarmRef]]] = {}
        self._flying: Counter[str] = Counter()
        self._noisy: set[str] = set()
        self._count = 0

    def put(self, alarm: AlarmRef, visible_at: float) -> None:
        """A message of the seller's group."""
        self._count += 1
        heapq.heappush(self._delayed, (visible_at, self._count, alarm))

    @property
    def next_visible(self) -> float | None:
        """When the next delayed message appears."""
        return self._delayed[0][0] if self._delayed else None

    def ripen(self, time: float) -> None:
        """Show what has waited long enough."""
        while self._delayed and self._delayed[0][0] <= time:
            entry = heapq.heappop(self._delayed)
            self._visible.setdefault(entry[2].seller, deque()).append(entry)

    def receive(self, count: int) -> list[AlarmRef]:
        """Up to `count` messages, now in flight."""
        batch: list[AlarmRef] = []
        while len(batch) < count:
            waiting = [group for group, messages in self._visible.items() if messages]
            if not waiting:
                break
            self._noisy &= set(waiting)
            quiet = [group for group in waiting if group not in self._noisy] if self._fair else []
            group = min(quiet or waiting, key=lambda name: self._visible[name][0][:2])
            batch.append(self._visible[group].popleft()[2])
            self._flying[group] += 1
            if self._flying[group] >= NOISY_COUNT and self._flying[group] > NOISY_SHARE * self._flying.total():
                self._noisy.add(group)
        return batch

    def delete(self, batch: Iterable[AlarmRef]) -> None:
        """Messages that are done."""
        self._flying.subtract(alarm.seller for alarm in batch)
