"""The sweep: a backlog is queued once, ticks may be lost, clocks may differ, and no alarm is missed or rung twice."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.application.alarms import sweep as sweeping
from shipby.application.alarms.ringing import ring
from shipby.application.alarms.sweep import RESEND_AFTER, SentMemory, Swept, sweep
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.shared.alarm_messages import MAX_DELAY, alarm_message, read_alarm
from shipby.domain.alarm import AlarmRef
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.postings.posting import RungKind, Stage
from tests.support import builders as a
from tests.support.fakes import RecordingQueue, TickingClock
from tests.support.memory_store import MemoryStore

AHEAD = timedelta(seconds=60)
BUDGET = timedelta(seconds=24)
MINUTE = timedelta(minutes=1)


def due_postings(store: MemoryStore, dues: Iterable[datetime], *, seller: str = a.SELLER, prefix: str = "n") -> None:
    """Confirmed postings whose cut-off, their only clock, is at these times."""
    for index, due in enumerate(dues):
        number = f"{prefix}-{index:04d}"
        rungs = (a.rung(RungKind.SHIPMENT_DATE, due),)
        posting = rewind(a.posting(seller=seller, number=number, stage=Stage.CONFIRMED, rungs=rungs, shipment_date=due))
        born = AppendEvents(seller, posting_ref(number), 1, (a.event(),))
        store.commit([SavePosting(posting), born])


def ref(number: str, due: datetime = a.NOW) -> AlarmRef:
    return AlarmRef(seller=a.SELLER, ref=posting_ref(number), intent_id="", due=due)


def swept(store: MemoryStore, queue: RecordingQueue, clock: a.FixedClock, memory: SentMemory | None = None) -> Swept:
    return sweep(store=store, queue=queue, clock=clock, look_ahead=AHEAD, budget=BUDGET, memory=memory)


def rung_late(store: MemoryStore, numbers: Iterable[str]) -> Counter[str]:
    """How often each posting's cut-off was rung."""
    return Counter(
        {
            number: sum(
                stored.event.type is EventType.POSTING_LATE for stored in store.events(a.SELLER, posting_ref(number))
            )
            for number in numbers
        }
    )


# What is sent


def test_what_is_due_later_is_left_to_the_next_sweep() -> None:
    store, queue, clock = MemoryStore(), RecordingQueue(), a.FixedClock()
    due_postings(store, [a.NOW + timedelta(seconds=90)])
    assert swept(store, queue, clock).sent == 0
    clock.advance(timedelta(seconds=60))
    assert swept(store, queue, clock).sent == 1
    assert queue.messages[0].delay_seconds == 30


def test_a_backlog_is_queued_once_and_not_again_every_minute() -> None:
    store, queue, clock, memory = MemoryStore(), RecordingQueue(), a.FixedClock(), SentMemory()
    due_postings(store, [a.NOW] * 30)
    counts = []
    for _ in range(5):
        done = swept(store, queue, clock, memory)
        counts.append((done.sent, done.waiting))
        clock.advance(MINUTE)
    assert counts == [(30, 0)] + [(0, 30)] * 4


def test_what_is_still_due_after_five_minutes_is_queued_again() -> None:
    store, queue, clock, memory = MemoryStore(), RecordingQueue(), a.FixedClock(), SentMemory()
    due_postings(store, [a.NOW] * 3)
    assert swept(store, queue, clock, memory).sent == 3
    clock.advance(RESEND_AFTER - timedelta(microseconds=1))
    assert swept(store, queue, clock, memory).sent == 0
    clock.advance(timedelta(microseconds=1))
    assert swept(store, queue, clock, memory).sent == 3


def test_another_alarm_of_the_same_item_is_queued_at_once() -> None:
    memory = SentMemory()
    memory.keep([ref("1")], a.NOW)
    assert memory.new([ref("1"), ref("1", a.NOW + timedelta(microseconds=1)), ref("2")]) == [
        ref("1", a.NOW + timedelta(microseconds=1)),
        ref("2"),
    ]


def test_a_new_container_only_repeats_what_fires_once_anyway() -> None:
    store, queue, clock = MemoryStore(), RecordingQueue(), a.FixedClock()
    due_postings(store, [a.NOW] * 30)
    assert [swept(store, queue, clock, SentMemory()).sent for _ in range(2)] == [30, 30]
    outcomes = Counter(ring(read_alarm(m.body), store=store, clock=clock).outcome for m in queue.messages)
    assert outcomes == {"fired": 30, "gone": 30}
    assert swept(store, queue, clock).sent == 0


