"""The poll, the repair and the sweep over their windows, with caches under traffic and a clock that moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from shipby.application.alarms import repair as repairing
from shipby.application.alarms import set_aside
from shipby.application.alarms import sweep as sweeping
from shipby.application.alarms.route_events import Routed
from shipby.application.polling import rounds
from shipby.application.polling.list_memory import VERIFY_EVERY, ListMemory
from shipby.application.polling.reconcile import READ_AGAIN, reconcile
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.writes import AppendEvents, SavePosting, SaveSettings
from shipby.application.shared.alarm_messages import read_alarm
from shipby.domain.cases.watches import HEALTHY
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import InvalidInputError, StoreUnavailableError
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import RungKind, Stage
from tests.simulation.scenes.stage import refused
from tests.simulation.watch import need
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.support.memory_store import MemoryStore
from tests.unit.cancels.cancel_request_support import Plea
from tests.unit.world_support import World

VISIT = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def _shop(count: int = 1, **changes: Any) -> tuple[World, list[str]]:
    world = World()
    numbers = [f"24219509-0020-{n}" for n in range(1, count + 1)]
    for number in numbers:
        world.arrives(number, in_process_at=a.NOW, **changes)
    world.clock.advance(VISIT)
    return world, numbers


def _poll(world: World, memory: ListMemory | None = None, seller: str = a.SELLER) -> list[str]:
    queue = RecordingQueue()
    reconcile(seller, store=world.store, marketplace=world.market, queue=queue, clock=world.clock, memory=memory)
    return [str(message.body["posting"]) for message in queue.messages]


def what_differs_is_asked_for_wherever_it_stands() -> None:
    """A lost push, of any one posting of several pages."""
    for position in range(7):
        world, numbers = _shop(7)
        world.market.change(numbers[position], status="cancelled", substatus="posting_canceled", actions=())
        need(_poll(world) == [numbers[position]], "the poll finds what no push told", f"entry {position} of 7")


def everything_that_differs_is_asked_for_in_one_visit() -> None:
    world, numbers = _shop(7)
    for number in numbers:
        world.market.change(number, status="delivering", substatus="posting_on_way_to_city", actions=())
    asked = _poll(world)
    need(sorted(asked) == numbers, "the poll finds what no push told", f"{len(asked)} of 7")


def each_thing_that_a_list_says_counts() -> None:
    """Also after it matched: a warm process has seen the entry before, and is asked every five minutes."""
    changes: tuple[dict[str, Any], ...] = (
        {"shipment_date": a.CUT_OFF + HOUR},
        {"without_delay": a.CUT_OFF + HOUR},
        {"actions": ("cancel",)},
        {"lines": (a.line(quantity=1),)},
        {"tracking_number": "TRACK-2"},
        {"substatus": "ship_failed"},
        {"delivery_by": a.NOW + timedelta(days=9)},
    )
    for change in changes:
        world, (number,) = _shop(lines=(a.line(quantity=2),))
        memory = ListMemory()
        for _ in range(3):
            need(_poll(world, memory) == [], "what is known is not asked for", str(change))
            world.clock.advance(VISIT)
        world.market.change(number, **change)
        need(_poll(world, memory) == [number], "a change is seen at once", f"{change} after it had matched")


def a_row_that_changed_by_itself_is_found_under_traffic() -> None:
    """Every visit finds the entry in the process's memory; the store is looked at all the same after some hours."""
    world, (number,) = _shop()
    memory = ListMemory()
    _poll(world, memory)
    posting = world.posting(number)
    world.write(SavePosting(replace(posting, version=posting.version + 1, status="delivering")))
    began, asked = world.clock.now(), False
    while not asked and world.clock.now() - began <= VERIFY_EVERY + 2 * VISIT:
        world.clock.advance(VISIT)
        asked = number in _poll(world, memory)
    need(asked, "no cache is believed for ever", f"not asked for within {world.clock.now() - began}")


def two_sellers_have_a_posting_of_one_number() -> None:
    """What one seller's list was seen to match says nothing of another's."""
    world, (number,) = _shop()
    memory = ListMemory()
    _poll(world, memory)
    world.store.commit([SaveSettings(a.settings(seller="seller-2"))])
    asked = _poll(world, memory, seller="seller-2")
    need(asked == [number], "one seller's memory is not another's", "nothing was asked for")


