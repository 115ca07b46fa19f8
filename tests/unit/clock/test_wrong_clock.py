"""A worker's clock stood a day ahead, or behind, for a while: nothing is lost to it, nothing stays wrong.

The clock steps, the worker does its work, the clock steps back; then right clocks go on.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.alarms.set_aside import ALLOWED, Allowance
from shipby.application.alarms.sweep import SentMemory, sweep
from shipby.application.intake.sync_posting import apply_facts
from shipby.application.polling.reconcile import reconcile
from shipby.application.ports.messages import QueueMessage
from shipby.domain.deadlines.workflow import Command
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import MarketplacePosting, RungKind, Stage
from shipby.domain.proof.open_orders import Rule
from shipby.domain.sellers.settings import Automation, LatePolicy
from shipby.domain.skew import CLOCK_SKEW
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.unit.clock.wrong_clock_support import DAY, MINUTE, STEPS, audited, clock_findings, off_by
from tests.unit.world_support import World


@pytest.fixture
def world() -> World:
    return World()


# Postings


@pytest.mark.parametrize("step", STEPS)
def test_a_posting_read_by_a_wrong_clock_takes_the_next_right_read(world: World, step: timedelta) -> None:
    world.arrives()
    with off_by(world, step):
        world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
        assert world.sync().outcome == "changed"
    world.clock.advance(MINUTE)
    world.market.change(a.NUMBER, shipment_date=a.CUT_OFF + DAY)
    assert world.sync().outcome == "changed"
    posting = world.posting()
    assert (posting.cut_off, posting.synced_at) == (a.CUT_OFF + DAY, world.clock.now())
    assert not clock_findings(world)


@pytest.mark.parametrize("step", STEPS)
def test_a_posting_first_read_by_a_wrong_clock_is_as_alive_as_any(world: World, step: timedelta) -> None:
    with off_by(world, step):
        world.arrives()
    world.clock.advance(MINUTE)
    world.market.change(a.NUMBER, status="cancelled", substatus="posting_canceled", actions=())
    assert world.read().stage is Stage.CANCELLED


def test_a_read_under_way_while_a_wrong_clock_read_is_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It began before a newer one was folded in, and the newer one's time is unknown: its facts are the older ones."""
    world.arrives()
    read, calls = world.market.posting, 0

    def slow(number: str) -> MarketplacePosting:
        nonlocal calls
        calls += 1
        found = read(number)
        if calls > 1:
            return found
        world.clock.advance(MINUTE)
        world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
        apply_facts(a.SELLER, read(number), store=world.store, clock=world.clock)
        with off_by(world, DAY):
            world.store.mark_synced(a.SELLER, a.NUMBER, world.clock.now())
        return found

    monkeypatch.setattr(world.market, "posting", slow)
    world.sync()
    assert (calls, world.posting().status) == (2, "awaiting_deliver")
    assert [entry.event.data["status"] for entry in world.history() if "status" in entry.event.data] == [
        "awaiting_packaging",
        "awaiting_deliver",
        "awaiting_deliver",
    ]
    assert not clock_findings(world)


@pytest.mark.parametrize("changed", [False, True])
def test_a_read_that_shows_nothing_new_takes_the_wrong_time_back_all_the_same(world: World, changed: bool) -> None:
    world.arrives()
    with off_by(world, DAY):
        if changed:
            world.market.change(a.NUMBER, actions=("cancel",))
        world.sync()
    ahead = world.posting().synced_at
    (finding,) = clock_findings(world)
    assert (finding.id, f"{ahead:%Y-%m-%d %H:%M}" in finding.problem) == (a.NUMBER, True)
    assert Rule.CLOCK in audited(world)
    world.clock.advance(MINUTE)
    assert world.sync().outcome == "changed"
    assert world.posting().synced_at == world.clock.now()
    assert "clock was wrong" in world.history()[-1].event.reason
    assert not clock_findings(world)
    assert Rule.CLOCK not in audited(world)
    assert world.sync().outcome == "unchanged"


def test_an_older_read_is_still_ignored_while_clocks_can_be_believed(world: World) -> None:
    world.arrives()
    old = replace(world.market.posting(a.NUMBER), status="awaiting_deliver")
    world.clock.advance(MINUTE)
    world.sync()
    assert apply_facts(a.SELLER, old, store=world.store, clock=world.clock).outcome == "unchanged"


