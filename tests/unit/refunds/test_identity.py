"""Equal amounts are no identity: an accrual is of one refund, by its return, goods, pieces and day, or of none."""

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.ports.writes import SaveIntent
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Scheme
from shipby.domain.refunds.ledger import AccrualState
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_accruals import COMPENSATION, FEE
from tests.support.fake_marketplace import FULL_REFUND, GOODS_RECEIVED, Fault, offer
from tests.unit.refunds.identity_support import (
    DAY,
    R1,
    R2,
    SKU,
    charge,
    compare,
    entry,
    in_the_cabinet,
    lost,
    made,
    money_case,
    two_returns,
    unproven,
)
from tests.unit.world_support import World, money


@pytest.fixture
def world() -> World:
    return two_returns()


# A lost call -----------------------------------------------------------------------------------------------------


def test_what_its_return_still_offers_was_not_done_whatever_was_charged(world: World) -> None:
    first = lost(world, moves_on=False)
    in_the_cabinet(world)
    charge(world)
    compare(world)
    assert unproven(world, first)


def test_what_its_return_shows_done_is_settled_by_that_and_needs_no_accrual(world: World) -> None:
    first = lost(world, moves_on=False, fault=Fault.TIMEOUT_AFTER)
    world.market.accruals.book.clear()
    assert compare(world).settled == 1
    assert world.state(first) is IntentState.CONFIRMED
    assert "accrued" not in world.intent(first).read_back


def test_alone_it_is_proven_by_an_accrual_of_its_goods_pieces_and_day(world: World) -> None:
    first = lost(world)
    charge(world, sku=SKU, quantity=1)
    assert compare(world).settled == 1
    assert world.state(first) is IntentState.CONFIRMED
    assert entry(world, first).accrual is AccrualState.MATCHES


def test_an_accrual_that_may_be_of_a_return_decided_in_the_cabinet_is_a_persons(world: World) -> None:
    first = lost(world)
    in_the_cabinet(world)
    charge(world, sku=SKU, quantity=1)
    compare(world)
    assert unproven(world, first)
    case = money_case(world)
    assert case is not None
    assert first in case.reason
    assert "equal amounts prove nothing" in case.reason


@pytest.mark.parametrize("missing", [{"sku": ""}, {"quantity": 0}, {"on": None}])
def test_an_accrual_that_names_no_goods_pieces_or_day_proves_no_lost_call(
    world: World, missing: dict[str, Any]
) -> None:
    """The marketplace's own refund after a cancel is such a one."""
    first = lost(world)
    charge(world, **missing)
    compare(world)
    assert unproven(world, first)


def test_an_accrual_for_each_proves_both(world: World) -> None:
    first = lost(world)
    in_the_cabinet(world)
    charge(world)
    charge(world)
    compare(world)
    assert world.state(first) is IntentState.CONFIRMED


def test_a_return_that_we_never_saw_counts_as_well(world: World) -> None:
    first = lost(world)
    world.market.open_return(
        a.marketplace_return(id="9", posting_number=a.NUMBER, quantity=1, actions=(), state="MoneyReturned")
    )
    charge(world)
    compare(world)
    assert unproven(world, first)


def test_of_two_lost_calls_of_one_amount_one_accrual_proves_neither(world: World) -> None:
    first, second = lost(world), lost(world, R2)
    charge(world)
    compare(world)
    assert unproven(world, first)
    assert unproven(world, second)
    charge(world)
    assert compare(world).settled == 2


@pytest.mark.parametrize(
    "marks",
    [
        {"sku": "7"},
        {"sku": SKU, "quantity": 2},
        {"on": a.NOW.date() - DAY},
        {"currency": "CNY"},
        {"minor": 12_499},
        {"type_id": FEE},
        {"type_id": COMPENSATION},
    ],
)
def test_another_mark_is_another_refund(world: World, marks: dict[str, Any]) -> None:
    first = lost(world)
    charge(world, **marks)
    compare(world)
    assert unproven(world, first)


def test_an_accrual_without_a_day_proves_nothing(world: World) -> None:
    first = lost(world)
    charge(world, on=None, sku=SKU, quantity=1)
    compare(world)
    assert unproven(world, first)


def test_an_accrual_before_the_call_proves_nothing_although_it_was_asked_for_earlier(world: World) -> None:
    world.policy(approve_above={"RUB": 1})
    first = world.decide(FULL_REFUND)
    asked = world.clock.now().date()
    world.clock.advance(2 * DAY)
    intent = world.intent(first)
    pending = replace(intent, version=intent.version + 1, state=IntentState.PENDING, approved_by="key:k2")
    world.write(SaveIntent(pending))
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    world.settle(first)
    world.market.change_return(R1, state="AWAITING_GOODS", actions=offer(GOODS_RECEIVED))
    charge(world, on=asked + DAY, sku=SKU, quantity=1)
    compare(world)
    assert unproven(world, first)


def test_an_accrual_is_used_once(world: World) -> None:
    made(world, R2)
    first = lost(world)
    compare(world)
    compare(world)
    assert unproven(world, first)


def test_one_that_waits_for_its_own_comes_before_one_that_nobody_knows_of(world: World) -> None:
    """The accrual of the confirmed one is late: the only one that is there is that one's."""
    second = made(world, R2, charged=False)
    first = lost(world)
    charge(world)
    compare(world)
    assert entry(world, second).accrual is AccrualState.MATCHES
    assert unproven(world, first)


def test_one_accrual_for_the_sum_of_two_proves_neither(world: World) -> None:
    first = lost(world)
    second = made(world, R2, charged=False, action=COMPENSATE_ACTION, amount=money(5_000))
    charge(world, 17_500)
    compare(world, 11)
    assert unproven(world, first)
    assert entry(world, second).accrual is not AccrualState.MATCHES


def test_a_rejected_return_of_ours_was_not_paid_by_anybody(world: World) -> None:
    rejected = world.decide(-1, R2, refund=False, comment="used", rejection_reason_id=1)
    assert world.settle(rejected).intent.state is IntentState.CONFIRMED
    first = lost(world)
    charge(world)
    compare(world)
    assert world.state(first) is IntentState.CONFIRMED


def test_the_list_of_returns_is_read_once_a_round_and_only_where_it_matters(world: World) -> None:
    world.market.calls.clear()
    compare(world)
    assert world.market.calls["returns"] == 0
    made(world, R1)
    made(world, R2)
    compare(world)
    assert world.market.calls["returns"] == 1


def test_a_list_that_cannot_be_read_leaves_all_postings_to_the_next_round_and_is_tried_once(world: World) -> None:
    first, other = made(world, R1), "30000001-0001-1"
    world.arrives(other, status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens("3", other, quantity=1)
    second = made(world, "3")
    world.market.fail("returns", Fault.UNAVAILABLE)
    world.market.calls.clear()
    with pytest.raises(MarketplaceUnavailableError):
        compare(world)
    assert world.market.calls["returns"] == 1
    assert entry(world, first).accrual is AccrualState.NONE
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES
    assert world.ledger(other).entries[second].accrual is AccrualState.MATCHES


def test_days_are_those_of_the_call(world: World) -> None:
    first = lost(world)
    assert world.intent(first).sent_at == world.clock.now()
