"""Held decisions: each has a case with an owner and an alarm, is decided once what it waits for is there, and ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.application.alarms.decide_again import decide_again, decide_held
from shipby.application.alarms.ringing import ring
from shipby.application.cases.held import HELD_WATCH, POLICY_IS_READ
from shipby.application.cases.opening import close_case
from shipby.application.deadlines.clocks import BuyerAnswer, answer_for_buyer
from shipby.application.notices.tell_buyer import ask_buyer, hold_question
from shipby.application.ports.writes import SavePosting
from shipby.application.proof.audit_open_orders import audit_open_orders
from shipby.application.sellers.change_settings import change_settings
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import Wait, again_at
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError
from shipby.domain.events import EventType, case_ref, posting_ref, watch_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MAIN_LINE, RungKind, Scheme, Stage
from shipby.domain.sellers.settings import Automation, LatePolicy, Recipient
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces
from tests.unit.rating.index_support import index_is, look
from tests.unit.world_support import World, forget

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFERED = ("can_create_chat", "cancel", "set_cutoff", "ship")
ACTIVE: dict[str, Any] = {
    "policy": LatePolicy.CROSS_BORDER_RFBS,
    "auto_cancel": Automation.ON,
    "cancel_guard": False,
    "owners": {"*": "owner"},
    "recipients": (Recipient(name="owner"),),
}


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(**ACTIVE)
    world.arrives(actions=OFFERED, scheme=Scheme.RFBS, integration="non_integrated")
    return world


def ring_to(world: World, kind: RungKind, number: str = a.NUMBER) -> None:
    for _ in range(60):
        if kind in world.posting(number).fired:
            return
        assert world.ring_next(posting_ref(number)).outcome == "fired"
    raise AssertionError(f"{kind} never rang")


def cases(world: World, kind: CaseKind = CaseKind.HELD) -> list[Case]:
    found = [world.store.case(a.SELLER, identifier) for identifier in world.store.cases_in(a.SELLER).items]
    return [case for case in found if case is not None and case.kind is kind]


def held(world: World) -> Case:
    """The one held decision: owned, and with an alarm ahead that is not further away than a day."""
    (case,) = cases(world)
    assert case.owner == "owner"
    assert case.next_alarm is not None
    assert world.clock.now() < case.next_alarm.due <= world.clock.now() + DAY
    return case


def waits_for(world: World) -> Wait:
    case = held(world)
    assert case.held is not None
    return case.held.waits_for


def ring_case(world: World) -> str:
    """Wait for the held decision's own alarm, and let it ring."""
    case = held(world)
    assert case.next_alarm is not None
    world.clock.time = case.next_alarm.due
    alarm = AlarmRef(seller=a.SELLER, ref=case_ref(case.id), intent_id="", due=case.next_alarm.due)
    return ring(alarm, store=world.store, clock=world.clock).outcome


def again(world: World) -> dict[str, int]:
    """A round of the poll."""
    return decide_held(a.SELLER, store=world.store, clock=world.clock)


def cancels(world: World, number: str = a.NUMBER) -> list[str]:
    return [identifier for identifier in world.posting(number).open_intents if ".cancel." in identifier]


def closed_as(world: World, case: Case) -> str:
    found = world.store.case(a.SELLER, case.id)
    assert found is not None
    assert not found.open
    assert found.next_alarm is None
    return found.resolution


def give_up(world: World, **policy: Any) -> Case:
    world.policy(**policy)
    ring_to(world, RungKind.GIVE_UP_AT)
    assert world.posting().stage is Stage.EXPIRED
    assert cancels(world) == []
    return held(world)


# One test for each reason


def test_an_unknown_index_is_decided_as_soon_as_its_figures_are_there(world: World) -> None:
    case = give_up(world, cancel_guard=True)
    assert waits_for(world) is Wait.INDEX
    assert case.next_alarm is not None
    assert case.next_alarm.due - world.clock.now() == timedelta(minutes=1)
    assert again(world) == {"decided": 0, "held": 1, "moot": 0}
    index_is(world, "1.000", 1)
    look(world)
    assert again(world)["decided"] == 1
    assert len(cancels(world)) == 1
    assert "decided after all" in closed_as(world, case)