def test_the_memory_is_bounded_and_what_it_cannot_hold_is_repeated() -> None:
    memory = SentMemory(most=2)
    alarms = [ref(str(number)) for number in range(4)]
    memory.keep(alarms, a.NOW)
    assert len(memory) == 2
    assert memory.new(alarms) == alarms[2:]
    memory.forget_old(a.NOW + RESEND_AFTER)
    assert len(memory) == 0


def test_a_clock_that_is_set_back_keeps_nothing_waiting() -> None:
    memory = SentMemory()
    memory.keep([ref("1")], a.NOW)
    memory.forget_old(a.NOW - timedelta(hours=1))
    assert memory.new([ref("1")]) == [ref("1")]


def test_what_the_queue_refused_is_not_remembered() -> None:
    store, queue, clock, memory = MemoryStore(), RecordingQueue(), a.FixedClock(), SentMemory()
    due_postings(store, [a.NOW] * 3)
    queue.broken = True
    with pytest.raises(StoreUnavailableError):
        swept(store, queue, clock, memory)
    queue.broken = False
    assert swept(store, queue, clock, memory).sent == 3


def test_the_lag_is_the_age_of_the_oldest_alarm_that_has_not_fired() -> None:
    store, queue, clock = MemoryStore(), RecordingQueue(), a.FixedClock()
    assert swept(store, queue, clock).lag == timedelta()
    due_postings(store, [a.NOW - timedelta(minutes=7), a.NOW, a.NOW + timedelta(seconds=30)])
    assert swept(store, queue, clock).lag == timedelta(minutes=7)


# Fairness and budget


def test_a_burst_in_one_shard_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 20)
    store, queue = MemoryStore(alarm_shards=2), RecordingQueue()
    due_postings(store, [a.NOW] * 100)
    slow = TickingClock(step=timedelta(seconds=10))
    done = sweep(store=store, queue=queue, clock=slow, look_ahead=timedelta(days=1), budget=timedelta(seconds=1))
    assert (done.sent, done.complete) == (40, False)


class SlowQueue(RecordingQueue):
    """A queue that takes a second for every page it is sent."""

    def __init__(self, clock: a.FixedClock) -> None:
        super().__init__()
        self._clock = clock

    def send(self, messages: Iterable[QueueMessage]) -> None:
        super().send(messages)
        self._clock.advance(timedelta(seconds=1))


def test_what_the_budget_does_not_suffice_for_is_sent_by_the_next_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 5)
    store, clock, memory = MemoryStore(), a.FixedClock(), SentMemory()
    due_postings(store, [a.NOW] * 100)
    queue = SlowQueue(clock)
    runs: list[Swept] = []
    while not runs or not runs[-1].complete:
        # Nothing is worked off meanwhile: a sweep passes over what the ones before have sent, and goes on behind it.
        runs.append(
            sweep(
                store=store,
                queue=queue,
                clock=clock,
                look_ahead=AHEAD,
                budget=timedelta(seconds=6),
                memory=memory,
            )
        )
        assert len(runs) < 10
    assert Counter(message.body["id"] for message in queue.messages).total() == 100
    assert len({message.body["id"] for message in queue.messages}) == 100
    assert len(runs) > 1


# Nothing missed, nothing twice


