"""Equal amounts are no identity: an accrual is of one refund, by its return, goods, pieces and day, or of none."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.cases.opening import find_open_case
from shipby.application.ports.writes import SaveIntent
from shipby.application.refunds.compare_accruals import AccrualRound, compare_accruals
from shipby.application.refunds.export import refund_rows, refunds_csv
from shipby.application.refunds.queries import get_refunds
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.money import Money
from shipby.domain.postings.posting import Scheme
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy, Entry
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_accruals import COMPENSATION, FEE, REFUND
from tests.support.fake_marketplace import FULL_REFUND, GOODS_RECEIVED, Fault, offer
from tests.unit.world_support import World, money

DAY = timedelta(days=1)
SKU = a.line().sku
R1, R2 = a.RETURN_ID, "2"


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens(quantity=1)
    world.return_opens(R2, quantity=1)
    return world


def compare(world: World, days: int = 1) -> AccrualRound:
    world.clock.advance(DAY * days)
    return compare_accruals(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock, at_once=True)


def lost(world: World, return_id: str = R1, *, moves_on: bool = True, fault: Fault = Fault.TIMEOUT_BEFORE) -> str:
    """A refund whose call never arrived; its return moves on by itself, which proves nothing."""
    identifier = world.decide(FULL_REFUND, return_id)
    world.market.fail("act_on_return", fault)
    world.settle(identifier)
    assert world.state(identifier) is IntentState.UNKNOWN
    if moves_on:
        world.market.change_return(return_id, state="AWAITING_GOODS", actions=offer(GOODS_RECEIVED))
    return identifier


def made(world: World, return_id: str, *, charged: bool = True, **more: Any) -> str:
    world.market.accruals.late = not charged
    identifier = world.decide(more.pop("action", FULL_REFUND), return_id, **more)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    world.market.accruals.late = False
    return identifier


def in_the_cabinet(world: World, return_id: str = R2) -> None:
    world.market.change_return(return_id, actions=(), state="MoneyReturned")


def charge(world: World, minor: int = 12_500, type_id: int = REFUND, **more: Any) -> None:
    named: dict[str, Any] = {"on": world.clock.now().date(), "sku": SKU, "quantity": 1}
    world.market.accruals.charge(a.NUMBER, type_id, minor, **(named | more))


def money_case(world: World) -> Case | None:
    return find_open_case(world.store, Matter(seller=a.SELLER, kind=CaseKind.MONEY, subject=a.NUMBER))


def entry(world: World, key: str) -> Entry:
    return world.ledger().entries[key]


def unproven(world: World, identifier: str) -> bool:
    return world.state(identifier) is IntentState.UNKNOWN and world.ledger().reserved > 0


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