def test_an_unknown_index_is_looked_for_by_its_own_alarm_less_and_less_often_and_told_once_a_day(world: World) -> None:
    case = give_up(world, cancel_guard=True)
    began = world.clock.now()
    while world.clock.now() - began < 2 * DAY:
        assert ring_case(world) == "fired"
    history = world.store.events(a.SELLER, case_ref(case.id))
    assert 40 < len(history) < 70
    assert [stored.event.type for stored in history].count(EventType.CASE_REMINDED) == 2
    index_is(world, "1.000", 1)
    look(world)
    assert ring_case(world) == "fired"
    assert len(cancels(world)) == 1
    assert cases(world) == []


def test_what_would_reach_a_worse_band_waits_until_the_index_is_better(world: World) -> None:
    world.policy(cancel_guard=True)
    while world.posting().next_alarm.kind is not RungKind.GIVE_UP_AT:  # type: ignore[union-attr]  # it has one
        world.ring_next()
    index_is(world, "4.000", 4)
    look(world)
    give_up(world)
    assert waits_for(world) is Wait.GUARD
    index_is(world, "1.000", 1)
    world.clock.advance(HOUR)
    look(world)
    again(world)
    assert len(cancels(world)) == 1


def test_a_used_up_cap_waits_for_the_next_utc_day(world: World) -> None:
    case = give_up(world, caps={"cancel": 0}, time_zone="Asia/Vladivostok")
    assert waits_for(world) is Wait.CAP
    assert case.next_alarm is not None
    midnight = datetime.combine(world.clock.now().date() + DAY, datetime.min.time(), UTC)
    assert case.next_alarm.due == midnight
    assert ring_case(world) == "fired"
    assert held(world).version == 2
    world.policy(caps={"cancel": 1})
    assert ring_case(world) == "fired"
    assert len(cancels(world)) == 1
    assert cases(world) == []


def test_the_kill_switch_is_turned_off_and_the_sweep_after_it_decides(world: World) -> None:
    give_up(world, kill_switch=True)
    assert waits_for(world) is Wait.KILL_SWITCH
    settings = world.store.settings(a.SELLER)
    assert settings is not None
    now = world.clock.advance(timedelta(seconds=1))
    change_settings(replace(settings, kill_switch=False), settings.version, forget, store=world.store, now=now)
    watch = world.store.watch(a.SELLER, HELD_WATCH)
    assert watch is not None
    due = now + POLICY_IS_READ
    assert watch.next_alarm == a.alarm(due, RungKind.DECIDE_AGAIN)
    world.clock.time = due
    alarm = AlarmRef(seller=a.SELLER, ref=watch_ref(HELD_WATCH), intent_id="", due=due)
    assert [ring(alarm, store=world.store, clock=world.clock).outcome for _ in range(2)] == ["fired", "gone"]
    assert len(cancels(world)) == 1
    assert cases(world) == []


def test_settings_without_an_open_case_arm_nothing(world: World) -> None:
    settings = world.store.settings(a.SELLER)
    assert settings is not None
    change_settings(settings, settings.version, forget, store=world.store, now=world.clock.now())
    assert world.store.watch(a.SELLER, HELD_WATCH) is None


def test_another_open_call_is_waited_for_until_it_is_settled(world: World) -> None:
    asked = world.ask(IntentAction.SET_CUT_OFF)
    give_up(world)
    assert waits_for(world) is Wait.INTENT
    world.market.change(a.NUMBER, actions=("cancel",))
    world.clock.advance(timedelta(seconds=1))
    assert world.settle(asked).intent.state is IntentState.REJECTED
    again(world)
    assert len(cancels(world)) == 1


def test_a_buyer_who_is_asked_only_now_has_a_day_and_then_it_is_given_up(world: World) -> None:
    world.policy(auto_ask_buyer=Automation.ON)
    world.clock.time = a.CUT_OFF + 10 * DAY
    ring_to(world, RungKind.GIVE_UP_AT)
    assert world.posting().stage is not Stage.EXPIRED
    assert waits_for(world) is Wait.BUYER
    assert ring_case(world) == "fired"
    assert world.posting().stage is Stage.EXPIRED
    assert len(cancels(world)) == 1
    assert cases(world) == []


def test_a_refusal_of_the_marketplace_is_tried_again_once_the_act_is_offered(world: World) -> None:
    ring_to(world, RungKind.GIVE_UP_AT)
    (intent,) = cancels(world)
    world.market.change(a.NUMBER, actions=())
    world.clock.advance(timedelta(seconds=1))
    assert world.settle(intent).intent.state is IntentState.REJECTED
    assert waits_for(world) is Wait.MARKETPLACE
    assert "does not offer cancel" in held(world).reason
    assert ring_case(world) == "fired"
    assert cancels(world) == []
    world.market.change(a.NUMBER, actions=("cancel",))
    world.clock.advance(timedelta(seconds=1))
    world.read()
    again(world)
    assert len(cancels(world)) == 1