def a_posting_in_the_house_is_read_twice_a_day() -> None:
    """Although its list shows nothing new, with a warm memory, over the whole window."""
    world, (number,) = _shop(shipment_date=a.NOW + timedelta(days=3))
    memory, asked = ListMemory(), []
    began = world.clock.now()
    while world.clock.now() - began < READ_AGAIN + HOUR:
        if number in _poll(world, memory):
            asked.append(world.clock.now() - began)
        world.clock.advance(timedelta(minutes=30))
    need(bool(asked), "nothing open stays unread", f"not read within {READ_AGAIN + HOUR}")
    need(asked[0] >= READ_AGAIN - HOUR, "what is known is not asked for", f"asked for after {asked[0]}")


def a_posting_leaves_every_list_and_is_still_read() -> None:
    """On its way for longer than the lists go back, and the push of its end was lost."""
    world, (number,) = _shop(status="delivering", substatus="posting_on_way_to_city", actions=())
    memory, days = ListMemory(), set[int]()
    for hour in range(20 * 24):
        world.clock.advance(HOUR)
        if number in _poll(world, memory):
            days.add(hour // 24)
            world.read(number)
    late = [day for day in range(15, 20) if day not in days]
    need(not late, "no window without a second look", f"not read on day {late} of 20")


def rounds_that_are_cut_short_reach_everybody() -> None:
    """Only one of three sellers fits into a round: another one each time."""
    sellers, reached = ["1", "2", "3"], set[str]()
    clock = a.FixedClock()
    for _ in range(4):
        reached.add(rounds.in_turn(sellers, clock.now())[0])
        clock.advance(MINUTE)
    need(reached == set(sellers), "no seller is starved", f"only {sorted(reached)} were visited first")


def the_pace_over_midnight() -> None:
    """A round a minute: a seller is visited every five minutes, also where a visit was yesterday."""
    store, clock = MemoryStore(), a.FixedClock(a.NOW.replace(hour=23, minute=52))
    own: Any = SimpleNamespace(store=store, clock=clock)
    visits: list[int] = []
    for minute in range(30):
        if rounds._is_due(a.SELLER, own):
            visits.append(minute)
            now = clock.now()
            store.save_report(a.SELLER, rounds.POLL_REPORT, now.date(), {"at": now.isoformat(), "push": HEALTHY})
        clock.advance(MINUTE)
    gaps = {later - earlier for earlier, later in pairwise(visits)}
    need(gaps == {5}, "a seller is visited at its pace", f"visited at minutes {visits}")


def one_sellers_failure_stops_no_other() -> None:
    """Whichever seller's visit breaks: the others are visited, and the failure is told at the end."""
    for broken in ("1", "2", "3"):
        visited: list[str] = []

        def visit(seller: str, *_: object, visited: list[str] = visited, broken: str = broken) -> None:
            visited.append(seller)
            if seller == broken:
                raise KeyError("a bug")

        own = SimpleNamespace(store=Mock(sellers=lambda: ["1", "2", "3"]), clock=a.FixedClock(), log=Mock())
        real, rounds._visit = rounds._visit, visit  # type: ignore[assignment]  # a double
        try:
            refused(
                lambda own=own: rounds.run_round(rounds.Task("poll"), own, lambda: False),  # type: ignore[misc]  # bound per turn
                rounds.RoundFailedError,
                invariant="a failed visit is told",
                text=f"seller {broken}",
            )
        finally:
            rounds._visit = real
        need(sorted(visited) == ["1", "2", "3"], "one seller's failure stops no other", f"{visited}, {broken} broke")


# Repair


def _repaired(world: World, hours: float) -> list[Routed]:
    found: list[Routed] = []
    now = world.clock.now()
    repairing.repair(a.SELLER, since=now - timedelta(hours=hours), until=now, store=world.store, publish=found.extend)
    return found


def repair_reaches_old_postings() -> None:
    """The event of today belongs to a posting that came days or weeks ago, up to the edge of what is looked at."""
    gone = {"status": "cancelled", "substatus": "posting_canceled", "actions": ()}
    moved = {"shipment_date": a.NOW + timedelta(days=60)}
    for days, change in ((0, gone), (1, gone), (15, gone), (29, gone), (45, moved)):
        world = World()
        world.arrives()
        world.clock.advance(timedelta(days=days))
        world.market.change(a.NUMBER, **change)
        world.read()
        world.clock.advance(MINUTE)
        ids = {
            str(routed.message.body.get("id") or routed.message.body.get("posting")) for routed in _repaired(world, 1)
        }
        need(a.NUMBER in ids, "repair brings every event of its window", f"of a posting that came {days} days ago")


def repair_reaches_returns_and_wishes() -> None:
    world = World()
    world.return_opens(quantity=2)
    world.decide()
    world.clock.advance(MINUTE)
    queued = [routed for routed in _repaired(world, 1) if routed.message.body.get("intent")]
    need(bool(queued), "repair brings every event of its window", "the intent of a return")
    plea = Plea()
    plea.asks()
    plea.poll()
    plea.answer()
    plea.clock.advance(MINUTE)
    queued = [routed for routed in _repaired(plea, 1) if routed.message.body.get("intent")]
    need(bool(queued), "repair brings every event of its window", "the answer to a wish to cancel")


def repair_crosses_midnight() -> None:
    """The window began yesterday."""
    world = World()
    world.clock.time = a.NOW.replace(hour=23, minute=50)
    world.arrives()
    world.store.put_push(a.push(received_at=world.clock.now() + MINUTE))
    world.clock.advance(timedelta(minutes=30))
    found = _repaired(world, 1)
    need(any(routed.message.body.get("why") for routed in found), "repair brings every push of its window", "none")


def repair_stays_within_its_window() -> None:
    world = World()
    world.arrives()
    world.clock.advance(timedelta(hours=5))
    need(not _repaired(world, 1), "repair brings its window and no more", "an event of five hours ago")


# The sweep


class Breaking(RecordingQueue):
    """Refuses the sends at these positions."""

    def __init__(self, *refused: int) -> None:
        super().__init__()
        self._refused, self._sends = set(refused), 0

    def send(self, messages: Iterable[QueueMessage]) -> None:
        self._sends += 1
        if self._sends in self._refused:
            raise StoreUnavailableError("the queue is away")
        super().send(messages)


def _due(store: MemoryStore, count: int, due: Any) -> None:
    for n in range(count):
        number = f"n-{n:04d}"
        rungs = (a.rung(RungKind.SHIPMENT_DATE, due),)
        posting = rewind(a.posting(number=number, stage=Stage.CONFIRMED, rungs=rungs, shipment_date=due))
        store.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))])


