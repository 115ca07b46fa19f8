"""Held decisions: each has a case with an owner and an alarm, is decided once what it waits for is there, and ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.cases.held import HELD_WATCH, POLICY_IS_READ
from shipby.application.sellers.change_settings import change_settings
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.held import Wait
from shipby.domain.events import EventType, case_ref, watch_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.unit.cases.held_support import (
    DAY,
    HOUR,
    active_shop,
    again,
    cancels,
    cases,
    closed_as,
    give_up,
    held,
    ring_case,
    ring_to,
    waits_for,
)
from tests.unit.rating.index_support import index_is, look
from tests.unit.world_support import World, forget


@pytest.fixture
def world() -> World:
    return active_shop()


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
    change_settings(
        replace(settings, kill_switch=False), settings.version, forget, actor="key:k1", store=world.store, now=now
    )
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
    change_settings(settings, settings.version, forget, actor="key:k1", store=world.store, now=world.clock.now())
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
