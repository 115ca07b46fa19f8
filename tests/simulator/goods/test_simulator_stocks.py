"""Stock of the seller's own warehouses, through our own client against the simulated marketplace."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shipby.adapters.ozon.client import OzonClient
from shipby.application.ports.availability.market import Told
from shipby.domain.availability.places import Place, Refusal
from shipby.domain.errors import CredentialsRejectedError, RateLimitedError
from shipby_local.simulator import LineSpec, Simulator
from tests.simulator.sim_support import TIME, Caller

SELLER = "7001"
SET, READ = "/v2/products/stocks", "/v2/product/info/stocks-by-warehouse/fbs"


@pytest.fixture
def client(call: Caller) -> OzonClient:
    return OzonClient(call.base_url, call.seller.client_id, call.seller.api_key, requests_per_second=1000)


@pytest.fixture
def place(call: Caller) -> Place:
    call.control("stocks", {"client_id": SELLER, "offer_id": "A-1", "sku": 11})
    return Place(str(call.seller.warehouse_id), "A-1")


def shown(client: OzonClient, *offers: str) -> list[tuple[int, int, int | None]]:
    found = client.stocks.of_offers(offers or ["A-1"]).items
    return [(one.present, one.reserved, one.free) for one in found]


def later(seconds: float = 30) -> None:
    TIME.moment += timedelta(seconds=seconds)


def test_a_number_is_what_is_for_sale_and_orders_reserve_of_it_until_they_leave(
    simulator: Simulator, call: Caller, client: OzonClient, place: Place
) -> None:
    assert client.stocks.tell({place: 5}) == [Told(place=place)]
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=11, offer_id="A-1", quantity=2),))
    assert shown(client) == [(5, 2, 3)]
    later()
    # What is sent is on hand WITHOUT what is reserved.
    client.stocks.tell({place: 5})
    assert shown(client) == [(7, 2, 5)]
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    assert shown(client) == [(7, 2, 5)]
    call.control("hand-over", {"posting_numbers": [number]})
    assert shown(client) == [(5, 0, 5)]
    call.control(f"postings/{number}", {"act": "deliver"})
    assert shown(client) == [(5, 0, 5)]


def test_a_cancelled_order_lets_its_pieces_go_and_so_does_a_part_of_one(
    simulator: Simulator, call: Caller, client: OzonClient, place: Place
) -> None:
    client.stocks.tell({place: 5})
    line = LineSpec(sku=11, offer_id="A-1", quantity=3)
    first, second = (simulator.add_posting(SELLER, lines=(line,)) for _ in range(2))
    assert shown(client) == [(5, 6, 0)]
    client.cancel_items(first, {"11": 1}, 352, "нет")
    assert shown(client) == [(5, 5, 0)]
    client.cancel(second, 352, "")
    assert shown(client) == [(5, 2, 3)]


def test_a_pair_that_is_set_first_after_the_order_counts_it(
    simulator: Simulator, call: Caller, client: OzonClient, place: Place
) -> None:
    simulator.add_posting(SELLER, lines=(LineSpec(sku=11, offer_id="A-1"), LineSpec(sku=12, offer_id="B-1")))
    client.stocks.tell({place: 4})
    assert shown(client) == [(5, 1, 4)]
    client.stocks.tell({Place(place.warehouse, "B-1"): 4})
    assert shown(client, "B-1") == [(5, 1, 4)]


def test_the_same_pair_takes_one_number_in_thirty_seconds(client: OzonClient, call: Caller, place: Place) -> None:
    call.control("stocks", {"client_id": SELLER, "offer_id": "B-1"})
    other = Place(place.warehouse, "B-1")
    client.stocks.tell({place: 5})
    later(29.9)
    told = client.stocks.tell({place: 4, other: 1})
    assert [(one.refusal, one.code) for one in told] == [(Refusal.TOO_SOON, "TOO_MANY_REQUESTS"), (None, "")]
    assert shown(client) == [(5, 0, 5)]
    later(0.2)
    assert client.stocks.tell({place: 4}) == [Told(place=place)]


def test_refusals_are_of_their_pair_alone(client: OzonClient, call: Caller, place: Place) -> None:
    call.control("stocks", {"client_id": SELLER, "offer_id": "old", "refused_as": "PRODUCT_IS_ARCHIVED"})
    foreign = Place(str(call.seller.warehouse_id + 1), "A-1")
    unknown, old = Place(place.warehouse, "nobody's"), Place(place.warehouse, "old")
    told = {one.place: one for one in client.stocks.tell({foreign: 1, unknown: 1, old: 1, place: 9})}
    assert {each: one.code for each, one in told.items()} == {
        foreign: "WAREHOUSE_NOT_FOUND",
        unknown: "offer_id_not_found",
        old: "PRODUCT_IS_ARCHIVED",
        place: "",
    }
    assert f"warehouse {foreign.warehouse}: the warehouse is not this seller's" in told[foreign].text
    assert shown(client) == [(9, 0, 9)]


def test_numbers_that_our_client_never_sends_are_refused_as_officially(call: Caller, place: Place) -> None:
    warehouse = call.seller.warehouse_id
    big = {"offer_id": "A-1", "stock": 1_000_000, "warehouse_id": warehouse}
    assert call(SET, {"stocks": [big]})["result"][0]["errors"][0]["code"] == "STOCK_TOO_BIG"
    refused = call(SET, {"stocks": [{"offer_id": "A-1", "stock": 1}]}, expect=400)
    assert "invalid ProductsStocksRequest.Stocks[0]: embedded message failed validation" in refused["message"]
    call(SET, {"stocks": [big] * 101}, expect=400)
    call(READ, {"limit": 10}, expect=400)


def test_eighty_calls_a_minute_are_taken(client: OzonClient, place: Place) -> None:
    for _ in range(80):
        client.stocks.tell({place: 1})
    with pytest.raises(RateLimitedError):
        client.stocks.tell({place: 1})
    later(60)
    client.stocks.tell({place: 1})


def test_stock_is_read_page_by_page_over_all_warehouses(client: OzonClient, call: Caller, place: Place) -> None:
    second = 5_000
    call.control("stocks", {"client_id": SELLER, "new_warehouse": second})
    client.stocks.tell({place: 1, Place(str(second), "A-1"): 2})
    first = call(READ, {"offer_id": ["A-1"], "limit": 1})
    assert (len(first["products"]), first["has_next"]) == (1, True)
    rest = call(READ, {"offer_id": ["A-1"], "limit": 1, "cursor": first["cursor"]})
    assert (len(rest["products"]), rest["has_next"], rest["cursor"]) == (1, False, "")
    assert {one.id for one in client.stocks.warehouses()} == {place.warehouse, str(second)}


def test_a_key_that_only_reads_sets_no_stock(call: Caller, place: Place) -> None:
    reading = OzonClient(call.base_url, SELLER, call.seller.read_only_key, requests_per_second=1000)
    assert reading.stocks.of_offers(["A-1"]).items == ()
    with pytest.raises(CredentialsRejectedError):
        reading.stocks.tell({place: 1})


def test_stock_is_there_after_a_restart_and_a_change_in_the_cabinet_shows(
    call: Caller, client: OzonClient, place: Place
) -> None:
    client.stocks.tell({place: 5})
    changed = call.control("stocks", {"client_id": SELLER, "offer_id": "A-1", "present": 2})
    assert changed["stocks"][0] | {"set_at": ""} == {
        "client_id": SELLER,
        "warehouse_id": call.seller.warehouse_id,
        "offer_id": "A-1",
        "present": 2,
        "reserved": 0,
        "free": 2,
        "set_at": "",
    }
    assert shown(client) == [(2, 0, 2)]
