"""The policy's moves carried out: the date, the buyer, the choices; and the races that facts decide."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.deadlines.clocks import BuyerAnswer, ClockCommand, answer_for_buyer, set_clock
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.writes import SaveSettings
from shipby.domain.alarm import AlarmRef
from shipby.domain.deadlines.policy import Move
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, PreconditionFailedError, StageMismatchError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.sellers.settings import Automation, LatePolicy
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.world_support import World, forget

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OFFERED = ("can_create_chat", "cancel", "set_cutoff", "ship")
TO = a.CUT_OFF + timedelta(days=1)
ACTIVE: dict[str, Any] = {
    "policy": LatePolicy.CROSS_BORDER_RFBS,
    "auto_move_date": Automation.ON,
    "auto_ask_buyer": Automation.ON,
    "auto_cancel": Automation.ON,
    "cancel_guard": False,
}


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(**ACTIVE)
    world.arrives(actions=OFFERED, scheme=Scheme.RFBS, integration="non_integrated")
    return world


def ring_to(world: World, kind: RungKind) -> None:
    """Let every alarm ring up to and with the first claim of a kind."""
    while kind not in world.posting().fired:
        assert world.ring_next().outcome == "fired"


def stop_at(world: World, kind: RungKind) -> AlarmRef:
    """Let everything ring before a kind, and give its alarm."""
    while (alarm := world.posting().next_alarm) is not None and alarm.kind is not kind:
        assert world.ring_next().outcome == "fired"
    found = world.alarm_of(posting_ref(a.NUMBER))
    assert found is not None
    return found


def rang(world: World, alarm: AlarmRef) -> str:
    return ring(alarm, store=world.store, clock=world.clock).outcome


# The date


def test_the_date_is_moved_by_an_intent_under_its_cap_and_the_clocks_follow(world: World) -> None:
    ring_to(world, RungKind.MOVE_DATE_AT)
    (identifier,) = world.posting().open_intents
    assert world.intent(identifier).request == {"cut_off": TO.isoformat(), "from": a.CUT_OFF.isoformat()}
    assert world.store.cap_used(a.SELLER, "set_cut_off", world.clock.now().date()) == 1
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    posting = world.posting()
    assert (posting.cut_off, posting.late) == (TO, False)
    assert [rung.due for rung in posting.rungs if rung.kind is RungKind.MOVE_DATE_AT] == []
    assert EventType.POSTING_LATE not in world.types()


def test_in_shadow_mode_nothing_is_asked_and_it_is_told_what_would_have_been(world: World) -> None:
    world.policy(auto_move_date=Automation.SHADOW, auto_ask_buyer=Automation.SHADOW)
    ring_to(world, RungKind.ASK_BUYER_AT)
    told = [stored.event for stored in world.history() if stored.event.type is EventType.AUTOMATION_SHADOWED]
    assert [event.data["action"] for event in told] == [Move.MOVE_DATE, Move.ASK_BUYER]
    assert told[0].data["to"] == TO.isoformat()
    assert world.posting().open_intents == ()
    assert world.market.calls["set_cut_off"] == 0


@pytest.mark.parametrize("stop", [{"kill_switch": True}, {"caps": {"set_cut_off": 0, "ask_buyer": 0}}])
def test_a_stopped_move_is_held_and_told_and_the_clock_does_not_ring_again(world: World, stop: dict[str, Any]) -> None:
    world.policy(**stop)
    ring_to(world, RungKind.ASK_BUYER_AT)
    held = [stored.event for stored in world.history() if stored.event.type is EventType.AUTOMATION_HELD]
    assert [event.data["action"] for event in held] == [Move.MOVE_DATE, Move.ASK_BUYER]
    assert EventType.BUYER_ASK_DUE not in world.types()
    assert world.posting().open_intents == ()


def test_a_date_move_of_a_person_is_not_doubled(world: World) -> None:
    asked = world.ask(IntentAction.SET_CUT_OFF)
    ring_to(world, RungKind.MOVE_DATE_AT)
    assert world.posting().open_intents == (asked,)


def test_a_date_that_moved_meanwhile_is_not_moved_again(world: World) -> None:
    ring_to(world, RungKind.MOVE_DATE_AT)
    (identifier,) = world.posting().open_intents
    world.market.change(a.NUMBER, shipment_date=a.CUT_OFF + 3 * HOUR)
    world.clock.advance(SECOND)
    settled = world.settle(identifier).intent
    assert (settled.state, "meanwhile" in settled.outcome) == (IntentState.REJECTED, True)
    assert world.market.calls["set_cut_off"] == 0


def test_a_date_that_has_passed_by_the_time_of_the_call_is_not_moved(world: World) -> None:
    ring_to(world, RungKind.MOVE_DATE_AT)
    (identifier,) = world.posting().open_intents
    world.clock.time = a.CUT_OFF
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.market.calls["set_cut_off"] == 0


def test_a_person_may_ask_for_a_date_whatever_it_is_now(world: World) -> None:
    asked = world.ask(IntentAction.SET_CUT_OFF)
    world.market.change(a.NUMBER, shipment_date=a.CUT_OFF + 3 * HOUR)
    world.clock.advance(SECOND)
    assert world.settle(asked).intent.state is IntentState.CONFIRMED


def test_what_is_packed_is_not_moved_or_reminded_of(world: World) -> None:
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    ring_to(world, RungKind.SHIPMENT_DATE)
    assert {EventType.POSTING_REMINDED, EventType.INTENT_CREATED}.isdisjoint(world.types())


# The buyer and the choices


def test_the_buyer_is_asked_once_under_a_cap_of_its_own(world: World) -> None:
    ring_to(world, RungKind.ASK_BUYER_AT)
    assert world.types().count(EventType.BUYER_ASK_DUE) == 1
    assert world.store.cap_used(a.SELLER, "ask_buyer", world.clock.now().date()) == 1


def test_the_choices_tell_what_a_cancel_would_do_where_that_is_known(world: World) -> None:
    second = a.CUT_OFF + 2 * HOUR
    world.market.change(a.NUMBER, without_delay=second)
    world.clock.advance(SECOND)
    world.read()
    ring_to(world, RungKind.WITHOUT_DELAY)
    (shown,) = [stored.event for stored in world.history() if stored.event.type is EventType.POSTING_CHOICES]
    choices: Any = shown.data["choices"]
    assert [choice["move"] for choice in choices] == ["prioritise", "move_date", "ask_buyer", "cancel"]
    assert choices[0]["price"] == {"amount": "12.50", "currency": "RUB"}
    assert "error index" in choices[3]["note"]


def test_an_unknown_error_index_holds_the_automatic_cancel(world: World) -> None:
    world.policy(cancel_guard=True, auto_move_date=Automation.OFF)
    ring_to(world, RungKind.GIVE_UP_AT)
    assert world.types()[-2:] == [EventType.POSTING_EXPIRED, EventType.AUTOMATION_HELD]
    assert world.posting().open_intents == ()


def say(world: World, wanted: bool, **more: Any) -> Any:
    answer = BuyerAnswer(seller=a.SELLER, number=a.NUMBER, actor="key:k1", wanted=wanted, **more)
    return answer_for_buyer(answer, forget, store=world.store, clock=world.clock).body


def test_a_buyer_who_does_not_want_it_is_cancelled_for_by_the_policy(world: World) -> None:
    body = say(world, False, note="by phone")
    (identifier,) = world.posting().open_intents
    assert body["version"] == world.posting().version
    assert world.intent(identifier).actor.startswith("system:")
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.cancelled[a.NUMBER] == 1


def test_where_the_cap_is_used_up_a_person_sees_the_choices(world: World) -> None:
    world.policy(caps={"cancel": 0})
    say(world, False)
    assert world.types()[-3:] == [
        EventType.BUYER_ANSWERED,
        EventType.AUTOMATION_HELD,
        EventType.POSTING_CHOICES,
    ]
    assert world.posting().open_intents == ()


def test_a_second_no_does_not_ask_for_a_second_cancel(world: World) -> None:
    say(world, False)
    intents = world.posting().open_intents
    say(world, False)
    assert world.posting().open_intents == intents


def test_a_buyer_who_wants_it_stops_nothing_and_hurries_it(world: World) -> None:
    say(world, True)
    assert world.types()[-2:] == [EventType.BUYER_ANSWERED, EventType.POSTING_PRIORITISED]
    with pytest.raises(PreconditionFailedError):
        say(world, True, if_match=1)


# The clock started by hand


def clock(world: World, since: Any, **more: Any) -> Any:
    command = ClockCommand(seller=a.SELLER, number=a.NUMBER, actor="key:k1", since=since, **more)
    return set_clock(command, forget, store=world.store, clock=world.clock).body


def test_a_request_for_another_number_rings_before_its_end_and_stops(world: World) -> None:
    world.market.change(a.NUMBER, status="delivering", actions=("set_track_number",), tracking_number="OLD")
    world.clock.advance(SECOND)
    world.read()
    clock(world, world.clock.now(), reason="chat")
    began = world.clock.now()
    assert world.ring_next().outcome == "fired"
    told = world.history()[-1].event
    assert (told.data["rung"], told.data["by"]) == ("answer_tracking_by", (began + timedelta(days=3)).isoformat())
    clock(world, None)
    assert RungKind.ANSWER_TRACKING_BY not in {rung.kind for rung in world.posting().rungs}
    assert world.types()[-1] is EventType.POSTING_CLOCK_STOPPED
    with pytest.raises(StageMismatchError):
        clock(world, None)
    with pytest.raises(InvalidInputError):
        clock(world, world.clock.now() + HOUR)


# Races


def test_a_scan_in_the_second_of_giving_up_wins_if_it_is_first(world: World) -> None:
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("cancel", "label_download"))
    world.clock.advance(SECOND)
    world.read()
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    alarm = stop_at(world, RungKind.GIVE_UP_AT)
    world.clock.time = alarm.due
    world.do(Command.HAND_OVER)
    assert rang(world, alarm) == "gone"
    assert world.posting().stage is Stage.HANDED_OVER
    assert EventType.POSTING_EXPIRED not in world.types()
    assert world.posting().open_intents == ()


def test_what_was_given_up_for_a_date_that_has_moved_meanwhile_is_not_cancelled(world: World) -> None:
    world.policy(auto_move_date=Automation.OFF)
    alarm = stop_at(world, RungKind.GIVE_UP_AT)
    world.clock.time = alarm.due
    later = world.clock.now() + timedelta(days=2)
    world.market.change(a.NUMBER, shipment_date=later, without_delay=later + HOUR)
    assert rang(world, alarm) == "fired"
    (identifier,) = world.posting().open_intents
    world.clock.advance(SECOND)
    settled = world.settle(identifier).intent
    assert (settled.state, settled.outcome) == (IntentState.REJECTED, "its date has moved, so it is not given up")
    assert world.market.calls["cancel"] == 0
    assert world.posting().open_intents == ()


def test_a_scan_just_after_giving_up_is_refused_with_the_reason_until_it_is_settled(world: World) -> None:
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("cancel", "label_download"))
    world.clock.advance(SECOND)
    world.read()
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    alarm = stop_at(world, RungKind.GIVE_UP_AT)
    world.clock.time = alarm.due
    assert rang(world, alarm) == "fired"
    for command in (Command.HAND_OVER, Command.OVERRIDE):
        with pytest.raises(ActionNotOfferedError):
            world.do(command, reason="the courier took it")
    # The courier's scan reaches the marketplace: the cancel is refused by what it shows, and the facts win.
    world.market.change(a.NUMBER, status="delivering", actions=())
    (identifier,) = world.posting().open_intents
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.posting().stage is Stage.IN_TRANSIT
    assert world.market.calls["cancel"] == 0


def test_what_is_being_cancelled_is_not_handed_over_until_that_is_settled(world: World) -> None:
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("cancel", "label_download"))
    world.clock.advance(SECOND)
    world.read()
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    say(world, False)
    (identifier,) = world.posting().open_intents
    with pytest.raises(ActionNotOfferedError, match="being cancelled"):
        world.do(Command.HAND_OVER)
    world.market.change(a.NUMBER, actions=("label_download",))
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    world.do(Command.HAND_OVER)
    assert world.posting().stage is Stage.HANDED_OVER


def test_a_scan_between_the_reading_and_the_claim_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("cancel", "label_download"))
    world.clock.advance(SECOND)
    world.read()
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    alarm = stop_at(world, RungKind.GIVE_UP_AT)
    world.clock.time = alarm.due
    commit = MemoryStore.commit

    def scanned_first(store: MemoryStore, writes: Any) -> Any:
        monkeypatch.setattr(MemoryStore, "commit", commit)
        world.do(Command.HAND_OVER)
        return commit(store, writes)

    monkeypatch.setattr(MemoryStore, "commit", scanned_first)
    assert rang(world, alarm) == "gone"
    assert (world.posting().stage, world.posting().open_intents) == (Stage.HANDED_OVER, ())


@pytest.mark.parametrize("by", ["ozon", "client"])
def test_what_the_marketplace_or_the_buyer_cancelled_first_is_not_cancelled_again(world: World, by: str) -> None:
    world.policy(auto_move_date=Automation.OFF)
    ring_to(world, RungKind.GIVE_UP_AT)
    (identifier,) = world.posting().open_intents
    world.market.cancel_by(a.NUMBER, by)
    settled = world.settle(identifier).intent
    assert (settled.state, settled.read_back["by"]) == (IntentState.CONFIRMED, by)
    assert (world.posting().stage, world.posting().cancelled_by) == (Stage.CANCELLED, by)
    assert world.market.calls["cancel"] == 0


@pytest.mark.parametrize("by", ["ozon", "client"])
def test_an_alarm_of_what_was_cancelled_meanwhile_is_gone(world: World, by: str) -> None:
    alarm = stop_at(world, RungKind.GIVE_UP_AT)
    world.market.cancel_by(a.NUMBER, by)
    world.clock.time = alarm.due
    world.read()
    assert rang(world, alarm) == "gone"
    assert world.posting().next_alarm is None


def test_a_message_of_a_date_that_moved_while_the_sweep_ran_is_gone_and_the_new_one_rings(world: World) -> None:
    stale = stop_at(world, RungKind.SHIPMENT_DATE)
    world.market.change(a.NUMBER, shipment_date=a.CUT_OFF + 5 * HOUR, tariff_steps=(), actions=("ship",))
    world.clock.advance(SECOND)
    world.read()
    world.clock.time = stale.due
    assert rang(world, stale) == "gone"
    assert not world.posting().late
    ring_to(world, RungKind.SHIPMENT_DATE)
    assert world.clock.now() == a.CUT_OFF + 5 * HOUR
    assert world.posting().late


def test_two_workers_with_skewed_clocks_fire_each_clock_once(world: World) -> None:
    alarm = world.alarm_of(posting_ref(a.NUMBER))
    assert alarm is not None
    slow = a.FixedClock(alarm.due - timedelta(minutes=2))
    assert ring(alarm, store=world.store, clock=slow).outcome == "early"
    fast = a.FixedClock(alarm.due + timedelta(minutes=2))
    assert ring(alarm, store=world.store, clock=fast).outcome == "fired"
    slow.time = alarm.due
    assert ring(alarm, store=world.store, clock=slow).outcome == "gone"
    assert world.types().count(EventType.POSTING_REMINDED) == 1


def test_two_sellers_with_one_cut_off_ring_each_for_itself_under_their_own_policy(world: World) -> None:
    other = "seller-2"
    world.store.commit([SaveSettings(a.settings(seller=other, policy=LatePolicy.CROSS_BORDER_RFBS))])
    sync_posting(other, a.NUMBER, hinted_at=None, store=world.store, marketplace=world.market, clock=world.clock)
    ring_to(world, RungKind.MOVE_DATE_AT)
    theirs = world.store.posting(other, a.NUMBER)
    assert theirs is not None
    assert theirs.version == 1
    while (theirs := world.store.posting(other, a.NUMBER)) and RungKind.MOVE_DATE_AT not in theirs.fired:
        assert theirs.next_alarm is not None
        alarm = AlarmRef(seller=other, ref=posting_ref(a.NUMBER), intent_id="", due=theirs.next_alarm.due)
        world.clock.time = max(world.clock.time, alarm.due)
        assert rang(world, alarm) == "fired"
    assert theirs is not None
    assert theirs.open_intents == ()
    assert len(world.posting().open_intents) == 1
    assert world.store.cap_used(other, "set_cut_off", world.clock.now().date()) == 0
