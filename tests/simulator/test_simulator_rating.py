"""The error index: what counts, what it costs, and that all books of it agree to the kopeck."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from shipby_local.simulator import IndexTerms, LineSpec, Plan
from tests.simulator.timed_support import PERIOD, SELLER, Shop, opened

INDEX = "rating_general_indicator_fbs_rfbs"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as made:
        yield made


def goods(price: str) -> tuple[LineSpec, ...]:
    return (LineSpec(sku=11, price=Decimal(price)),)


@pytest.mark.parametrize(
    ("handled_before", "percent", "charge"),
    [(24, 0, 0), (23, 3, 30.0), (9, 3, 30.0), (8, 6, 60.0), (4, 6, 60.0), (3, 9, 90.0), (0, 9, 90.0)],
)
def test_a_cancel_is_charged_by_the_band_of_the_index_with_it(handled_before: int, percent: int, charge: float) -> None:
    with opened(handled_before=handled_before) as shop:
        shop.cancel(shop.make(lines=goods("1000")))
        (error,) = shop.errors()
    assert (error["charge_percent"], error["charge_price"]) == (percent, charge)
    assert error["index"] == pytest.approx(100 / (handled_before + 1))


def test_a_charge_is_rounded_to_the_kopeck_and_capped(shop: Shop) -> None:
    small, large = shop.make(lines=goods("1234.56")), shop.make(lines=goods("99999.99"))
    foreign = shop.make(lines=goods("99999.99"), currency="CNY")
    for number in (small, large, foreign):
        shop.cancel(number)
    charges = {error["posting_number"]: error["charge_price"] for error in shop.errors()}
    assert charges == {small: 111.11, large: 1500.0, foreign: 9000.0}


def test_the_cap_is_for_all_errors_of_a_posting(shop: Shop) -> None:
    number = shop.make(lines=goods("10000"), ship_in=60, without_delay_in=120)
    shop.wait(seconds=121)
    shop.cancel(number)
    assert [(error["posting_error_type"], error["charge_price"]) for error in shop.errors()] == [
        ("SELLER_DELAY", 900.0),
        ("SELLER_CANCELLATION", 600.0),
    ]
    assert shop.index()["index"] == 100, "one posting is one share of the index"


def test_cancels_of_others_and_split_parents_do_not_count(shop: Shop) -> None:
    by_buyer, by_ozon, by_system = (shop.make() for _ in range(3))
    shop.act(by_buyer, "buyer_cancel")
    assert shop.act(by_ozon, "marketplace_cancel")["done"]
    assert shop.act(by_system, "marketplace_cancel", by="system")["done"]
    assert shop.errors() == []
    assert shop.index()["index"] == 0
    blocks = [shop.call.posting(number)["cancellation"] for number in (by_buyer, by_ozon, by_system)]
    assert [block["cancellation_type"] for block in blocks] == ["client", "ozon", "system"]
    assert not any(block["affect_cancellation_rating"] for block in blocks)


def test_a_cancel_for_a_buyers_reason_does_not_count(shop: Shop) -> None:
    number = shop.make(scheme="rFBS", integration="non_integrated")
    shop.call.ship(number)
    shop.wait(seconds=5)
    shop.call("/v2/fbs/posting/delivering", {"posting_number": [number]})
    shop.cancel(number, 665)
    assert shop.errors() == []
    assert not shop.call.posting(number)["cancellation"]["affect_cancellation_rating"]


def test_a_delay_arises_when_the_date_without_delay_passes_even_if_packed(shop: Shop) -> None:
    packed, scanned, idle = (shop.make(ship_in=60, without_delay_in=120) for _ in range(3))
    for number in (packed, scanned):
        shop.call.ship(number)
    shop.wait(seconds=120)
    assert shop.call.control("hand-over", {"posting_numbers": [scanned]})["scanned"] == [scanned]
    assert shop.errors() == [], "at the second itself it is still in time"
    shop.wait(seconds=1)
    late = shop.errors()
    assert [(error["posting_number"], error["posting_error_type"]) for error in late] == [
        (packed, "SELLER_DELAY"),
        (idle, "SELLER_DELAY"),
    ]
    assert {error["error_at"] for error in late} == {"2026-11-02T08:02:00.001Z"}
    shop.call.control("hand-over", {"posting_numbers": [packed]})
    assert len(shop.errors()) == 2, "a late hand-over adds nothing"


def test_a_forgiven_posting_neither_counts_nor_costs_and_gets_its_charge_back(shop: Shop) -> None:
    charged, forgiven_before = shop.make(lines=goods("1000")), shop.make(lines=goods("1000"))
    shop.act(forgiven_before, "grace")
    shop.cancel(charged)
    shop.cancel(forgiven_before)
    assert shop.simulator.charges(SELLER)[SELLER]["totals"]["RUB"]["cancellation"] == "90"
    shop.act(charged, "grace")
    assert [(error["has_grace_status"], error["charge_price"]) for error in shop.errors()] == [(True, 0), (True, 0)]
    assert shop.index()["index"] == 0
    books = shop.simulator.charges(SELLER)[SELLER]
    assert (books["totals"]["RUB"]["total"], books["postings"][charged]["total"]) == ("0", "0")
    assert accrued(shop, charged, forgiven_before) == Decimal(0)


def accrued(shop: Shop, *numbers: str) -> Decimal:
    """What lateness and cancels cost by the accruals, which are the seller's account: charges are negative there."""
    types = {one["id"]: one["name"] for one in shop.call("/v1/finance/accrual/types")["accrual_types"]}
    answer = shop.call("/v1/finance/accrual/postings", {"posting_numbers": list(numbers)})
    return -sum(
        (
            Decimal(accrual["accrued"]["amount"])
            for posting in answer["posting_accruals"]
            for accrual in posting["accruals"]
            if types[accrual["type_id"]] in {"LateTariff", "SellerDelayCharge", "SellerCancellationCharge"}
        ),
        Decimal(0),
    )