def _sweep(store: MemoryStore, queue: RecordingQueue, clock: a.FixedClock, memory: sweeping.SentMemory) -> None:
    sweeping.sweep(
        store=store, queue=queue, clock=clock, look_ahead=MINUTE, budget=timedelta(seconds=24), memory=memory
    )


def _numbers(queue: RecordingQueue) -> list[str]:
    return sorted(read_alarm(message.body).ref.id for message in queue.messages)


def every_alarm_of_every_shard_and_page_is_queued() -> None:
    store, clock, queue = MemoryStore(alarm_shards=4), a.FixedClock(), RecordingQueue()
    _due(store, 40, a.NOW)
    real = sweeping.PAGE
    sweeping.PAGE = 3
    try:
        _sweep(store, queue, clock, sweeping.SentMemory())
    finally:
        sweeping.PAGE = real
    need(len(set(_numbers(queue))) == 40, "every alarm is queued", f"{len(set(_numbers(queue)))} of 40")


def a_refused_send_is_made_up_for() -> None:
    """Whichever send the queue refuses: the next sweep, a minute later, queues what it did not take."""
    for position in (1, 2, 3):
        store, clock, memory = MemoryStore(alarm_shards=4), a.FixedClock(), sweeping.SentMemory()
        _due(store, 20, a.NOW)
        queue = Breaking(position)
        refused(
            lambda store=store, queue=queue, clock=clock, memory=memory: _sweep(store, queue, clock, memory),  # type: ignore[misc]  # bound per turn
            StoreUnavailableError,
            invariant="a refused send is told",
            text=str(position),
        )
        clock.advance(MINUTE)
        _sweep(store, queue, clock, memory)
        need(
            len(set(_numbers(queue))) == 20,
            "every alarm is queued",
            f"{len(set(_numbers(queue)))} of 20 after a refusal",
        )
        need(len(_numbers(queue)) == 20, "a backlog is queued once", f"{len(_numbers(queue))} messages for 20 alarms")


