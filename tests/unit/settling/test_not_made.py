"""A decision on a return that came to nothing is never "done", on whatever way it is settled."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.domain.errors import MarketplaceRefusedError
from shipby.domain.events import return_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Scheme
from shipby.domain.returns.actions import speaks_against
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import ASK_GOODS, FULL_REFUND, Fault
from tests.unit.world_support import World, money

REJECT = -1
ENDS = (
    {"state": "REJECTED"},
    {"state": "X", "state_name": "Заявка отклонена"},
    {"state": "ClosedByBuyer", "state_name": "Покупатель отменил возврат"},
    {"state": "CLOSED", "rejected": True},
)
"""How a return looks that somebody else ended without money."""


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens(quantity=2)
    return world


def lost(world: World, action: int = FULL_REFUND, fault: Fault = Fault.TIMEOUT_BEFORE, **more: Any) -> str:
    identifier = world.decide(action, **more)
    world.market.fail("act_on_return", fault)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    return identifier


def ends(world: World, **how: Any) -> None:
    world.market.change_return(a.RETURN_ID, actions=(), **how)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("decision", [{}, {"action": COMPENSATE_ACTION, "amount": money(4_999)}])
def test_a_return_that_somebody_rejected_meanwhile_proves_no_refund(
    world: World, end: dict[str, Any], decision: dict[str, Any]
) -> None:
    identifier = lost(world, **decision)
    ends(world, **end)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.ledger().refunded == 0
    world.clock.advance(timedelta(minutes=16))
    world.settle(identifier)
    [case_id] = world.store.cases_in(a.SELLER).items
    case = world.store.case(a.SELLER, case_id)
    assert case is not None
    assert "speaks against" in case.reason


@pytest.mark.parametrize("end", ENDS)
def test_neither_the_alarm_nor_the_days_comparison_takes_it_for_done(world: World, end: dict[str, Any]) -> None:
    identifier = lost(world)
    ends(world, **end)
    for _ in range(4):
        world.ring_next(return_ref(a.RETURN_ID), intent_id=identifier)
        world.settle(identifier)
    compare_accruals(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock, at_once=True)
    assert world.state(identifier) is IntentState.UNKNOWN
    assert (world.ledger().reserved, world.ledger().refunded) == (25_000, 0)


@pytest.mark.parametrize("end", ENDS)
def test_an_answer_that_a_rejection_contradicts_is_not_believed(world: World, end: dict[str, Any]) -> None:
    identifier = world.decide()

    def somebody_is_faster(call: str) -> None:
        if call == "return_details" and world.market.books.decided[a.RETURN_ID]:
            ends(world, **end)

    world.market.on_call = somebody_is_faster
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.ledger().refunded == 0


@pytest.mark.parametrize("end", ENDS)
def test_a_worker_that_died_behind_a_refusal_does_not_turn_it_into_a_refund(world: World, end: dict[str, Any]) -> None:
    identifier = world.decide()
    real = world.market.act_on_return

    class Died(BaseException):
        pass

    def refused_and_dead(*args: Any, **more: Any) -> None:
        ends(world, **end)
        with pytest.raises(MarketplaceRefusedError):
            real(*args, **more)
        raise Died

    world.market.act_on_return = refused_and_dead  # type: ignore[method-assign]  # a double of the test
    with pytest.raises(Died):
        world.settle(identifier)
    assert world.state(identifier) is IntentState.SENT
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.ledger().refunded == 0


def test_asking_for_goods_of_a_return_that_was_rejected_is_not_done(world: World) -> None:
    identifier = lost(world, ASK_GOODS, refund=False)
    ends(world, state="REJECTED")
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN


@pytest.mark.parametrize("state", ["MoneyReturned", "REFUNDED", "COMPENSATED"])
def test_a_rejection_is_not_done_where_the_money_was_given_back(world: World, state: str) -> None:
    identifier = lost(world, REJECT, refund=False, comment="used", rejection_reason_id=1)
    ends(world, state=state)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN


def test_a_rejection_before_a_dispute_says_nothing_of_the_refund_after_it(world: World) -> None:
    world.market.change_return(a.RETURN_ID, rejected=True)
    identifier = lost(world, fault=Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.ledger().refunded == 25_000


@pytest.mark.parametrize(
    ("state", "name", "payment", "expected"),
    [
        ("REJECTED", "", True, True),
        ("", "Возврат отклонён продавцом", True, True),
        ("", "Отказано", True, True),
        ("Canceled", "", True, True),
        ("MoneyReturned", "Деньги возвращены", True, False),
        ("Arbitration", "", True, True),
        ("Disputed", "", True, True),
        ("", "Открыт спор", True, True),
        ("Expired", "Срок истёк", True, True),
        ("AFTER_5", "", True, False),
        ("MoneyReturned", "", False, True),
        ("", "Деньги возвращены", False, True),
        ("REJECTED", "Отклонён", False, False),
    ],
)
def test_words_of_a_state_only_ever_speak_against(state: str, name: str, payment: bool, expected: bool) -> None:
    assert speaks_against(state, name, payment=payment) is expected