def test_list_summary_accruals_and_books_agree_to_the_kopeck() -> None:
    with opened(handled_before=30) as shop:
        numbers = [
            shop.make(ship_in=60, without_delay_in=90, lines=goods(f"{1000 + 37 * turn}.{turn:02d}"))
            for turn in range(12)
        ]
        for number in numbers[:4]:
            shop.cancel(number)
        shop.wait(seconds=80)
        for number in numbers[4:8]:
            shop.call.ship(number)
        shop.wait(seconds=20)
        shop.call.control("hand-over", {"posting_numbers": numbers[4:8]})
        shop.wait(days=1)
        for number in numbers[8:10]:
            shop.cancel(number)
        listed = sum((Decimal(str(error["charge_price"])) for error in shop.errors()), Decimal(0))
        index = shop.index()
        books = shop.simulator.charges(SELLER)[SELLER]["totals"]["RUB"]
        assert listed == Decimal(books["delay"]) + Decimal(books["cancellation"]) > 0
        assert Decimal(str(index["processing_costs_sum"])) == listed
        days = [Decimal(str(day["processing_costs_sum_by_date"])) for day in index["defects"]]
        assert (sum(days, Decimal(0)), len(days)) == (listed, 14)
        assert [day > 0 for day in days[-2:]] == [True, True]
        assert Decimal(books["tariff"]) > 0
        assert accrued(shop, *numbers) == Decimal(books["total"])
        assert shop.call.control("charges")["sellers"][SELLER] == shop.call.control(f"charges/{SELLER}")
        shop.call.control("charges/999", expect=404)


def test_errors_leave_the_index_after_its_period(shop: Shop) -> None:
    shop.cancel(shop.make())
    assert (shop.index()["period_from"], shop.index()["period_to"]) == ("2026-10-20", "2026-11-02")
    shop.wait(days=13)
    assert shop.index()["index"] == 100
    shop.wait(days=1)
    assert (shop.index()["index"], shop.index()["processing_costs_sum"]) == (0, 0)
    assert len(shop.errors()) == 1, "the list still tells it"


def test_a_demo_may_shorten_the_period_and_bring_its_own_table() -> None:
    terms = IndexTerms(period_seconds=60, bands=((Decimal(0), Decimal("1.5")),), caps={})
    with opened(index=terms) as shop:
        shop.cancel(shop.make(lines=goods("100000")))
        assert shop.errors()[0]["charge_price"] == 1500
        shop.cancel(shop.make(lines=goods("200000")))
        assert shop.errors()[1]["charge_price"] == 3000
        shop.wait(seconds=61)
        assert (shop.index()["index"], shop.index()["processing_costs_sum"]) == (0, 0)


