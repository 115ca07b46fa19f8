"""Held decisions of returns, of buyers' wishes to cancel, and of postings that ship themselves."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.decide_again import decide_held
from shipby.application.alarms.ringing import ring
from shipby.application.cases.held import held_case
from shipby.application.ports.writes import SaveSettings
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import Wait
from shipby.domain.events import EventType, Ref, cancel_request_ref, case_ref, posting_ref, return_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import RungKind
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.cancels.cancel_request_support import ID, Plea
from tests.unit.intents.test_assemble import Shop
from tests.unit.returns.return_support import ON_APPROVAL, decide_alone, later
from tests.unit.world_support import World

RETURN = return_ref(a.RETURN_ID)


def held(world: Any, ref: Ref, action: str) -> Case:
    case = held_case(world.store, a.SELLER, ref, action)
    assert case is not None
    assert case.next_alarm is not None
    return case


def again(world: Any) -> dict[str, int]:
    return decide_held(a.SELLER, store=world.store, clock=world.clock)


def returned(**policy: Any) -> World:
    world = World()
    world.policy(auto_return=Automation.ON, **policy)
    world.return_opens(actions=ON_APPROVAL)
    decide_alone(world)
    return world


# Returns


@pytest.mark.parametrize(
    ("stop", "wait", "lift"),
    [
        ({"kill_switch": True}, Wait.KILL_SWITCH, {"kill_switch": False}),
        ({"caps": {"return_action": 0}}, Wait.CAP, {"caps": {"return_action": 5}}),
        ({"refund_cap": {"RUB": 1}}, Wait.CAP, {"refund_cap": {}}),
    ],
    ids=["kill switch", "cap of decisions", "cap of money"],
)
def test_a_stopped_decision_on_a_return_is_taken_once_nothing_stops_it(
    stop: dict[str, Any], wait: Wait, lift: dict[str, Any]
) -> None:
    world = returned(**stop, return_policies=(ReturnPolicy(product_type="*", keep_goods_below=10**9),))
    case = held(world, RETURN, "return_action")
    assert case.held is not None
    assert case.held.waits_for is wait
    before = world.case().version
    assert again(world)["held"] == 1
    assert world.case().version == before
    world.policy(**lift)
    assert again(world)["decided"] == 1
    assert world.case().open_intent
    assert held_case(world.store, a.SELLER, RETURN, "return_action") is None
    assert world.return_types().count(EventType.AUTOMATION_HELD) == 1


def test_a_rejection_waits_for_a_persons_words_and_ends_with_them() -> None:
    world = returned(return_policies=(ReturnPolicy(product_type="*", window_days=0),))
    case = held(world, RETURN, "return_action")
    assert case.held is not None
    assert case.held.waits_for is Wait.PERSON
    world.decide(1000)
    assert again(world)["moot"] == 1


def test_a_decision_whose_clock_is_over_is_dropped() -> None:
    world = returned(kill_switch=True)
    later(world, hours=25)
    assert again(world)["moot"] == 1


def test_the_reminder_of_a_return_takes_a_held_decision_again() -> None:
    world = returned(kill_switch=True)
    world.policy(kill_switch=False)
    while world.case().next_alarm.kind is not RungKind.DECIDE_REMIND:  # type: ignore[union-attr]  # it has one
        world.ring_next(RETURN)
    world.ring_next(RETURN)
    assert world.case().open_intent
    assert held_case(world.store, a.SELLER, RETURN, "return_action") is None


def test_a_refused_decision_is_a_case_and_is_asked_again_only_if_something_else_is_offered() -> None:
    world = returned()
    world.market.fail("act_on_return", Fault.REFUSE)
    assert world.settle(world.case().open_intent).intent.state is IntentState.REJECTED
    case = held(world, RETURN, "return_action")
    assert again(world)["held"] == 1
    assert case.next_alarm is not None
    world.clock.time = case.next_alarm.due
    alarm = AlarmRef(seller=a.SELLER, ref=case_ref(case.id), intent_id="", due=case.next_alarm.due)
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "fired"
    assert world.case().intent_count == 1
    assert held(world, RETURN, "return_action").id == case.id


def test_a_refund_for_a_second_person_has_a_case_that_ends_with_their_word() -> None:
    world = returned(
        approve_above={"RUB": 0},
        return_policies=(ReturnPolicy(product_type="*", keep_goods_below=10**9),),
    )
    intent = world.case().open_intent
    assert world.state(intent) is IntentState.PROPOSED
    found = [world.store.case(a.SELLER, one) for one in world.store.cases_in(a.SELLER).items]
    assert [(case.kind, case.subject) for case in found if case] == [(CaseKind.INTENT, intent)]
    assert world.intent(intent).next_alarm is not None


# Wishes to cancel


@pytest.mark.parametrize(
    ("stop", "lift"),
    [
        ({"kill_switch": True}, {"kill_switch": False}),
        ({"caps": {"cancel_request": 0}}, {"caps": {"cancel_request": 5}}),
    ],
    ids=["kill switch", "cap"],
)
def test_a_stopped_answer_to_a_buyer_is_given_once_nothing_stops_it(stop: dict[str, Any], lift: dict[str, Any]) -> None:
    world = Plea()
    world.policy(auto_cancel_request=Automation.ON, **stop)
    world.asks()
    world.poll()
    ref = cancel_request_ref(ID)
    held(world, ref, "cancel_request")
    assert again(world)["held"] == 1
    world.policy(**lift)
    assert again(world)["decided"] == 1
    assert world.plea().open_intent
    assert held_case(world.store, a.SELLER, ref, "cancel_request") is None


def test_an_answer_whose_time_is_over_is_dropped() -> None:
    world = Plea()
    world.policy(auto_cancel_request=Automation.ON, kill_switch=True)
    world.asks()
    world.poll()
    world.clock.advance(timedelta(hours=49))
    assert again(world)["moot"] == 1


# Postings that ship themselves


@pytest.mark.parametrize(
    ("stop", "lift"),
    [({"kill_switch": True}, {"kill_switch": False}), ({"caps": {"ship": 0}}, {"caps": {"ship": 5}})],
    ids=["kill switch", "cap"],
)
def test_a_posting_that_may_not_ship_itself_does_so_later(stop: dict[str, Any], lift: dict[str, Any]) -> None:
    shop = Shop(auto_assemble=Automation.ON, **stop)
    shop.has()
    assert shop.assemble() == "held"
    ref = posting_ref(a.NUMBER)
    held(shop, ref, "ship")
    assert again(shop)["held"] == 1
    shop.store.commit([SaveSettings(a.settings(version=2, auto_assemble=Automation.ON, **lift))])
    assert again(shop)["decided"] == 1
    assert held_case(shop.store, a.SELLER, ref, "ship") is None
    assert len(shop.store.intents(a.SELLER, ref)) == 1