def test_a_clock_that_steps_back_while_it_reads_leaves_no_time_to_come(world: World) -> None:
    with off_by(world, DAY):
        world.market.put(a.detail())
        first = world.market.posting(a.NUMBER)
    apply_facts(a.SELLER, first, store=world.store, clock=world.clock)
    assert world.posting().synced_at == world.clock.now() - CLOCK_SKEW
    with off_by(world, DAY):
        second = replace(world.market.posting(a.NUMBER), status="awaiting_deliver")
    apply_facts(a.SELLER, second, store=world.store, clock=world.clock)
    assert world.posting().status == "awaiting_deliver"
    assert not clock_findings(world)


def test_the_poll_reads_a_posting_whose_times_lie_ahead_wherever_it_is(world: World) -> None:
    world.arrives(status="delivering", actions=())
    queue = RecordingQueue()

    def polled() -> list[QueueMessage]:
        queue.messages.clear()
        reconcile(a.SELLER, store=world.store, marketplace=world.market, queue=queue, clock=world.clock)
        return queue.messages

    assert polled() == []
    with off_by(world, DAY):
        world.sync()
    assert [message.body["posting"] for message in polled()] == [a.NUMBER]
    world.clock.advance(MINUTE)
    world.sync()
    assert polled() == []


def test_a_worker_that_stands_behind_does_not_take_the_time_of_the_last_read_back(world: World) -> None:
    world.arrives()
    before = world.posting()
    with off_by(world, -DAY):
        world.market.change(a.NUMBER, actions=("cancel",))
        world.sync()
    assert world.posting().synced_at == before.synced_at
    assert not clock_findings(world)


def test_of_two_reads_at_the_same_moment_the_second_counts(world: World) -> None:
    world.arrives()
    world.market.change(a.NUMBER, status="awaiting_deliver")
    assert world.sync().outcome == "changed"
    world.market.change(a.NUMBER, actions=("label_download",))
    assert world.sync().outcome == "changed"
    detail = world.store.detail(a.SELLER, a.NUMBER)
    assert detail is not None
    assert detail.actions == ("label_download",)


# Alarms


def ring_all(world: World, number: str = a.NUMBER) -> None:
    """Everything that is due by the present clock."""
    while (alarm := world.alarm_of(posting_ref(number))) is not None and alarm.due <= world.clock.now():
        world.ring_next()


def test_what_rang_before_its_time_rings_again_at_its_time(world: World) -> None:
    world.arrives()
    right = world.posting()
    with off_by(world, 2 * DAY):
        ring_all(world)
    wrong = world.posting()
    assert wrong.late
    assert "fired shipment_date" in clock_findings(world)[0].problem
    assert Rule.CLOCK in audited(world)
    world.clock.advance(MINUTE)
    world.read()
    mended = world.posting()
    assert (mended.late, mended.late_price, mended.next_alarm) == (False, None, right.next_alarm)
    assert not clock_findings(world)
    world.clock.time = a.CUT_OFF
    ring_all(world)
    assert world.posting().late


@pytest.mark.parametrize("known", [True, False])
def test_a_clock_that_stands_behind_leaves_what_rang_or_has_it_ring_once_more(world: World, known: bool) -> None:
    """`known`: the marketplace's own dates show that it is this clock that is wrong."""
    world.arrives(in_process_at=a.CUT_OFF - timedelta(hours=1 if known else 30))
    world.clock.time = a.CUT_OFF
    ring_all(world)
    rang = world.posting()
    with off_by(world, -DAY):
        world.market.change(a.NUMBER, actions=("ship",))
        world.sync()
        assert world.posting().late == known
        ring_all(world)
    world.clock.advance(MINUTE)
    world.read()
    ring_all(world)
    assert (world.posting().late, world.posting().fired[RungKind.SHIPMENT_DATE]) == (True, a.CUT_OFF)
    assert world.types().count(EventType.POSTING_LATE) == (1 if known else 2)
    assert rang.late


def test_the_clock_of_a_call_that_was_dated_ahead_starts_anew(world: World) -> None:
    """Nothing proves that it was not assembled: the label is asked for when it should be there."""
    world.arrives()
    with off_by(world, DAY):
        world.market.change(a.NUMBER, status="awaiting_deliver", substatus="posting_awaiting_passport_data")
        world.sync()
    world.clock.advance(MINUTE)
    world.read()
    posting, now = world.posting(), world.clock.now()
    assert (posting.assembled_at, posting.passport_since) == (now, now)
    due = {rung.kind: rung.due for rung in posting.rungs}
    assert due[RungKind.LABEL_BY] == now + a.settings().label_within
    assert due[RungKind.PASSPORT_BY] == now + DAY