def test_errors_are_listed_by_pages_period_and_number(shop: Shop) -> None:
    numbers = [shop.make() for _ in range(5)]
    for number in numbers:
        shop.cancel(number)
        shop.wait(seconds=60)
    path, seen, cursor = "/v1/rating/index/fbs/posting/list", [], ""
    while True:
        page = shop.call(path, {"filter": PERIOD, "limit": 2, "cursor": cursor})
        seen += [error["posting_number"] for error in page["errors"]]
        cursor = page["cursor"]
        if not page["has_next"]:
            break
    assert (seen, cursor) == (numbers, "")
    narrow = {"date_from": "2026-11-02T08:01:00Z", "date_to": "2026-11-02T08:02:00Z"}
    page = shop.call(path, {"filter": narrow, "limit": 1000})
    assert [error["posting_number"] for error in page["errors"]] == numbers[1:3]
    page = shop.call(path, {"filter": {**PERIOD, "posting_numbers": [numbers[4], "0-0-0"]}, "limit": 1000})
    assert [error["posting_number"] for error in page["errors"]] == [numbers[4]]
    for wrong in ({"filter": PERIOD, "limit": 1001}, {"filter": {}, "limit": 1}, {"limit": 1}):
        shop.call(path, wrong, expect=400)


def test_the_history_of_ratings_names_thresholds_and_days(shop: Shop) -> None:
    shop.wait(days=2)
    shop.cancel(shop.make())
    body = {"date_from": "2026-11-02T00:00:00Z", "date_to": "2026-11-30T00:00:00Z"}
    answer = shop.call("/v1/rating/history", {**body, "ratings": [INDEX, "rating_on_time", "rating_ssl"]})
    index, on_time = answer["ratings"]
    assert (index["rating"], index["warning_threshold"], index["danger_threshold"]) == (INDEX, 4, 40)
    assert [(one["date_from"][:10], one["value"], one["status"]["danger"]) for one in index["values"]] == [
        ("2026-11-02", 0, False),
        ("2026-11-03", 0, False),
        ("2026-11-04", 100, True),
    ]
    assert [one["value"] for one in on_time["values"]] == [100, 100, 100]
    shop.call("/v1/rating/history", {**body, "ratings": ["rating_of_charm"]}, expect=400)
    shop.call("/v1/rating/history", {"ratings": [INDEX]}, expect=400)


def test_the_summary_says_which_way_the_index_goes(shop: Shop) -> None:
    def item() -> tuple[str, str, str]:
        found = shop.call("/v1/rating/summary")["groups"][0]["items"][0]
        return found["change"]["direction"], found["change"]["meaning"], found["status"]

    assert item() == ("DIRECTION_NONE", "MEANING_NONE", "OK")
    shop.cancel(shop.make())
    assert item() == ("DIRECTION_RISE", "MEANING_BAD", "CRITICAL")


def test_what_is_overdue_is_cancelled_by_the_marketplace_at_the_sellers_fault() -> None:
    with opened(auto_cancel_seconds=300) as shop:
        waiting, packed, cleared, moved = (shop.make(ship_in=60, without_delay_in=1000) for _ in range(4))
        shop.call.ship(packed)
        shop.act(cleared, "clear_cutoff")
        shop.act(moved, "move_cutoff", by_seconds=100)
        shop.wait(seconds=359)
        assert shop.call.posting(waiting)["status"] == "awaiting_packaging"
        shop.wait(seconds=1)
        block = shop.call.posting(waiting)["cancellation"]
        assert (block["cancellation_type"], block["affect_cancellation_rating"]) == ("ozon", True)
        assert [error["posting_error_type"] for error in shop.errors()] == ["SELLER_CANCELLATION"]
        assert shop.call.posting(packed)["status"] == "awaiting_deliver"
        shop.wait(seconds=99)
        assert shop.call.posting(moved)["status"] == "awaiting_packaging"
        shop.wait(seconds=1)
        assert shop.call.posting(moved)["status"] == "cancelled"
        assert shop.call.posting(cleared)["status"] == "awaiting_packaging"


def test_an_automatic_cancel_is_pushed() -> None:
    with opened(auto_cancel_seconds=10) as shop:
        shop.simulator.set_push_url(SELLER, "http://127.0.0.1:9/nobody")
        number = shop.make(ship_in=60, plan=Plan(marketplace_cancels_in=5, marketplace_cancels_overdue=True))
        other = shop.make(ship_in=60)
        shop.wait(seconds=70)
        pushed = [push["body"] for push in shop.simulator.books()["pushes"]]
        cancelled = {one["posting_number"]: one for one in pushed if one["message_type"] == "TYPE_POSTING_CANCELLED"}
        assert set(cancelled) == {number, other}
        assert cancelled[other]["reason"]["message"] == "Продавец не передал заказ вовремя"
        assert len(shop.errors()) == 2


