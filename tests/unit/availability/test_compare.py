"""A shop is compared by content, twice before anything is said, and corrected by a person only."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.availability import compare
from shipby.application.availability.offers_view import list_offers, tell_again
from shipby.domain.availability.offers import OfferState
from shipby.domain.availability.places import Place
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watches import STOCK_COMPARE
from shipby.domain.errors import ActionNotOfferedError, MarketplaceUnavailableError, NotFoundError
from shipby.domain.events import watch_ref
from shipby.domain.sellers.settings import Automation
from tests.support.fake_marketplace import Fault
from tests.unit.availability.pooled_world import FIRST, HERE, SKU, Shops
from tests.unit.world_support import forget


@pytest.fixture
def shops() -> Shops:
    shops = Shops()
    shops.policy(stock_pools={"11": "main"})
    shops.has(5)
    shops.tell()
    return shops


def look(shops: Shops) -> str:
    stocks = shops.markets[FIRST].stocks
    return compare.compare(FIRST, pooled=shops.pooled, store=shops.store, stocks=stocks, clock=shops.clock)


def ask(shops: Shops) -> None:
    compare.ask(FIRST, "key:k1", forget, store=shops.store, clock=shops.clock)


def compared(shops: Shops) -> Any:
    ask(shops)
    if look(shops) == "again":
        shops.wait(120)
        look(shops)
    return compare.get_report(FIRST, shops.clock.now().date(), store=shops.store)


def test_what_agrees_is_green_after_one_look_and_no_case(shops: Shops) -> None:
    ask(shops)
    assert look(shops) == "green"
    report = compare.get_report(FIRST, shops.clock.now().date(), store=shops.store)
    assert (report["green"], report["compared"], report["items"], report["under_way"]) == (True, 1, [], False)
    assert shops.cases() == []
    assert look(shops) == "done"


def test_a_change_in_the_cabinet_is_red_a_case_and_corrected_by_a_person_only(shops: Shops) -> None:
    shops.markets[FIRST].stocks.book[HERE] = 9
    report = compared(shops)
    assert (report["green"], report["counts"]["more_there"]) == (False, 1)
    assert report["items"] == [
        {
            "warehouse": "11",
            "offer_id": SKU,
            "kind": "more_there",
            "ours": 5,
            "theirs": 9,
            "cause": "changed_there",
            "code": None,
        }
    ]
    (case,) = shops.cases()
    assert (case.kind, case.subject) == (CaseKind.STOCK_DRIFT, "stock")
    assert f"{SKU} in warehouse 11: more_there, ours 5, theirs 9 (changed_there)" in case.reason
    shops.run()
    assert shops.shown() == 9
    tell_again(FIRST, HERE, "key:k1", "counted twice", forget, store=shops.store, clock=shops.clock)
    shops.run()
    assert shops.shown() == 5
    assert compared(shops)["green"] is True
    assert shops.cases() == []


def test_what_moves_between_two_looks_is_no_drift(shops: Shops) -> None:
    shops.markets[FIRST].stocks.book[HERE] = 4
    ask(shops)
    assert look(shops) == "again"
    assert look(shops) == "early"
    shops.markets[FIRST].stocks.book[HERE] = 5
    shops.wait(120)
    assert look(shops) == "green"
    assert shops.cases() == []


def test_what_moves_while_the_marketplace_is_read_is_not_compared(shops: Shops) -> None:
    market = shops.markets[FIRST]

    def sold(name: str) -> None:
        if name == "stocks.of_offers":
            shops.free.numbers[SKU] = 4

    market.on_call = sold
    ask(shops)
    assert look(shops) == "green"


def test_a_difference_of_another_kind_at_the_second_look_is_not_said(shops: Shops) -> None:
    stocks = shops.markets[FIRST].stocks
    stocks.book[HERE] = 9
    ask(shops)
    look(shops)
    stocks.book[HERE] = 1
    shops.wait(120)
    assert look(shops) == "green"


def test_both_looks_have_their_message_of_the_tracking_worker(shops: Shops) -> None:
    shops.markets[FIRST].stocks.book[HERE] = 9
    ask(shops)
    look(shops)
    routed = [
        one
        for stored in shops.store.events(FIRST, watch_ref(STOCK_COMPARE))
        for one in route_event(stored, label_delay_seconds=0)
    ]
    body = {"seller": FIRST, "task": "stock_compare"}
    assert [(one.destination, one.message.body, one.message.delay_seconds) for one in routed] == [
        (Destination.TRACKING, body, 0),
        (Destination.TRACKING, body, 120),
    ]


def test_a_marketplace_that_is_away_makes_no_report_of_anything(shops: Shops) -> None:
    shops.markets[FIRST].fail("stocks.of_offers", Fault.UNAVAILABLE)
    ask(shops)
    with pytest.raises(MarketplaceUnavailableError):
        look(shops)
    with pytest.raises(NotFoundError, match="under way"):
        compare.get_report(FIRST, shops.clock.now().date(), store=shops.store)
    assert look(shops) == "green"


def test_once_a_day_and_only_for_a_shop_with_pools(shops: Shops) -> None:
    def due() -> bool:
        return compare.is_due(FIRST, store=shops.store, clock=shops.clock)

    assert due()
    compared(shops)
    assert not due()
    shops.clock.advance(timedelta(days=1))
    assert due()
    shops.policy(tell_stock=Automation.OFF)
    assert not due()
    shops.policy(tell_stock=Automation.ON, stock_pools={})
    assert not due()


def test_asked_twice_is_one_comparison(shops: Shops) -> None:
    ask(shops)
    version = shops.store.watch(FIRST, STOCK_COMPARE)
    ask(shops)
    assert shops.store.watch(FIRST, STOCK_COMPARE) == version


def test_a_shop_in_shadow_has_a_report_and_no_case(shops: Shops) -> None:
    shops.policy(tell_stock=Automation.SHADOW)
    shops.markets[FIRST].stocks.book[HERE] = 9
    assert compared(shops)["green"] is False
    assert shops.cases() == []


def test_a_day_without_a_comparison_says_how_to_get_one(shops: Shops) -> None:
    with pytest.raises(NotFoundError, match="POST /v1/stock/reconcile"):
        compare.get_report(FIRST, shops.clock.now().date(), store=shops.store)


def test_telling_again_needs_a_known_place_and_a_shop_that_tells(shops: Shops) -> None:
    with pytest.raises(NotFoundError, match="nothing is known"):
        tell_again(FIRST, Place("11", "nobody's"), "key:k1", "x", forget, store=shops.store, clock=shops.clock)
    shops.policy(tell_stock=Automation.SHADOW)
    with pytest.raises(ActionNotOfferedError, match="tell_stock"):
        tell_again(FIRST, HERE, "key:k1", "x", forget, store=shops.store, clock=shops.clock)


def test_who_had_a_number_told_again_and_why_is_in_the_history(shops: Shops) -> None:
    tell_again(FIRST, HERE, "key:k1", "counted twice", forget, store=shops.store, clock=shops.clock)
    last = shops.store.events(FIRST, watch_ref("stock-telling"))[-1].event
    assert (last.actor, last.reason, last.data["offer"]) == ("key:k1", "counted twice", SKU)
    shops.wait()
    shops.tell()
    assert len(shops.markets[FIRST].stocks.told) == 2


def test_offers_are_listed_by_state(shops: Shops) -> None:
    shops.markets[FIRST].stocks.codes[Place("11", "CUP-2")] = "PRODUCT_IS_ARCHIVED"
    shops.has(1, "CUP-2")
    shops.tell()
    page = list_offers(FIRST, OfferState.REFUSED, limit=10, cursor=None, store=shops.store)
    assert [one["offer_id"] for one in page["items"]] == ["CUP-2"]  # type: ignore[index,union-attr,call-overload]  # JSON
    assert len(list_offers(FIRST, None, limit=10, cursor=None, store=shops.store)["items"]) == 2  # type: ignore[arg-type]  # JSON