def test_a_switch_thrown_between_the_decision_and_its_call_holds_it_again(world: World) -> None:
    ring_to(world, RungKind.GIVE_UP_AT)
    (intent,) = cancels(world)
    world.policy(kill_switch=True)
    assert world.settle(intent).intent.state is IntentState.REJECTED
    assert waits_for(world) is Wait.KILL_SWITCH
    world.policy(kill_switch=False)
    again(world)
    assert len(cancels(world)) == 1


def test_a_marketplace_that_is_away_keeps_the_call_open_with_an_alarm_and_then_with_a_case(world: World) -> None:
    ring_to(world, RungKind.GIVE_UP_AT)
    (intent,) = cancels(world)
    while not cases(world, CaseKind.INTENT):
        assert world.ring_next(intent_id=intent).outcome == "fired"
        assert world.intent(intent).next_alarm is not None
    assert world.state(intent) is IntentState.PENDING


def test_a_watched_give_up_is_decided_by_the_next_look_once_the_switch_is_on(world: World) -> None:
    world.policy(auto_cancel=Automation.SHADOW)
    ring_to(world, RungKind.GIVE_UP_AT)
    world.policy(auto_cancel=Automation.ON)
    ring_to(world, RungKind.LOOK_AGAIN)
    assert world.posting().stage is Stage.EXPIRED
    assert len(cancels(world)) == 1


def test_a_refund_that_waits_for_a_second_person_is_a_case_until_that_word(world: World) -> None:
    world.policy(approve_above={"RUB": 0})
    world.return_opens()
    intent = world.decide()
    (case,) = cases(world, CaseKind.INTENT)
    assert (case.subject, case.owner, world.intent(intent).next_alarm is not None) == (intent, "owner", True)
    world.policy(approve_above={})


# Other moves


def test_a_move_of_the_date_is_made_late_but_before_the_date(world: World) -> None:
    world.policy(auto_move_date=Automation.ON, kill_switch=True)
    ring_to(world, RungKind.MOVE_DATE_AT)
    assert waits_for(world) is Wait.KILL_SWITCH
    world.policy(kill_switch=False)
    again(world)
    assert [".set_cut_off." in intent for intent in world.posting().open_intents] == [True]


def test_a_date_that_has_passed_meanwhile_is_not_moved_any_more(world: World) -> None:
    world.policy(auto_move_date=Automation.ON, kill_switch=True)
    ring_to(world, RungKind.MOVE_DATE_AT)
    case = held(world)
    world.policy(kill_switch=False)
    world.clock.time = a.CUT_OFF
    assert again(world)["moot"] == 1
    assert "passed" in closed_as(world, case)


def ask(world: World, version: int) -> str:
    markets = FakeMarketplaces({a.SELLER: world.market})
    return ask_buyer(a.SELLER, a.NUMBER, version, store=world.store, marketplaces=markets, clock=world.clock)


def due_questions(world: World) -> list[int]:
    return [stored.version for stored in world.history() if stored.event.type is EventType.BUYER_ASK_DUE]


@pytest.mark.parametrize("when", ["when it rings", "when it is sent", "the marketplace is away"])
def test_a_question_to_the_buyer_that_is_stopped_is_asked_later(world: World, when: str) -> None:
    world.policy(auto_ask_buyer=Automation.ON, kill_switch=when == "when it rings")
    ring_to(world, RungKind.ASK_BUYER_AT)
    if when == "when it is sent":
        world.policy(kill_switch=True)
        assert ask(world, due_questions(world)[-1]) == "undeliverable"
    elif when == "the marketplace is away":
        away = MarketplaceUnavailableError("away")
        hold_question(a.SELLER, a.NUMBER, away, store=world.store, now=world.clock.now())
    held(world)
    world.policy(kill_switch=False)
    assert again(world)["decided"] == 1
    assert ask(world, due_questions(world)[-1]) == "asked"
    assert again(world) == {"decided": 0, "held": 0, "moot": 0}


# What became of the posting meanwhile


def cancelled(world: World) -> None:
    world.market.cancel_by(a.NUMBER, "client")
    world.clock.advance(timedelta(seconds=1))
    world.read()


def shipped(world: World) -> None:
    world.market.change(a.NUMBER, status="delivering", actions=())
    world.clock.advance(timedelta(seconds=1))
    world.read()