def test_tariff_steps_may_begin_with_discounts() -> None:
    with opened(tariff_discounts=(Decimal(3), Decimal(2)), tariff_step_seconds=100.0) as shop:
        early, late = (shop.make(ship_in=150, lines=goods("1000")) for _ in range(2))
        steps = [
            (step["tariff_type"], step["tariff_rate"], step["tariff_charge"]["amount"], step["min_charge"] is None)
            for step in shop.call.posting(early)["tariffication_steps"]
        ]
        assert steps[:3] == [("discount", 3, "30", True), ("discount", 2, "20", True), ("commission", 1, "50", False)]
        assert shop.call.posting(early)["tariffication"]["current_tariff_type"] == "discount"
        shop.wait(seconds=60)
        shop.call.ship(early)
        shop.call.ship(late)
        shop.wait(seconds=10)
        shop.call.control("hand-over", {"posting_numbers": [early]})
        shop.wait(seconds=91)
        shop.call.control("hand-over", {"posting_numbers": [late]})
        books = shop.simulator.charges(SELLER)[SELLER]["postings"]
        assert (books[early]["discount"], books[early]["total"]) == ("20", "0")
        assert (books[late]["discount"], books[late]["tariff"], books[late]["total"]) == ("0", "50", "50")
        answer = shop.call("/v1/finance/accrual/postings", {"posting_numbers": [early, late]})["posting_accruals"]
        assert [one["accruals"][0]["accrued"]["amount"] for one in answer] == ["20", "-50"]


def test_a_read_only_key_reads_all_and_changes_nothing(shop: Shop) -> None:
    number = shop.make()
    key = shop.call.seller.read_only_key
    methods = shop.call("/v1/roles", Api_Key=key)["roles"][0]["methods"]
    assert "/v3/posting/fbs/get" in methods
    assert "/v2/posting/fbs/cancel" not in methods
    assert "/v2/posting/fbs/cancel" in shop.call("/v1/roles")["roles"][0]["methods"]
    assert shop.call("/v3/posting/fbs/get", {"posting_number": number}, Api_Key=key)["result"]["status"]
    acting = set(shop.call("/v1/roles")["roles"][0]["methods"]) - set(methods)
    assert {"/v4/posting/fbs/ship", "/v1/posting/cutoff/set", "/v1/returns/rfbs/action/set"} <= acting
    for path in acting:
        answer = shop.call(path, {"posting_number": number, "cancel_reason_id": 352}, expect=403, Api_Key=key)
        assert answer["message"] == "Api-Key is missing a required role for a method"
    assert shop.call.posting(number)["status"] == "awaiting_packaging"


def test_the_end_of_a_key_can_be_moved(shop: Shop) -> None:
    assert shop.call("/v1/roles")["expires_at"] == "2027-01-31T08:00:00.000Z"
    shop.call.control("keys", {"client_id": SELLER, "expires_in_seconds": 60})
    assert shop.call("/v1/roles")["expires_at"] == "2026-11-02T08:01:00.000Z"
    shop.wait(seconds=61)
    shop.call("/v1/roles", expect=403)
    shop.call.control("keys", {"client_id": SELLER, "expires_in_seconds": 60, "active": False})
    shop.call("/v1/roles", expect=403)
    shop.call.control("keys", {"client_id": "404", "active": True}, expect=404)


def test_the_control_api_says_how_the_index_stands(shop: Shop) -> None:
    shop.cancel(shop.make())
    found = shop.call.control("rating", {"client_id": SELLER, "handled_before": 19})["sellers"][SELLER]
    assert (Decimal(found["index"]), found["charge_percent"], found["errors"]) == (Decimal(5), "3", 1)
    shop.call.control("rating", {"client_id": SELLER, "handled_before": -1}, expect=400)
    assert json.loads(json.dumps(shop.simulator.books()["charges"]))[SELLER]["totals"]["RUB"]["cancellation"] != "0"
    assert timedelta(seconds=shop.simulator.settings.index.period_seconds) == timedelta(days=14)
