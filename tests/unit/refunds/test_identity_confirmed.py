"""Of refunds that are confirmed each has the accrual of its own return, goods and currency, or is ambiguous."""

from typing import Any

import pytest

from shipby.application.refunds.export import refund_rows, refunds_csv
from shipby.application.refunds.queries import get_refunds
from shipby.domain.intents import IntentAction
from shipby.domain.money import Money
from shipby.domain.postings.posting import Scheme
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_accruals import COMPENSATION, FEE, REFUND
from tests.unit.refunds.identity_support import (
    DAY,
    R1,
    R2,
    SKU,
    charge,
    compare,
    entry,
    in_the_cabinet,
    made,
    money_case,
    two_returns,
)
from tests.unit.world_support import World, money


@pytest.fixture
def world() -> World:
    return two_returns()


# What is confirmed -----------------------------------------------------------------------------------------------


def test_a_refund_of_ours_does_not_match_what_the_cabinet_was_charged_for(world: World) -> None:
    first = made(world, R1, charged=False)
    in_the_cabinet(world)
    charge(world, sku=SKU, quantity=1)
    compare(world)
    assert entry(world, first).accrual is AccrualState.NONE
    compare(world, 3)
    assert entry(world, first).accrual is AccrualState.AMBIGUOUS
    assert money_case(world) is not None


def test_it_matches_once_both_were_charged(world: World) -> None:
    first = made(world, R1, charged=False)
    in_the_cabinet(world)
    charge(world)
    compare(world)
    charge(world)
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES


@pytest.mark.parametrize("minor", [12_500, 3_000])
def test_another_return_with_a_charge_of_its_own_makes_nothing_ambiguous(world: World, minor: int) -> None:
    first = made(world, R1, action=COMPENSATE_ACTION, amount=money(4_999))
    in_the_cabinet(world)
    compare(world)
    assert entry(world, first).accrual is AccrualState.NONE
    charge(world, minor, sku=SKU, quantity=1)
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES


def test_a_charge_of_other_goods_is_not_the_other_returns_own(world: World) -> None:
    first = made(world, R1, action=COMPENSATE_ACTION, amount=money(4_999))
    in_the_cabinet(world)
    charge(world, 3_000, sku="7", quantity=1)
    compare(world)
    assert entry(world, first).accrual is AccrualState.NONE


def test_what_matched_stays_with_its_accrual_when_another_return_comes(world: World) -> None:
    first = made(world, R1)
    compare(world)
    second = made(world, R2, charged=False)
    world.market.open_return(
        a.marketplace_return(id="9", posting_number=a.NUMBER, quantity=1, actions=(), state="MoneyReturned")
    )
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES
    compare(world, 10)
    assert entry(world, second).accrual is AccrualState.MISSING


def test_one_charge_for_two_refunds_is_ambiguous_for_both(world: World) -> None:
    first = made(world, R1, charged=False, action=COMPENSATE_ACTION, amount=money(5_000))
    second = made(world, R2, charged=False, action=COMPENSATE_ACTION, amount=money(4_000))
    charge(world, 9_000, COMPENSATION)
    compare(world, 3)
    assert {entry(world, key).accrual for key in (first, second)} == {AccrualState.AMBIGUOUS}
    case = money_case(world)
    assert case is not None
    assert first in case.reason
    assert second in case.reason