class BreakingQueue(RecordingQueue):
    """Ends the sweep's process after some messages, as a crash does."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after

    def send(self, messages: Iterable[QueueMessage]) -> None:
        for message in messages:
            if self._left == 0:
                raise KeyboardInterrupt
            self._left -= 1
            self.messages.append(message)


def test_a_sweep_that_is_killed_midway_is_made_up_for_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 5)
    store, clock = MemoryStore(), a.FixedClock()
    due_postings(store, [a.NOW] * 40)
    killed = BreakingQueue(after=17)
    with pytest.raises(KeyboardInterrupt):
        swept(store, killed, clock)
    clock.advance(MINUTE)
    later = RecordingQueue()
    assert swept(store, later, clock).sent == 40
    for message in killed.messages + later.messages:
        ring(read_alarm(message.body), store=store, clock=clock)
    numbers = [f"n-{index:04d}" for index in range(40)]
    assert rung_late(store, numbers) == Counter(dict.fromkeys(numbers, 1))


def test_an_hour_without_a_sweep_is_caught_up() -> None:
    store, queue, clock, memory = MemoryStore(), RecordingQueue(), a.FixedClock(), SentMemory()
    dues = [a.NOW + timedelta(seconds=90 * index) for index in range(40)]
    due_postings(store, dues)
    clock.advance(timedelta(hours=1))
    done = swept(store, queue, clock, memory)
    assert (done.sent, done.lag) == (40, timedelta(hours=1))
    assert max(message.delay_seconds for message in queue.messages) == 0
    for message in queue.messages:
        assert ring(read_alarm(message.body), store=store, clock=clock).outcome == "fired"
    numbers = [f"n-{index:04d}" for index in range(40)]
    assert rung_late(store, numbers) == Counter(dict.fromkeys(numbers, 1))
    assert swept(store, queue, clock, memory).sent == 0


@dataclass
class Skewed:
    """A worker's or a sweep's clock that is wrong by some time."""

    true: a.FixedClock
    wrong: timedelta

    def now(self) -> datetime:
        return self.true.now() + self.wrong


@dataclass
class Queue:
    """A queue in true time: delays, deliveries in any order, and messages that come twice."""

    clock: a.FixedClock
    chance: random.Random
    waiting: list[tuple[datetime, QueueMessage]] = field(default_factory=list)

    def send(self, messages: Iterable[QueueMessage]) -> None:
        for message in messages:
            for _ in range(2 if self.chance.random() < 0.3 else 1):
                self.waiting.append((self.clock.now() + timedelta(seconds=message.delay_seconds), message))

    def visible(self) -> list[QueueMessage]:
        now = self.clock.now()
        found = [message for at, message in self.waiting if at <= now]
        self.waiting = [(at, message) for at, message in self.waiting if at > now]
        self.chance.shuffle(found)
        return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), lost=st.sets(st.integers(0, 14), max_size=5))
def test_whatever_ticks_are_lost_and_however_clocks_differ_each_alarm_rings_once_and_never_early(
    seed: int, lost: set[int]
) -> None:
    """Fifteen minutes with two overlapping sweeps and three workers whose clocks are up to two minutes wrong."""
    chance = random.Random(seed)
    clock = a.FixedClock()
    store, queue = MemoryStore(clock=clock), Queue(clock, chance)
    dues = [a.NOW + timedelta(seconds=chance.randrange(0, 600)) for _ in range(12)]
    due_postings(store, dues)
    by_number = {f"n-{index:04d}": due for index, due in enumerate(dues)}
    sweeps = [(Skewed(clock, timedelta(seconds=chance.randrange(-120, 121))), SentMemory()) for _ in range(2)]
    workers = [Skewed(clock, timedelta(seconds=chance.randrange(-120, 121))) for _ in range(3)]
    rang_at: dict[str, datetime] = {}
    for tick in range(15 * 12):
        if tick % 12 == 0 and tick // 12 not in lost:
            for own, memory in sweeps:
                sweep(store=store, queue=queue, clock=own, look_ahead=AHEAD, budget=BUDGET, memory=memory)
        for message in queue.visible():
            worker, alarm = chance.choice(workers), read_alarm(message.body)
            rang = ring(alarm, store=store, clock=worker)
            if rang.outcome == "early":
                # What the worker's handler does: back into the queue for the time that is left by its own clock.
                assert rang.next_alarm == alarm
                queue.send([alarm_message(alarm, worker.now())])
            elif rang.outcome == "fired":
                rang_at[alarm.ref.id] = clock.now()
                assert worker.now() >= alarm.due
        clock.advance(timedelta(seconds=5))
    assert rung_late(store, by_number) == Counter(dict.fromkeys(by_number, 1))
    assert {number for number, at in rang_at.items() if at < by_number[number] - timedelta(minutes=2)} == set()


@pytest.mark.parametrize("wrong", [timedelta(minutes=-2), timedelta(minutes=2)])
def test_a_worker_whose_clock_is_wrong_puts_an_alarm_back_for_as_long_as_it_believes(wrong: timedelta) -> None:
    store, true = MemoryStore(), a.FixedClock()
    due = a.NOW + timedelta(seconds=30)
    due_postings(store, [due])
    worker = Skewed(true, wrong)
    rang = ring(ref("n-0000", due), store=store, clock=worker)
    if wrong > timedelta():
        assert rang.outcome == "fired"
        return
    assert (rang.outcome, rang.next_alarm) == ("early", ref("n-0000", due))
    assert alarm_message(ref("n-0000", due), worker.now()).delay_seconds == 150
    assert rung_late(store, ["n-0000"])["n-0000"] == 0


def test_an_alarm_beyond_the_longest_delay_is_held_for_that_long() -> None:
    far = ref("1", a.NOW + MAX_DELAY + timedelta(hours=1))
    assert alarm_message(far, a.NOW).delay_seconds == MAX_DELAY.total_seconds()
