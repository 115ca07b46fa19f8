"""The alarms of postings: late, give up under policy, caps and kill switch, overlapping workers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.ports.writes import SavePosting
from shipby.application.shared.alarm_messages import alarm_message, read_alarm
from shipby.domain.alarm import AlarmRef
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError, VersionConflictError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import RungKind, Stage, TariffStep
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.world_support import World, event_row

CANCEL = IntentAction.CANCEL
ACTIVE: dict[str, Any] = {"auto_cancel": Automation.ON, "cancel_guard": False}
"""A policy that cancels; the guard, which holds a cancel while the error index is unknown, has tests of its own."""


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives()
    return world


def ring_until(world: World, kind: RungKind) -> None:
    """Let every alarm ring up to and with the first of a kind."""
    while True:
        alarm = world.posting().next_alarm
        assert alarm is not None
        assert world.ring_next().outcome == "fired"
        if alarm.kind is kind:
            return


def test_an_alarm_message_waits_for_its_second_and_reads_back() -> None:
    alarm = AlarmRef(seller="s", ref=posting_ref("1"), intent_id="", due=a.NOW + timedelta(seconds=30.2))
    message = alarm_message(alarm, a.NOW)
    assert (message.delay_seconds, message.group) == (31, "s")
    assert read_alarm(message.body) == alarm
    assert alarm_message(alarm, a.NOW + timedelta(days=1)).delay_seconds == 0
    # Due in a microsecond: without a delay it would go around until that has passed.
    assert alarm_message(alarm, alarm.due - timedelta(microseconds=1)).delay_seconds == 1
    assert alarm_message(alarm, alarm.due).delay_seconds == 0
    assert alarm_message(alarm, a.NOW - timedelta(days=1)).delay_seconds == 900
    with pytest.raises(InvalidInputError):
        read_alarm({"seller": "s"})


def test_an_alarm_that_comes_too_early_is_given_back(world: World) -> None:
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    rang = ring(alarm, store=world.store, clock=world.clock)
    assert (rang.outcome, rang.next_alarm) == ("early", alarm)
    assert world.posting().version == 1


def test_an_alarm_rings_once_and_names_the_next_one(world: World) -> None:
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    rang = world.ring_next()
    assert rang.outcome == "fired"
    assert rang.next_alarm is not None
    assert rang.next_alarm.due == world.posting().next_alarm.due  # type: ignore[union-attr]  # asserted above
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"
    assert world.types().count(EventType.POSTING_REMINDED) == 1


def test_an_alarm_of_nothing_is_gone(world: World) -> None:
    due = a.NOW
    for ref, intent in ((posting_ref("nobody"), ""), (posting_ref(a.NUMBER), f"p.{a.NUMBER}.cancel.1")):
        alarm = AlarmRef(seller=a.SELLER, ref=ref, intent_id=intent, due=due)
        assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"


def test_a_late_posting_shows_its_price_and_still_goes_out(world: World) -> None:
    ring_until(world, RungKind.SHIPMENT_DATE)
    assert world.posting().late_price == a.rub("12.50")
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    world.settle(world.ask(IntentAction.SHIP))
    world.clock.advance(timedelta(seconds=1))
    world.do(Command.HAND_OVER)
    assert world.history()[-1].event.data["price"] == {"amount": "12.50", "currency": "RUB"}
    assert world.red() == set()


def test_a_late_posting_is_read_anew_because_only_that_proves_an_expiry(world: World) -> None:
    ring_until(world, RungKind.SHIPMENT_DATE)
    routed = route_event(world.history()[-1], label_delay_seconds=60)
    assert {where.destination for where in routed} == {Destination.NOTIFY, Destination.SYNC}
    world.market.change(a.NUMBER, actions=("cancel",))
    world.clock.advance(timedelta(seconds=1))
    assert world.read().stage is Stage.EXPIRED


def test_every_discount_that_passes_is_followed_by_a_read_that_brings_the_step_beyond(world: World) -> None:
    hours = (-20, -15, -10, -5, 0)
    steps = [
        TariffStep(
            until=a.CUT_OFF + timedelta(hours=ahead),
            rate=Decimal(1),
            minimum=a.rub("0"),
            charge=a.rub("0") - a.rub(str(-ahead)),
        )
        for ahead in hours
    ]
    world.market.change(a.NUMBER, tariff_steps=tuple(steps))
    world.clock.advance(timedelta(seconds=1))
    world.read()
    passed = []
    while (alarm := world.posting().next_alarm) is not None and not world.posting().late:
        assert world.ring_next().outcome == "fired"
        if alarm.kind is RungKind.TARIFF_STEP:
            passed.append(alarm.due)
            routed = route_event(world.history()[-1], label_delay_seconds=60)
            assert Destination.SYNC in {where.destination for where in routed}
            world.clock.advance(timedelta(seconds=1))
            world.read()
    assert passed == [step.until for step in steps[:-1]]


def test_nobody_is_reminded_after_packing(world: World) -> None:
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    ring_until(world, RungKind.SHIPMENT_DATE)
    assert EventType.POSTING_REMINDED not in world.types()


# Giving up


def test_shadow_mode_says_what_it_would_do_and_does_nothing(world: World) -> None:
    ring_until(world, RungKind.GIVE_UP_AT)
    assert world.types()[-1] is EventType.POSTING_GIVE_UP_SHADOWED
    assert world.posting().stage is Stage.RECEIVED
    assert world.posting().open_intents == ()


def test_with_the_policy_off_giving_up_is_only_a_reminder(world: World) -> None:
    world.policy(auto_cancel=Automation.OFF)
    ring_until(world, RungKind.GIVE_UP_AT)
    assert world.types()[-1] is EventType.POSTING_REMINDED


def test_with_the_policy_on_it_expires_and_is_cancelled_once(world: World) -> None:
    world.policy(**ACTIVE)
    ring_until(world, RungKind.GIVE_UP_AT)
    assert world.types()[-2:] == [EventType.POSTING_EXPIRED, EventType.INTENT_CREATED]
    (identifier,) = world.posting().open_intents
    assert world.store.cap_used(a.SELLER, "cancel", world.clock.now().date()) == 1
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.posting().stage is Stage.CANCELLED
    assert world.market.books.cancelled[a.NUMBER] == 1
    assert world.market.calls["act_on_return"] == 0


def test_an_expired_posting_that_was_shipped_meanwhile_is_not_cancelled(world: World) -> None:
    world.policy(**ACTIVE)
    ring_until(world, RungKind.GIVE_UP_AT)
    world.market.change(a.NUMBER, status="delivering", actions=())
    (identifier,) = world.posting().open_intents
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.posting().stage is Stage.IN_TRANSIT
    assert world.market.calls["cancel"] == 0


@pytest.mark.parametrize(
    "stop", [{"kill_switch": True}, {"caps": {"cancel": 0}}], ids=["kill switch on", "cap used up"]
)
def test_a_stopped_automation_is_held_and_told_and_the_posting_expires_all_the_same(
    world: World, stop: dict[str, Any]
) -> None:
    world.policy(**ACTIVE, **stop)
    ring_until(world, RungKind.GIVE_UP_AT)
    assert world.types()[-2:] == [EventType.POSTING_EXPIRED, EventType.AUTOMATION_HELD]
    assert world.posting().open_intents == ()
    assert world.store.cap_used(a.SELLER, "cancel", world.clock.now().date()) == 0
    routed = route_event(world.history()[-1], label_delay_seconds=0)
    assert [where.destination for where in routed] == [Destination.NOTIFY]
    assert world.posting().next_alarm is not None


def test_a_kill_switch_thrown_after_giving_up_stops_the_cancel(world: World) -> None:
    world.policy(**ACTIVE)
    ring_until(world, RungKind.GIVE_UP_AT)
    (identifier,) = world.posting().open_intents
    world.policy(kill_switch=True)
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.market.calls["cancel"] == 0


def test_an_open_cancel_of_a_person_is_not_doubled_by_the_policy(world: World) -> None:
    world.policy(**ACTIVE)
    ring_until(world, RungKind.WITHOUT_DELAY if world.posting().without_delay else RungKind.SHIPMENT_DATE)
    asked = world.ask(CANCEL)
    ring_until(world, RungKind.GIVE_UP_AT)
    assert world.posting().open_intents == (asked,)
    assert world.posting().stage is Stage.EXPIRED
    assert EventType.AUTOMATION_HELD not in world.types()


def test_the_policy_does_not_cancel_while_another_call_is_unsettled(world: World) -> None:
    world.policy(**ACTIVE)
    asked = world.ask(IntentAction.SHIP)
    ring_until(world, RungKind.GIVE_UP_AT)
    assert world.posting().open_intents == (asked,)
    assert world.types()[-1] is EventType.AUTOMATION_HELD


def test_a_posting_proven_expired_is_cancelled_when_the_policy_gives_it_up(world: World) -> None:
    world.policy(**ACTIVE)
    ring_until(world, RungKind.SHIPMENT_DATE)
    world.market.change(a.NUMBER, actions=("cancel",))
    world.clock.advance(timedelta(seconds=1))
    assert world.read().stage is Stage.EXPIRED
    ring_until(world, RungKind.GIVE_UP_AT)
    (identifier,) = world.posting().open_intents
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED


def test_a_delivered_posting_closes_after_its_time(world: World) -> None:
    world.market.change(a.NUMBER, status="delivered", delivered_at=a.NOW, actions=())
    world.clock.advance(timedelta(minutes=1))
    world.read()
    ring_until(world, RungKind.CLOSE_AT)
    assert world.posting().stage is Stage.CLOSED
    assert world.posting().next_alarm is None


def test_a_change_that_comes_between_is_read_anew_and_decides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    world.clock.time = alarm.due
    stale = [world.posting()]
    world.do(Command.CONFIRM)
    read = MemoryStore.posting
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "posting", lambda *place: stale.pop() if stale else read(*place))
        assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"
    assert world.posting().version == 2
    assert world.posting().next_alarm is not None


def test_an_alarm_that_still_stands_after_a_change_between_is_fired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sweep will not queue it again soon, so it must not be given up for a change that left it as it was.
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    world.clock.time = alarm.due
    stale = [world.posting()]
    world.write(SavePosting(replace(stale[0], version=2)), event_row(posting_ref(a.NUMBER), 2, a.event()))
    read = MemoryStore.posting
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "posting", lambda *place: stale.pop() if stale else read(*place))
        assert ring(alarm, store=world.store, clock=world.clock).outcome == "fired"
    assert world.posting().version == 3


def test_an_item_that_never_stands_still_is_tried_again_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    world.clock.time = alarm.due
    stale = world.posting()
    world.do(Command.CONFIRM)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "posting", lambda *_: stale)
        with pytest.raises(VersionConflictError):
            ring(alarm, store=world.store, clock=world.clock)