def test_charges_in_parts_are_told_apart_by_their_goods() -> None:
    world = World()
    lines = (a.line(sku="1", quantity=1, price=a.rub("50.00")), a.line(sku="2", quantity=1, price=a.rub("40.00")))
    world.arrives(lines=lines, status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    found = []
    for number, price in (("1", "50.00"), ("2", "40.00")):
        world.return_opens(number, sku=number, quantity=1, price=a.rub(price))
        found.append(made(world, number, charged=False))
    for sku, minor in (("1", 2_000), ("1", 3_000), ("2", 3_500), ("2", 500)):
        charge(world, minor, sku=sku, quantity=1)
    compare(world)
    assert {entry(world, key).accrual for key in found} == {AccrualState.MATCHES}


def test_the_amount_of_other_pieces_is_a_persons(world: World) -> None:
    first = made(world, R1, charged=False)
    charge(world, sku=SKU, quantity=2)
    compare(world, 3)
    assert entry(world, first).accrual is AccrualState.AMBIGUOUS


def test_pieces_are_told_by_what_they_cost_for_the_marketplace_names_none() -> None:
    """Its list and its read of an rFBS return have no number of pieces: all look like one."""
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens(R1, quantity=1, price=a.rub("250"))
    first = made(world, R1, charged=False)
    assert world.ledger().refunded == 25_000
    charge(world, 25_000, sku=SKU, quantity=2)
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES


def test_a_credit_takes_back_the_charge_of_its_own_goods(world: World) -> None:
    first = made(world, R1, charged=False)
    charge(world, sku="7", quantity=1)
    charge(world, sku=SKU, quantity=1)
    charge(world, -12_500, sku="7", quantity=1)
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES


# Other currencies ------------------------------------------------------------------------------------------------


def test_a_charge_in_another_currency_is_not_comparable_and_never_matches(world: World) -> None:
    first = made(world, R1, charged=False)
    charge(world, 12_500, currency="CNY")
    compare(world)
    booked = entry(world, first)
    assert (booked.accrual, booked.accrued) == (AccrualState.NOT_COMPARABLE, 0)
    case = money_case(world)
    assert case is not None
    assert "not comparable" in case.reason


def test_parts_in_two_currencies_are_no_difference_of_the_one(world: World) -> None:
    first = made(world, R1, charged=False)
    charge(world, 10_000)
    charge(world, 2_500, currency="CNY")
    compare(world, 3)
    assert entry(world, first).accrual is AccrualState.NOT_COMPARABLE


def test_the_own_currency_decides_where_it_is_all_there(world: World) -> None:
    first = made(world, R1)
    charge(world, 700, currency="CNY")
    compare(world)
    assert entry(world, first).accrual is AccrualState.MATCHES


@pytest.mark.parametrize("type_id", [REFUND, FEE])
def test_what_the_marketplace_gave_back_is_not_its_own_money_where_another_currency_was_charged(type_id: int) -> None:
    world = World()
    world.arrives()
    world.settle(world.ask(IntentAction.CANCEL))
    charge(world, 25_000, type_id, currency="CNY")
    compare(world, 11)
    [booked] = world.ledger().entries.values()
    assert booked.accrual is AccrualState.NOT_COMPARABLE
    assert booked.cost_borne_by is not CostBorneBy.MARKETPLACE


def test_the_books_show_no_charge_where_none_can_be_told(world: World) -> None:
    """Lines of other currencies in one export: each amount has its own, and what is not comparable is no 0.00."""
    first = made(world, R1, charged=False)
    charge(world, 12_500, currency="CNY")
    compare(world)
    other = "30000001-0001-1"
    yuan = a.line(quantity=1, price=Money.parse("118.90", "CNY"))
    world.arrives(other, lines=(yuan,), status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens("3", other, quantity=1, price=Money.parse("118", "CNY"))
    made(world, "3")
    shown = get_refunds(a.SELLER, a.NUMBER, store=world.store)
    entries: Any = shown["entries"]
    assert [(one["accrual"], one["accrued"]) for one in entries if one["key"] == first] == [("not_comparable", None)]
    rows = refund_rows(a.SELLER, since=a.NOW - DAY, until=a.NOW + 30 * DAY, store=world.store)
    told = [(row["amount"], row["currency"], row["accrual"], row["accrued"]) for row in rows]
    assert told == [("125.00", "RUB", "not_comparable", None), ("118.90", "CNY", None, None)]
    assert "125.00;" in refunds_csv(rows)