def overridden(world: World) -> None:
    world.do(Command.OVERRIDE, reason="the courier waits")


def moved_later(world: World) -> None:
    world.market.change(a.NUMBER, shipment_date=world.clock.now() + DAY, without_delay=None)
    world.clock.advance(timedelta(seconds=1))
    world.read()


def wanted(world: World) -> None:
    answer = BuyerAnswer(seller=a.SELLER, number=a.NUMBER, actor="key:k1", wanted=True)
    answer_for_buyer(answer, forget, store=world.store, clock=world.clock)


def switched_off(world: World) -> None:
    world.policy(auto_cancel=Automation.OFF)


def asked_by_a_person(world: World) -> None:
    world.ask(IntentAction.CANCEL)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (cancelled, "it is cancelled"),
        (shipped, "it is in_transit"),
        (overridden, "still sent"),
        (moved_later, "its date has moved"),
        (wanted, "still wants it"),
        (switched_off, "a person decides"),
        (asked_by_a_person, "being cancelled"),
    ],
)
def test_a_decision_that_makes_no_sense_any_more_is_dropped_with_its_case(
    world: World, happens: Callable[[World], None], says: str
) -> None:
    case = give_up(world, caps={"cancel": 0})
    happens(world)
    world.policy(caps={"cancel": 10})
    before = world.posting().open_intents
    assert again(world) == {"decided": 0, "held": 0, "moot": 1}
    assert says in closed_as(world, case)
    assert world.posting().open_intents == before
    told = world.store.events(a.SELLER, case_ref(case.id))[-1].event
    assert told.type is EventType.CASE_CLOSED


def test_a_second_reason_after_the_first_is_told_at_once_and_waits_anew(world: World) -> None:
    case = give_up(world, cancel_guard=True, caps={"cancel": 0})
    assert waits_for(world) is Wait.INDEX
    index_is(world, "1.000", 1)
    look(world)
    again(world)
    assert waits_for(world) is Wait.CAP
    assert held(world).id == case.id
    assert world.store.events(a.SELLER, case_ref(case.id))[-1].event.type is EventType.CASE_REMINDED
    world.policy(caps={"cancel": 5}, kill_switch=True)
    again(world)
    assert waits_for(world) is Wait.KILL_SWITCH
    world.policy(kill_switch=False)
    again(world)
    assert cases(world) == []
    assert len(cancels(world)) == 1


# Many at once, and two at once


def test_all_of_a_seller_are_decided_when_the_index_comes_in_bounded_batches() -> None:
    world = World()
    world.policy(**{**ACTIVE, "cancel_guard": True, "caps": {"cancel": 100}})
    numbers = [f"n-{n}" for n in range(7)]
    for number in numbers:
        world.arrives(number, actions=OFFERED)
        ring_to(world, RungKind.GIVE_UP_AT, number)
    assert len(cases(world)) == 7
    world.policy(cancel_guard=False)
    done = [decide_held(a.SELLER, store=world.store, clock=world.clock, most=3)["decided"] for _ in range(3)]
    assert done == [3, 3, 1]
    assert cases(world) == []
    assert all(len(cancels(world, number)) == 1 for number in numbers)


def test_one_that_cannot_be_decided_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.policy(**{**ACTIVE, "kill_switch": True})
    for number in ("n-0", "n-1"):
        world.arrives(number, actions=OFFERED)
        ring_to(world, RungKind.GIVE_UP_AT, number)
    world.policy(kill_switch=False)
    posting = world.store.posting

    def broken(seller: str, number: str) -> Any:
        if number == "n-0":
            raise InvalidInputError("an odd row")
        return posting(seller, number)

    monkeypatch.setattr(world.store, "posting", broken)
    assert again(world) == {"decided": 1, "held": 0, "moot": 0, "failed": 1}


def test_a_look_that_finds_nothing_new_writes_nothing(world: World) -> None:
    for stop in ({"cancel_guard": True}, {"kill_switch": True}):
        give_up(world, **stop)
        before = (world.posting().version, held(world).version)
        again(world)
        assert (world.posting().version, held(world).version) == before


def test_of_two_who_decide_at_once_one_cancels_and_the_other_finds_it_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = give_up(world, kill_switch=True)
    world.policy(kill_switch=False)
    commit, first = world.store.commit, [True]

    def overtaken(writes: Any) -> None:
        if first.pop() if first else False:
            assert decide_again(a.SELLER, case.id, store=world.store, clock=world.clock) == "decided"
        commit(writes)

    monkeypatch.setattr(world.store, "commit", overtaken)
    assert decide_again(a.SELLER, case.id, store=world.store, clock=world.clock) == "gone"
    assert len(cancels(world)) == 1
    assert world.store.cap_used(a.SELLER, "cancel", world.clock.now().date()) == 1


