"""The ledgers against what the marketplace charged: matched, told as a difference, and proof of a lost answer."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.cases.opening import find_open_case
from shipby.application.refunds.compare_accruals import CANCELLED_AFTER, WATCH, AccrualRound, compare_accruals
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import Scheme
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy, Entry, postage_key
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_accruals import COMPENSATION, FEE, REFUND
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World, money

DAY = timedelta(days=1)
SKU = a.line().sku


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens(quantity=2)
    return world


def compare(world: World, *, at_once: bool = False) -> AccrualRound:
    return compare_accruals(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock, at_once=at_once)


def later(world: World, days: int = 1) -> AccrualRound:
    world.clock.advance(DAY * days)
    return compare(world)


def money_case(world: World) -> Case | None:
    return find_open_case(world.store, Matter(seller=a.SELLER, kind=CaseKind.MONEY, subject=a.NUMBER))


def entry(world: World, key: str) -> Entry:
    return world.ledger().entries[key]


def paid(world: World, minor: int = 4_999, **more: Any) -> str:
    identifier = world.decide(COMPENSATE_ACTION, amount=money(minor), **more)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    return identifier


def test_what_was_charged_proves_the_amount_and_whose_money_it_was(world: World) -> None:
    identifier = world.decide(postage=money(30_000))
    world.settle(identifier)
    assert entry(world, identifier).cost_borne_by is CostBorneBy.UNCERTAIN
    done = compare(world)
    assert (done.compared, done.differing, done.waiting) == (2, 0, 0)
    for key, minor in ((identifier, 25_000), (postage_key(identifier), 30_000)):
        booked = entry(world, key)
        assert (booked.accrual, booked.accrued) == (AccrualState.MATCHES, minor)
        assert booked.cost_borne_by is CostBorneBy.SELLER
    told = [stored.event for stored in world.history() if stored.event.type is EventType.MONEY_ACCRUED]
    assert {str(event.data["entry"]) for event in told} == {identifier, postage_key(identifier)}
    assert "money" not in world.red()


def test_it_runs_once_a_day_and_compares_each_entry_once(world: World) -> None:
    paid(world)
    assert compare(world).compared == 1
    assert not compare(world).ran
    world.clock.advance(timedelta(hours=20))
    assert not compare(world).ran
    assert compare(world, at_once=True).compared == 0
    version = world.ledger().version
    assert later(world).compared == 0
    assert world.ledger().version == version


def test_an_accrual_that_comes_later_is_waited_for(world: World) -> None:
    world.market.accruals.late = True
    identifier = paid(world)
    assert (compare(world).waiting, entry(world, identifier).accrual) == (1, AccrualState.NONE)
    world.market.accruals.late = False
    world.market.accruals.charge(a.NUMBER, COMPENSATION, 4_999, on=world.clock.now().date())
    assert later(world, 5).waiting == 0
    assert entry(world, identifier).accrual is AccrualState.MATCHES


def test_one_that_never_comes_is_a_case(world: World) -> None:
    world.market.accruals.late = True
    identifier = paid(world)
    compare(world)
    assert later(world, 9).waiting == 1
    done = later(world)
    assert (done.differing, done.waiting) == (1, 0)
    assert entry(world, identifier).accrual is AccrualState.MISSING
    case = money_case(world)
    assert case is not None
    assert "49.99 RUB" in case.reason


def test_another_amount_is_a_case_once_it_had_its_time(world: World) -> None:
    world.market.accruals.late = True
    identifier = paid(world)
    world.market.accruals.late = False
    world.market.accruals.charge(a.NUMBER, COMPENSATION, 5_100, on=world.clock.now().date())
    assert compare(world).waiting == 1
    later(world, 3)
    booked = entry(world, identifier)
    assert (booked.accrual, booked.accrued) == (AccrualState.DIFFERS, 5_100)
    case = money_case(world)
    assert case is not None
    assert "51.00 RUB" in case.reason


def test_one_refund_charged_in_two_lines_is_no_difference(world: World) -> None:
    world.market.accruals.late = True
    identifier = paid(world)
    world.market.accruals.late = False
    for part in (4_000, 999):
        world.market.accruals.charge(a.NUMBER, COMPENSATION, part, on=world.clock.now().date())
    compare(world)
    assert entry(world, identifier).accrual is AccrualState.MATCHES


def test_where_no_type_has_a_known_name_goods_pieces_and_day_decide(world: World) -> None:
    world.market.accruals.late = True
    identifier = paid(world)
    world.market.accruals.late = False
    today = world.clock.now().date()
    world.market.accruals.charge(a.NUMBER, FEE, 700, on=today, sku=SKU, quantity=2)
    world.market.accruals.charge(a.NUMBER, FEE, 4_999, on=today, sku=SKU, quantity=2)
    compare(world)
    assert entry(world, identifier).accrual is AccrualState.MATCHES


@pytest.mark.parametrize("marks", [{}, {"sku": "7"}, {"sku": SKU, "on": None}])
def test_an_equal_amount_of_an_unknown_kind_alone_is_no_proof(world: World, marks: dict[str, Any]) -> None:
    world.market.accruals.late = True
    identifier = paid(world)
    world.market.accruals.late = False
    world.market.accruals.charge(a.NUMBER, FEE, 4_999, **{"on": world.clock.now().date(), **marks})
    later(world, 9)
    assert entry(world, identifier).accrual is AccrualState.NONE
    later(world)
    another = marks.get("sku") == "7"
    assert entry(world, identifier).accrual is (AccrualState.MISSING if another else AccrualState.AMBIGUOUS)
    assert money_case(world) is not None


def test_a_charge_that_was_credited_again_counts_for_nothing(world: World) -> None:
    identifier = paid(world)
    world.market.accruals.charge(a.NUMBER, COMPENSATION, -4_999, on=world.clock.now().date())
    compare(world)
    assert entry(world, identifier).accrual is AccrualState.NONE


def test_two_refunds_of_the_same_amount_need_an_accrual_each(world: World) -> None:
    first = paid(world)
    world.market.accruals.late = True
    world.return_opens("2", quantity=1)
    second = paid(world, return_id="2")
    compare(world)
    states = {entry(world, first).accrual, entry(world, second).accrual}
    assert states == {AccrualState.MATCHES, AccrualState.NONE}


# What the marketplace paid by itself -----------------------------------------------------------------------------


def test_our_own_cancel_is_compared_at_once_and_without_a_charge_it_was_the_marketplaces_money() -> None:
    world = World()
    world.arrives()
    identifier = world.ask(IntentAction.CANCEL)
    world.settle(identifier)
    assert compare(world).waiting == 1
    later(world, 10)
    [booked] = world.ledger().entries.values()
    assert (booked.accrual, booked.accrued) == (AccrualState.MATCHES, 0)
    assert booked.cost_borne_by is CostBorneBy.MARKETPLACE
    assert money_case(world) is None


def test_a_cancel_that_the_seller_was_charged_for_is_the_sellers_money() -> None:
    world = World()
    world.arrives()
    world.settle(world.ask(IntentAction.CANCEL))
    world.market.accruals.charge(a.NUMBER, REFUND, 25_000, on=a.NOW.date())
    compare(world)
    [booked] = world.ledger().entries.values()
    assert booked.cost_borne_by is CostBorneBy.SELLER


def test_a_cancel_by_others_is_looked_at_weeks_after_its_cut_off() -> None:
    world = World()
    world.arrives()
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert compare(world).postings == 0
    world.clock.advance(CANCELLED_AFTER + 2 * DAY)
    assert compare(world).compared == 1
    [booked] = world.ledger().entries.values()
    assert booked.accrual is AccrualState.MATCHES


# A lost answer ---------------------------------------------------------------------------------------------------


def test_an_unknown_refund_is_proven_by_its_accrual(world: World) -> None:
    identifier = world.decide(COMPENSATE_ACTION, amount=money(4_999))
    world.market.fail("act_on_return", Fault.TIMEOUT_AFTER)
    world.settle(identifier)
    world.market.fail("return_details", Fault.UNAVAILABLE)
    assert world.state(identifier) is IntentState.UNKNOWN
    assert compare(world).settled == 1
    intent = world.intent(identifier)
    assert (intent.state, intent.read_back["accrued"]) == (IntentState.CONFIRMED, 4_999)
    assert world.ledger().refunded == 4_999
    assert entry(world, identifier).accrual is AccrualState.MATCHES
    assert world.market.calls["act_on_return"] == 1


def test_another_refunds_accrual_proves_nothing(world: World) -> None:
    paid(world)
    world.return_opens("2", quantity=1)
    identifier = world.decide(COMPENSATE_ACTION, "2", amount=money(4_999))
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    assert compare(world).settled == 0
    assert world.state(identifier) is IntentState.UNKNOWN


def test_a_refund_confirmed_long_after_it_was_asked_is_not_missed(world: World) -> None:
    identifier = world.decide(COMPENSATE_ACTION, amount=money(4_999))
    world.market.fail("act_on_return", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        world.settle(identifier)
    assert compare(world).waiting == 1
    world.clock.advance(DAY * 3)
    world.settle(identifier)
    assert compare(world).compared == 1


def test_a_marketplace_that_is_away_leaves_the_round_to_the_next_one(world: World) -> None:
    paid(world)
    world.market.fail("accruals", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        compare(world)
    assert world.store.watch(a.SELLER, WATCH) is None
    assert compare(world).compared == 1