def a_lost_message_is_queued_again() -> None:
    """Under a sweep a minute: not before it may be lost, and not never."""
    store, clock, memory = MemoryStore(), a.FixedClock(), sweeping.SentMemory()
    _due(store, 1, a.NOW)
    sent = []
    for minute in range(12):
        queue = RecordingQueue()
        _sweep(store, queue, clock, memory)
        if queue.messages:
            sent.append(minute)
        clock.advance(MINUTE)
    need(sent[:1] == [0] and len(sent) > 1, "a lost message is queued again", f"queued at minute {sent}")
    need(all(later - earlier >= 5 for earlier, later in pairwise(sent)), "a backlog is queued once", f"{sent}")


def an_alarm_that_moved_is_queued_for_its_new_time() -> None:
    """The item's alarm was queued, then moved by some seconds: that one is another alarm."""
    store, clock, memory = MemoryStore(), a.FixedClock(), sweeping.SentMemory()
    _due(store, 1, a.NOW)
    _sweep(store, RecordingQueue(), clock, memory)
    known = store.posting(a.SELLER, "n-0000")
    assert known is not None
    later = a.NOW + timedelta(seconds=70)
    moved = rewind(replace(known, version=2, rungs=(a.rung(RungKind.SHIPMENT_DATE, later),), shipment_date=later))
    store.commit([SavePosting(moved), AppendEvents(a.SELLER, posting_ref("n-0000"), 2, (a.event(),))])
    clock.advance(MINUTE)
    queue = RecordingQueue()
    _sweep(store, queue, clock, memory)
    need(len(queue.messages) == 1, "an alarm that moved is queued", "it was taken for the one before")


# Alarms that cannot be fired


def an_outage_sets_no_alarm_aside() -> None:
    for attempt in range(1, 9):
        poison = set_aside.is_poison(StoreUnavailableError("away"), attempt)
        need(not poison, "an outage is not the alarm's fault", f"try {attempt}")
    tries: Sequence[bool] = [set_aside.is_poison(InvalidInputError("odd"), attempt) for attempt in range(1, 7)]
    need(tries == [False] * 4 + [True] * 2, "an alarm is set aside after its tries", str(tries))


def a_bad_release_sets_few_alarms_aside() -> None:
    """Within an hour so many and no more; then again."""
    allowance, clock = set_aside.Allowance(3), a.FixedClock()
    taken = [allowance.take(clock.now()) for _ in range(5)]
    clock.advance(timedelta(minutes=59))
    taken.append(allowance.take(clock.now()))
    clock.advance(timedelta(minutes=2))
    taken.append(allowance.take(clock.now()))
    need(taken == [True, True, True, False, False, False, True], "few alarms are set aside an hour", str(taken))


SCENES = (
    what_differs_is_asked_for_wherever_it_stands,
    everything_that_differs_is_asked_for_in_one_visit,
    each_thing_that_a_list_says_counts,
    a_row_that_changed_by_itself_is_found_under_traffic,
    two_sellers_have_a_posting_of_one_number,
    a_posting_in_the_house_is_read_twice_a_day,
    a_posting_leaves_every_list_and_is_still_read,
    rounds_that_are_cut_short_reach_everybody,
    the_pace_over_midnight,
    one_sellers_failure_stops_no_other,
    repair_reaches_old_postings,
    repair_reaches_returns_and_wishes,
    repair_crosses_midnight,
    repair_stays_within_its_window,
    every_alarm_of_every_shard_and_page_is_queued,
    a_refused_send_is_made_up_for,
    a_lost_message_is_queued_again,
    an_alarm_that_moved_is_queued_for_its_new_time,
    an_outage_sets_no_alarm_aside,
    a_bad_release_sets_few_alarms_aside,
)
