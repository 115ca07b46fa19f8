"""Stock at the marketplace: what the client makes of its answers."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.cases.odd_entries import noting
from shipby.application.ports.availability.market import OfferedStock, OwnWarehouse, Told
from shipby.domain.availability.places import Place, Refusal
from shipby.domain.errors import InvalidInputError, MarketplaceRefusedError, OutcomeUnknownError, RateLimitedError
from tests.unit.ozon.cases.stocks import OFFERED, OTHER, OWN, PLACE, TAKEN, WAREHOUSE
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

SECOND = Place(OTHER, "PH11042")


def refused(code: str, message: str = "", **changes: Any) -> dict[str, Any]:
    return {**TAKEN, "updated": False, "errors": [{"code": code, "message": message}], **changes}


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("TOO_MANY_REQUESTS", "", Refusal.TOO_SOON),
        ("", "Stock is updated too frequently", Refusal.TOO_SOON),
        ("product_is_not_created", "", Refusal.NOT_YET),
        ("PRODUCT_HAS_NOT_BEEN_TAGGED_YET", "", Refusal.NOT_YET),
        ("SOURCE_TYPE_NOT_FOUND", "", Refusal.NOT_YET),
        ("offer_id_not_found", "", Refusal.PERSON),
        ("NOT_FOUND_ERROR", "", Refusal.PERSON),
        ("WAREHOUSE_NOT_FOUND", "", Refusal.PERSON),
        ("STOCK_TOO_BIG", "", Refusal.PERSON),
        ("PRODUCT_IS_ARCHIVED", "", Refusal.PERSON),
        ("SIZE_REQUIRED_FOR_NOT_UNIQUE_OFFER_ID", "", Refusal.PERSON),
        ("NON_KGT_ON_KGT_WAREHOUSE", "", Refusal.PERSON),
        ("SOMETHING_NEW_IN_2027", "", Refusal.PERSON),
    ],
)
def test_each_published_error_of_a_pair_says_what_helps(
    marketplace: StubMarketplace, client: OzonClient, code: str, message: str, kind: Refusal
) -> None:
    marketplace.on(methods.STOCKS_SET.path, Reply({"result": [refused(code, message)]}))
    (told,) = client.stocks.tell({PLACE: 1})
    assert (told.refusal, told.code, told.unknown) == (kind, code or message, False)
    assert (code or message) in told.text


def test_a_warehouse_of_somebody_else_is_named_in_the_refusal(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.STOCKS_SET.path, Reply({"result": [refused("WAREHOUSE_NOT_FOUND")]}))
    (told,) = client.stocks.tell({PLACE: 1})
    means = "the warehouse is not this seller's, or is not active"
    assert told.text == f"WAREHOUSE_NOT_FOUND; warehouse {WAREHOUSE}: {means}"


def test_one_odd_or_missing_result_takes_no_other_with_it(marketplace: StubMarketplace, client: OzonClient) -> None:
    rows = [{**TAKEN, "updated": {}}, "x", {**TAKEN, "warehouse_id": int(OTHER)}]
    marketplace.on(methods.STOCKS_SET.path, Reply({"result": rows}))
    third = Place("3", "gone")
    with noting() as noted:
        told = client.stocks.tell({PLACE: 1, SECOND: 2, third: 3})
    assert told == [Told(place=PLACE, unknown=True), Told(place=SECOND), Told(place=third, unknown=True)]
    assert [entry.subject for entry in noted] == [
        "result of telling the stock of article without a name in /v2/products/stocks",
        f"result of telling the stock of article PH11042 in {WAREHOUSE}",
    ]


def test_an_answer_without_its_list_may_have_been_carried_out(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.STOCKS_SET.path, Reply({"result": "done"}))
    with pytest.raises(OutcomeUnknownError):
        client.stocks.tell({PLACE: 1})
    assert len(marketplace.received) == 1


def test_a_call_that_is_refused_as_a_whole_set_nothing(marketplace: StubMarketplace, client: OzonClient) -> None:
    text = "Request validation error: invalid ProductsStocksRequest.Stocks[0]: embedded message failed validation"
    marketplace.on(methods.STOCKS_SET.path, Reply({"code": 3, "message": text, "details": []}, status=400))
    with pytest.raises(MarketplaceRefusedError, match="embedded message"):
        client.stocks.tell({PLACE: 1})


def test_too_many_calls_a_minute_say_when_to_come_again(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.STOCKS_SET.path, Reply({}, status=429, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimitedError) as limited:
        client.stocks.tell({PLACE: 1})
    assert limited.value.retry_after == 7


@pytest.mark.parametrize("stock", [-1, 1_000_000, 10**20])
def test_impossible_numbers_are_never_sent(marketplace: StubMarketplace, client: OzonClient, stock: int) -> None:
    with pytest.raises(InvalidInputError, match="not sent"):
        client.stocks.tell({PLACE: 1, SECOND: stock})
    assert not marketplace.received


@pytest.mark.parametrize("count", [0, 101])
def test_a_call_has_one_to_a_hundred_pairs(marketplace: StubMarketplace, client: OzonClient, count: int) -> None:
    with pytest.raises(InvalidInputError, match="pairs in one call"):
        client.stocks.tell({Place(WAREHOUSE, str(one)): 1 for one in range(count)})
    assert not marketplace.received


def test_stock_is_read_with_what_may_be_sold(marketplace: StubMarketplace, client: OzonClient) -> None:
    rows = [OFFERED, {**OFFERED, "warehouse_id": OTHER, "free_stock": "x"}, {**OFFERED, "reserved": None}]
    marketplace.on(methods.STOCKS_READ.path, Reply({"products": rows, "has_next": True, "cursor": "next"}))
    with noting() as noted:
        page = client.stocks.of_offers(["PH11042"])
    whole = OfferedStock(place=PLACE, present=10, reserved=3, sku="147035011", free=7, warehouse_name="Склад")
    assert page.items[0] == whole
    assert (page.items[1].place, page.items[1].free, page.items[1].for_sale) == (SECOND, None, 7)
    assert (len(page.items), page.cursor) == (2, "next")
    assert [(entry.id, entry.kept) for entry in noted] == [
        (f"PH11042 in {OTHER}", True),
        (f"PH11042 in {WAREHOUSE}", False),
    ]


def test_all_pages_of_warehouses_are_read_until_nothing_new_comes(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    second = {**OWN, "warehouse_id": "5", "pause_at": "2026-10-01T00:00:00Z", "status": "disabled"}
    marketplace.on(
        methods.WAREHOUSES.path,
        Reply({"warehouses": [OWN], "has_next": True, "cursor": "a"}),
        Reply({"warehouses": [second], "has_next": True, "cursor": "b"}),
        Reply({"warehouses": [second], "has_next": True, "cursor": "c"}),
    )
    assert client.stocks.warehouses() == [
        OwnWarehouse(id="20605650762000", name="17023", status="created"),
        OwnWarehouse(id="5", name="17023", status="disabled", paused=True),
    ]
    assert len(marketplace.received) == 3
