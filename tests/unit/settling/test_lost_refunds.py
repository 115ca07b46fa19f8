"""A refund whose answer was lost is done only if its return says so: nothing is offered any more for many reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shipby.domain.cases.case import CaseKind
from shipby.domain.intents import IntentState
from tests.support import builders as a
from tests.support.fake_marketplace import FULL_REFUND, REJECT, Fault
from tests.unit.world_support import World

DONE = [
    ("REFUNDED", ""),
    ("MoneyReturned", ""),
    ("FINISHED", "Деньги возвращены покупателю"),
    ("FINISHED", "Возврат средств выполнен"),
]
SOMETHING_ELSE = [
    ("COMPENSATED_BY_OZON", ""),
    ("RefundedByMarketplace", ""),
    ("FINISHED", "Возвращены средства маркетплейсом Ozon"),
    ("REJECTED", ""),
    ("CANCELLED", ""),
    ("CANCELLED", "Отменён покупателем"),
    ("MOVING_TO_OZON", ""),
    ("ReturnedToOzon", ""),
    ("UTILIZED", ""),
    ("FINISHED", "Товар утилизирован"),
    ("APPROVED", ""),
    ("CLOSED", ""),
    ("", ""),
    ("STATE_OF_NEXT_YEAR", "Нечто новое"),
]


def lost(action: int = FULL_REFUND, **more: Any) -> tuple[World, str]:
    """A decision whose call never reached the marketplace, and nobody knows."""
    world = World()
    world.return_opens(quantity=1)
    intent = world.decide(action, refund=action == FULL_REFUND, **more)
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    world.settle(intent)
    assert world.intent(intent).state is IntentState.UNKNOWN
    world.clock.advance(timedelta(minutes=2))
    return world, intent


@pytest.mark.parametrize(("state", "name"), DONE)
def test_it_is_done_where_the_return_says_that_the_money_was_given_back(state: str, name: str) -> None:
    world, intent = lost()
    world.market.change_return(a.RETURN_ID, actions=(), state=state, state_name=name)
    world.settle(intent)
    assert world.intent(intent).state is IntentState.CONFIRMED
    assert world.ledger().refunded > 0


@pytest.mark.parametrize(("state", "name"), SOMETHING_ELSE)
def test_whatever_else_ended_the_return_leaves_it_open_for_a_person(state: str, name: str) -> None:
    world, intent = lost()
    world.market.change_return(a.RETURN_ID, actions=(), state=state, state_name=name)
    world.settle(intent)
    assert world.intent(intent).state is IntentState.UNKNOWN
    assert world.ledger().refunded == 0
    assert world.ledger().reserved > 0, "set aside until somebody knows"
    world.clock.advance(timedelta(hours=1))
    world.settle(intent)
    cases = [world.store.case(a.SELLER, identifier) for identifier in world.store.cases_in(a.SELLER).items]
    assert CaseKind.INTENT in [case.kind for case in cases if case is not None]
    assert world.intent(intent).next_alarm is not None, "it is taken up again"
    # Later the return says what became of it.
    world.clock.advance(timedelta(hours=1))
    world.market.change_return(a.RETURN_ID, state="REFUNDED", state_name="")
    world.settle(intent)
    assert world.intent(intent).state is IntentState.CONFIRMED


@pytest.mark.parametrize("state", ["STATE_OF_NEXT_YEAR", "CLOSED", ""])
def test_a_call_that_was_answered_needs_no_words(state: str) -> None:
    world = World()
    world.return_opens(quantity=1)
    intent = world.decide()
    real = world.market.act_on_return

    def act(return_id: str, action_id: int, **more: object) -> None:
        real(return_id, action_id, **more)  # type: ignore[arg-type]  # as the port has it
        world.market.change_return(return_id, state=state, state_name="")

    world.market.act_on_return = act  # type: ignore[method-assign]  # a double of the test
    world.settle(intent)
    assert world.intent(intent).state is IntentState.CONFIRMED


def test_an_answer_is_remembered_where_the_return_does_not_show_it_at_once() -> None:
    world = World()
    world.return_opens(quantity=1)
    intent = world.decide()
    real = world.market.act_on_return

    def act(return_id: str, action_id: int, **more: object) -> None:
        before = world.market.return_book[return_id]
        real(return_id, action_id, **more)  # type: ignore[arg-type]  # as the port has it
        world.market.return_book[return_id] = before

    world.market.act_on_return = act  # type: ignore[method-assign]  # a double of the test
    world.settle(intent)
    assert world.intent(intent).state is IntentState.UNKNOWN
    world.clock.advance(timedelta(minutes=2))
    world.settle(intent)
    world.clock.advance(timedelta(minutes=2))
    world.market.change_return(a.RETURN_ID, actions=(), state="STATE_OF_NEXT_YEAR")
    world.settle(intent)
    assert world.intent(intent).state is IntentState.CONFIRMED


@pytest.mark.parametrize(
    ("state", "wanted"),
    [("REJECTED", IntentState.CONFIRMED), ("CLOSED", IntentState.UNKNOWN), ("REFUNDED", IntentState.UNKNOWN)],
)
def test_a_rejection_without_an_answer_is_held_to_the_same(state: str, wanted: IntentState) -> None:
    world, intent = lost(REJECT, comment="worn", rejection_reason_id=7)
    world.market.change_return(a.RETURN_ID, actions=(), state=state)
    world.settle(intent)
    assert world.intent(intent).state is wanted
