"""Decisions on returns that the seller's policy takes by itself: made once, only watched, or left to a person."""

from typing import Any

import pytest

from shipby.domain.events import EventType, return_ref
from shipby.domain.intents import IntentState
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import ReturnStage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.returns.return_support import (
    GOODS_CAME,
    ON_APPROVAL,
    decide_alone,
    dispose,
    later,
    poll,
    step,
    steps,
)
from tests.unit.world_support import World


@pytest.fixture
def world() -> World:
    return World()


# By itself


def test_in_shadow_mode_a_suggestion_is_noted_once_and_nothing_is_asked(world: World) -> None:
    world.policy(auto_return=Automation.SHADOW)
    world.return_opens(actions=ON_APPROVAL)
    poll(world)
    poll(world)
    assert world.return_types().count(EventType.AUTOMATION_SHADOWED) == 1
    (noted,) = world.store.shadows_on(a.SELLER, a.NOW.date()).items
    assert noted.data["decision"] == "take_back"
    assert world.case().open_intent == ""
    assert world.market.books.decided == {}


def test_switched_on_the_suggestion_is_carried_out_once(world: World) -> None:
    world.policy(auto_return=Automation.SHADOW)
    world.return_opens(actions=ON_APPROVAL, quantity=2)
    poll(world)
    policy = ReturnPolicy(product_type="*", keep_goods_below=100_000, compensate_percent=20)
    world.policy(auto_return=Automation.ON, return_policies=(policy,))
    poll(world)
    identifier = world.case().open_intent
    intent = world.intent(identifier)
    assert intent.amount == a.rub("50.00")
    assert intent.policy_version == 3
    assert intent.actor == "system:returns"
    assert decide_alone(world) == "not_now"
    world.settle(identifier)
    poll(world)
    assert world.market.books.paid_back[a.RETURN_ID] == [5_000]
    assert world.market.books.decided[a.RETURN_ID] == [1020]


def test_a_refused_automatic_decision_is_not_asked_again(world: World) -> None:
    world.policy(auto_return=Automation.ON)
    world.return_opens(actions=ON_APPROVAL)
    assert decide_alone(world) == "asked"
    world.market.fail("act_on_return", Fault.REFUSE)
    assert world.settle(world.case().open_intent).intent.state is IntentState.REJECTED
    assert decide_alone(world) == "not_now"
    assert world.case().intent_count == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"return_policies": (ReturnPolicy(product_type="*", window_days=0),)},
        {"caps": {"return_action": 0}},
        {"kill_switch": True},
    ],
    ids=["a rejection needs words", "the cap is used up", "the switch is thrown"],
)
def test_what_may_not_be_decided_by_itself_is_left_to_a_person_and_told_once(
    world: World, changes: dict[str, Any]
) -> None:
    world.policy(auto_return=Automation.ON, **changes)
    world.return_opens(actions=ON_APPROVAL)
    assert decide_alone(world) == "held"
    assert decide_alone(world) == "not_now"
    assert world.return_types().count(EventType.AUTOMATION_HELD) == 1
    assert world.case().open_intent == ""


def test_no_automatic_decision_is_made_after_its_clock_and_a_person_still_may(world: World) -> None:
    world.policy(auto_return=Automation.ON)
    world.return_opens(actions=ON_APPROVAL)
    later(world, hours=25)
    assert decide_alone(world) == "too_late"
    assert world.case().open_intent == ""
    assert world.settle(world.decide()).intent.state is IntentState.CONFIRMED


def test_an_automatic_decision_that_waited_past_the_clock_is_not_sent(world: World) -> None:
    world.policy(auto_return=Automation.ON)
    world.return_opens(actions=ON_APPROVAL)
    assert decide_alone(world) == "asked"
    later(world, hours=25)
    settled = world.settle(world.case().open_intent).intent
    assert settled.state is IntentState.REJECTED
    assert "time to decide" in settled.outcome
    assert world.market.books.decided == {}


def test_the_reminder_is_the_last_moment_for_the_policy(world: World) -> None:
    world.return_opens(actions=ON_APPROVAL)
    world.policy(auto_return=Automation.ON)
    world.ring_next(return_ref(a.RETURN_ID))
    assert world.case().open_intent


def test_receipt_is_confirmed_by_itself_after_the_goods_were_put_away(world: World) -> None:
    world.policy(auto_return=Automation.ON)
    world.return_opens(actions=GOODS_CAME)
    assert decide_alone(world) == "not_now"
    step(world, "receive", a.RETURN_ID)
    step(world, "inspect", a.RETURN_ID, condition="new")
    dispose(world, "restock", a.RETURN_ID)
    assert steps(world, a.RETURN_ID) == ["stock", "marketplace"]
    world.settle(world.case().open_intent)
    assert world.market.books.decided[a.RETURN_ID] == [1040]
    assert world.case().stage is not ReturnStage.DECIDED


def test_off_is_off(world: World) -> None:
    world.policy(auto_return=Automation.OFF)
    world.return_opens(actions=ON_APPROVAL)
    poll(world)
    assert world.return_types() == [EventType.RETURN_OPENED]