def test_a_day_of_receipt_to_come_does_not_put_the_confirmation_off(world: World) -> None:
    with off_by(world, DAY):
        world.arrives()
    world.clock.advance(MINUTE)
    due = {rung.kind: rung.due for rung in world.read().rungs}
    assert due[RungKind.CONFIRM_BY] == a.detail().in_process_at + a.settings().confirm_within  # type: ignore[operator]  # the builder gives one
    again = world.posting().version
    world.clock.advance(MINUTE)
    world.read()
    assert world.posting().version == again


def test_given_up_before_its_time_it_is_not_cancelled_and_comes_back(world: World) -> None:
    world.policy(auto_cancel=Automation.ON, cancel_guard=False)
    world.arrives()
    far = timedelta(days=9)
    with off_by(world, far):
        ring_all(world)
    assert world.posting().stage is Stage.EXPIRED
    intents = world.posting().open_intents
    assert len(intents) == 1
    world.clock.advance(MINUTE)
    for identifier in intents:
        world.settle(identifier)
        assert world.state(identifier) is IntentState.REJECTED
    world.read()
    assert world.posting().stage is Stage.RECEIVED
    assert world.market.calls["cancel"] == 0


def test_what_acts_outside_is_not_tried_again_although_it_rang_before_its_time(world: World) -> None:
    world.policy(policy=LatePolicy.CROSS_BORDER_RFBS, auto_move_date=Automation.SHADOW)
    world.arrives(actions=("cancel", "set_cutoff", "ship"))
    with off_by(world, DAY):
        ring_all(world)
    assert RungKind.MOVE_DATE_AT in world.posting().fired
    world.clock.advance(MINUTE)
    world.read()
    assert RungKind.MOVE_DATE_AT in world.posting().fired
    assert RungKind.REMIND_AT not in world.posting().fired
    assert not clock_findings(world)


def test_an_alarm_that_is_due_at_this_very_moment_rings(world: World) -> None:
    world.arrives()
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    assert world.ring_next().outcome == "fired"
    assert world.clock.now() == alarm.due


def test_a_cut_off_that_is_now_is_late_and_so_is_a_tariff_step(world: World) -> None:
    world.arrives()
    world.clock.time = a.CUT_OFF
    ring_all(world)
    assert (world.posting().late, world.posting().late_price) == (True, a.rub("12.50"))


@pytest.mark.parametrize("step", STEPS)
def test_a_sweep_by_a_wrong_clock_makes_no_later_one_skip_an_alarm(world: World, step: timedelta) -> None:
    world.arrives()
    world.clock.time = world.posting().next_alarm.due  # type: ignore[union-attr]  # it has one
    memory, queue = SentMemory(), RecordingQueue()
    with off_by(world, step):
        swept(world, queue, memory)
    queue.messages.clear()
    assert swept(world, queue, memory) == 1


def swept(world: World, queue: RecordingQueue, memory: SentMemory) -> int:
    done = sweep(store=world.store, queue=queue, clock=world.clock, look_ahead=MINUTE, budget=MINUTE, memory=memory)
    return done.sent


@pytest.mark.parametrize("step", STEPS)
def test_setting_alarms_aside_by_a_wrong_clock_uses_no_later_allowance_up(step: timedelta) -> None:
    allowance = Allowance()
    assert all(allowance.take(a.NOW + step) for _ in range(ALLOWED))
    assert not allowance.take(a.NOW + step)
    assert allowance.take(a.NOW)


# Order


@pytest.mark.parametrize("step", STEPS)
def test_a_history_is_in_the_order_of_its_versions_whatever_the_clocks_say(world: World, step: timedelta) -> None:
    world.arrives()
    with off_by(world, step):
        world.do(Command.CONFIRM)
    world.do(Command.PICK)
    versions = [stored.version for stored in world.history()]
    assert versions == sorted(versions)
    assert world.types()[-2:] == [EventType.POSTING_CONFIRMED, EventType.POSTING_PICKED]
    assert not [finding for finding in world.proof().findings if finding.check == "event_missing"]