def test_the_alarm_that_loses_to_the_poll_is_gone(world: World) -> None:
    case = give_up(world, kill_switch=True)
    world.policy(kill_switch=False)
    again(world)
    assert case.next_alarm is not None
    world.clock.time = case.next_alarm.due
    alarm = AlarmRef(seller=a.SELLER, ref=case_ref(case.id), intent_id="", due=case.next_alarm.due)
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"


# The audit


def test_the_audit_finds_a_held_decision_that_nothing_waits_for_and_gives_it_its_case(world: World) -> None:
    case = give_up(world, kill_switch=True)
    now = world.clock.now()
    close_case(world.store, seller=a.SELLER, identifier=case.id, resolution="lost", now=now, actor="x")
    world.policy(kill_switch=False)
    report = audit_open_orders(a.SELLER, store=world.store, clock=world.clock)
    assert [found.rule for found in report.violations if found.rule == "held"] == ["held"]
    held(world)
    report = audit_open_orders(a.SELLER, store=world.store, clock=world.clock)
    assert [found.rule for found in report.violations if found.rule == "held"] == []
    again(world)
    assert len(cancels(world)) == 1


def test_a_closed_case_of_an_expired_posting_comes_back_with_the_next_look(world: World) -> None:
    case = give_up(world, kill_switch=True)
    close_case(
        world.store, seller=a.SELLER, identifier=case.id, resolution="lost", now=world.clock.now(), actor="key:k1"
    )
    ring_to(world, RungKind.LOOK_AGAIN)
    assert held(world).id != case.id


# When


def test_no_reason_waits_longer_than_a_day_and_each_grows() -> None:
    for wait in Wait:
        for age in (timedelta(0), HOUR, 30 * DAY):
            due = again_at(wait, a.NOW - age, a.NOW)
            assert a.NOW < due <= a.NOW + DAY
    assert again_at(Wait.CAP, a.NOW, datetime(2026, 3, 2, 0, 0, tzinfo=UTC)) == datetime(2026, 3, 3, tzinfo=UTC)


# Not accepted


def test_what_the_sorting_centre_misses_has_a_clock_a_case_and_an_end(world: World) -> None:
    since = world.clock.advance(timedelta(seconds=1))
    world.market.change(a.NUMBER, status="not_accepted", substatus="posting_not_in_sort_center", actions=())
    assert world.read().stage is Stage.BLOCKED
    (case,) = cases(world, CaseKind.NOT_ACCEPTED)
    assert (case.subject, case.owner, "open a dispute" in case.reason) == (a.NUMBER, "owner", True)
    rungs = [rung.due for rung in world.posting().rungs if rung.kind is RungKind.NOT_ACCEPTED_BY]
    assert rungs == [since + DAY, since + 11 * DAY, since + 14 * DAY]
    world.clock.advance(HOUR)
    world.read()
    assert [rung.due for rung in world.posting().rungs if rung.kind is RungKind.NOT_ACCEPTED_BY] == rungs
    world.market.change(a.NUMBER, status="awaiting_deliver", substatus="posting_in_carriage")
    world.clock.advance(HOUR)
    assert world.read().not_accepted_since is None
    assert cases(world, CaseKind.NOT_ACCEPTED) == []


@pytest.mark.parametrize("stage", [stage for stage in MAIN_LINE if stage not in BEFORE_HAND_OVER][:2])
def test_a_missed_parcel_that_had_left_rings_all_the_same(world: World, stage: Stage) -> None:
    posting = world.posting()
    gone = rewind(replace(posting, version=posting.version + 1, stage=stage, status="awaiting_deliver"))
    world.write(SavePosting(gone))
    world.market.change(a.NUMBER, status="not_accepted", actions=())
    world.clock.advance(timedelta(seconds=1))
    blocked = world.read()
    assert blocked.next_alarm is not None
    assert blocked.next_alarm.kind is RungKind.NOT_ACCEPTED_BY
    while RungKind.LOOK_AGAIN not in world.posting().fired:
        world.ring_next()
    told = [s.event for s in world.history() if s.event.data.get("rung") == RungKind.NOT_ACCEPTED_BY]
    assert [event.type for event in told] == [EventType.POSTING_REMINDED] * 3
