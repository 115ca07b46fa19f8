"""A round of the pilot over the simulator: what it finds, and that it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.ozon import methods
from shipby_local.pilot.allowed import PATHS
from shipby_local.pilot.report import as_markdown
from tests.pilot.pilot_support import Json, Shop, assumption, deviations, postings_of

GET, LIST, OPEN = "/v3/posting/fbs/get", "/v4/posting/fbs/list", "/v4/posting/fbs/unfulfilled/list"


def every_posting(change: Callable[[Json], object]) -> Callable[[str, Json], None]:
    def changed(method: str, answer: Json) -> None:
        for posting in postings_of(method, answer):
            change(posting)

    return changed


def of(wanted: str, change: Callable[[Json], object]) -> Callable[[str, Json], None]:
    def changed(method: str, answer: Json) -> None:
        if method == wanted:
            change(answer)

    return changed


OLD: list[Json] = [{"return_id": 1, "state": {"state": "ON_APPROVAL", "group_state": "New"}}]


FREE_FOR_FIVE: Json = {
    "current_tariff_type": "no_discount",
    "current_tariff_charge": {"amount": "5.00", "currency": "RUB"},
}


def seconds_after(posting: Json) -> str:
    return (datetime.fromisoformat(posting["shipment_date"]) + timedelta(seconds=7)).isoformat()


def in_yuan(posting: Json) -> None:
    for step in posting["tariffication_steps"]:
        step["tariff_charge"]["currency"] = "CNY"


def unnamed(answer: Json) -> None:
    for kind in answer["accrual_types"]:
        kind.update(name="x", description="")


def last_posting(change: Callable[[Json], object]) -> Callable[[str, Json], None]:
    """Only the last entry of each list is odd."""

    def changed(method: str, answer: Json) -> None:
        if found := postings_of(method, answer)[-1:]:
            change(found[0])

    return changed


def test_a_round_asks_every_method_of_its_list_and_sees_all_that_the_shop_has(shop: Shop) -> None:
    found = shop.report()
    assert {one["method"] for one in found["calls"] if one["status"] == 200} == PATHS
    assert found["troubles"] == []
    seen = {one["of"] for one in found["assumptions"] if one["verdict"] != "not seen"}
    assert {"CARRIAGE_NEW", "DEPARTURE_TIME", "return actions", "return states", "CHAT_HISTORY_LIMIT"} <= seen


def test_a_round_changes_nothing_at_the_marketplace(shop: Shop) -> None:
    books, revision = shop.simulator.books(), shop.simulator.revision()
    shop.report()
    after = shop.simulator.books()
    for name in ("postings", "returns", "money", "carriages", "chats"):
        assert after.get(name) == books.get(name)
    assert shop.simulator.revision() == revision
    calls: Json = after["sellers"][shop.seller.client_id]["calls"]
    before: Json = books["sellers"][shop.seller.client_id]["calls"]
    assert {path for path in calls if calls[path] != before.get(path)} == PATHS


def test_the_simulator_of_today_breaks_no_assumption(shop: Shop) -> None:
    found = shop.report()
    # The shop of these tests has another limit, so that they are quick.
    assert [one["of"] for one in found["assumptions"] if one["verdict"] == "differs"] == ["REQUESTS_PER_SECOND"]
    assert deviations(found, "unreadable") == set()
    assert deviations(found, "other_type") == set()


def test_a_chat_with_a_buyer_is_never_opened(shop: Shop) -> None:
    asked = [one.request["chat_id"] for one in shop.evidence().of(methods.CHAT_HISTORY)]
    kinds = {
        chat["chat"]["chat_id"]: chat["chat"]["chat_type"]
        for chat in shop.evidence().entries("chats", methods.CHAT_LIST)
    }
    assert "BUYER_SELLER" in kinds.values()
    assert {kinds[chat] for chat in asked} == {"SELLER_SUPPORT"}


@pytest.mark.parametrize(
    ("change", "kind", "path"),
    [
        (lambda one: one.update(status="awaiting_pickup_point"), "unknown_code", "status"),
        (lambda one: one.update(available_actions=["ship", "set_pickup_point"]), "unknown_code", "available_actions[]"),
        (lambda one: one.pop("in_process_at"), "missing", "in_process_at"),
        (lambda one: one.update(is_express="yes"), "other_type", "is_express"),
        (lambda one: one.update(products={"sku": 1}), "other_type", "products"),
        (lambda one: one.update(order_id="35000000001"), "number_as_text", "order_id"),
        (lambda one: one.update(shipment_date="2026-11-05T12:00:00+03:00"), "other_offset", "shipment_date"),
        (lambda one: one.update(shipment_date="2026-11-05T12:00:00"), "other_offset", "shipment_date"),
        (lambda one: one.update(shipment_date="05.11.2026 12:00"), "no_time", "shipment_date"),
        (lambda one: one.update(delivery_promise_date="x"), "new_field", "delivery_promise_date"),
        (lambda one: one["products"][0].update(quantity={}), "other_type", "products[].quantity"),
    ],
)
def test_a_planted_deviation_of_postings_is_found_with_its_path(
    shop: Shop, change: Callable[[Json], Any], kind: str, path: str
) -> None:
    shop.changes.append(last_posting(change))
    found = deviations(shop.report(words=("pickup", "point", "promise")), kind)
    assert {(GET, f"result.{path}"), (LIST, f"postings[].{path}"), (OPEN, f"postings[].{path}")} <= found


def test_what_the_product_cannot_read_is_found_with_its_path(shop: Shop) -> None:
    shop.changes.append(last_posting(lambda one: one.update(status={})))
    found = deviations(shop.report(), "unreadable")
    assert (LIST, "status") in found
    shop.changes[:] = [of(GET, lambda answer: answer["result"].update(shipment_date="soon"))]
    told = shop.report()
    assert any("result.shipment_date is not a time" in one["error"] for one in told["troubles"])


@pytest.mark.parametrize(
    ("change", "name", "path"),
    [
        (
            every_posting(in_yuan),
            "currency of charges",
            f"{LIST}.postings[].tariffication_steps[].tariff_charge.currency",
        ),
        (
            every_posting(in_yuan),
            "one currency",
            f"{GET}.result.tariffication_steps[].tariff_charge.currency",
        ),
        (
            every_posting(lambda one: one["tariffication_steps"][-1].update(tariff_type="bonus")),
            "DISCOUNT",
            f"{GET}.result.tariffication_steps[].tariff_type",
        ),
        (
            every_posting(lambda one: one["tariffication_steps"][-1]["tariff_charge"].update(amount="-5.00")),
            "DISCOUNT",
            f"{OPEN}.postings[].tariffication_steps[].tariff_charge",
        ),
        (
            every_posting(lambda one: one["tariffication"].update(FREE_FOR_FIVE)),
            "FREE_TARIFF",
            f"{OPEN}.postings[].tariffication.current_tariff_charge",
        ),
        (
            every_posting(lambda one: one["tariffication"].update(next_tariff_starts_at=seconds_after(one))),
            "NEXT_TARIFF_LATER",
            f"{GET}.result.tariffication.next_tariff_starts_at",
        ),
        (
            every_posting(lambda one: one.update(status="awaiting_bonus")),
            "codes of status",
            f"{OPEN}.postings[].status",
        ),
        (
            every_posting(lambda one: one.update(available_actions=["bonus"])),
            "codes of available_actions",
            f"{GET}.result.available_actions[]",
        ),
        (
            every_posting(lambda one: one.update(in_process_at="1970-01-01T00:00:00Z")),
            "EMPTY_YEAR",
            f"{LIST}.postings[].in_process_at",
        ),
        (
            every_posting(lambda one: one.update(barcodes={"upper_barcode": "-", "lower_barcode": "-"})),
            "NO_BARCODE",
            f"{GET}.result.barcodes.upper_barcode",
        ),
        (
            of(GET, lambda one: one["result"].update(fact_delivery_date=one["result"]["delivering_date"])),
            "fact_delivery_date",
            f"{GET}.result.fact_delivery_date",
        ),
        (
            of(GET, lambda one: one["result"].update(addressee={"name": "", "phone": "", "pin": "доб. 12"})),
            "RECIPIENT_EXTENSION",
            f"{GET}.result.addressee.pin",
        ),
        (
            of(GET, lambda one: one["result"].update(status="awaiting_packaging", is_multibox=False, multi_box_qty=3)),
            "BOXES_WITHOUT_WORD",
            f"{GET}.result.multi_box_qty",
        ),
        (
            of("/v1/carriage/get", lambda one: one.update(status="loading")),
            "CARRIAGE_NEW",
            "/v1/carriage/get.status",
        ),
        (
            of("/v1/carriage/get", lambda one: one.update(departure_date="2026-11-25T21:00:00Z")),
            "DEPARTURE_TIME",
            "/v1/carriage/get.departure_date",
        ),
        (
            of(
                "/v2/returns/rfbs/get",
                lambda one: one["returns"]["available_actions"].append({"id": 1999, "name": "Обменять товар"}),
            ),
            "return actions",
            "/v2/returns/rfbs/get.returns.available_actions[].id",
        ),
        (
            of("/v1/finance/accrual/types", unnamed),
            "ACCRUAL_WORDS",
            "/v1/finance/accrual/types.accrual_types[].name",
        ),
        (
            of("/v1/rating/index/fbs/info", lambda one: one.update(period_from="2026-10-01", period_to="2026-10-30")),
            "INDEX_PERIOD",
            "/v1/rating/index/fbs/info.period_from",
        ),
        (
            of("/v1/rating/history", lambda one: one["ratings"][0].update(warning_threshold=0)),
            "NO_THRESHOLD",
            "/v1/rating/history.ratings[].warning_threshold",
        ),
        (
            of("/v1/returns/list", lambda one: [entry.update(schema="Rfbs") for entry in one["returns"]]),
            "FBS_INTEGRATION",
            "/v1/returns/list.returns[].schema",
        ),
        (
            of(LIST, lambda one: one.update(postings=one["postings"] * 20)),
            "LIST_LIMIT",
            f"{LIST}.postings",
        ),
        (
            of("/v3/chat/list", lambda one: one.update(chats=one["chats"] * 60)),
            "CHAT_LIST_LIMIT",
            "/v3/chat/list.chats",
        ),
        (
            of("/v2/returns/rfbs/list", lambda one: one.update(returns=one["returns"] or OLD)),
            "RETURNS_LOOK_BACK",
            "/v2/returns/rfbs/list.returns[].state.group_state",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_broken_assumption_is_found_by_its_probe_with_its_path(
    shop: Shop, unchanged: Json, change: Callable[[str, Json], None], name: str, path: str
) -> None:
    assert assumption(unchanged, name)["verdict"] != "differs"
    shop.changes.append(change)
    found = assumption(shop.report(), name)
    assert found["verdict"] == "differs", found
    assert path in found["paths"]


def test_a_period_of_changes_that_is_refused_is_told(shop: Shop) -> None:
    fault = {"kind": "http_error", "status": 400, "method": LIST, "posting_number": "last_changed_status_date"}
    shop.control("faults", {**fault, "times": 1})
    assert assumption(shop.report(), "CHANGED_AHEAD")["verdict"] == "differs"
    shop.control("faults/clear", {})
    assert assumption(shop.report(), "CHANGED_AHEAD")["verdict"] == "holds"


def test_money_without_a_currency_beside_money_in_another_one_is_told(shop: Shop) -> None:
    def bare(answer: Json) -> None:
        for posting in answer["posting_accruals"]:
            for accrual in posting["accruals"]:
                accrual["accrued"]["currency"] = ""
                accrual["seller_price"]["currency"] = "CNY"

    shop.changes.append(of("/v1/finance/accrual/postings", bare))
    found = assumption(shop.report(), "MISSING_CURRENCY")
    assert found["verdict"] == "differs"
    assert found["paths"] == ["/v1/finance/accrual/postings.posting_accruals[].accruals[].accrued.currency"]


def test_a_limit_ends_the_round_at_once_and_is_told(shop: Shop) -> None:
    shop.control("faults", {"kind": "http_error", "status": 429, "method": "/v2/returns/rfbs/list", "times": 1})
    found = shop.report()
    assert [(one["asked"], one["error"]) for one in found["troubles"]] == [("returns", "RateLimitedError")]
    assert "/v3/chat/list" not in {one["method"] for one in found["calls"]}
    assert assumption(found, "DEFAULT_RETRY_AFTER")["verdict"] == "holds"


def test_a_method_that_fails_stops_no_other(shop: Shop) -> None:
    shop.control("faults", {"kind": "http_error", "status": 403, "method": "/v1/rating/index/fbs/info", "times": 1})
    found = shop.report()
    assert [(one["asked"], one["status"]) for one in found["troubles"]] == [("the error index", 403)]
    assert {"method": "/v3/chat/list", "status": 200, "count": 1} in found["calls"]


def test_more_calls_than_allowed_are_never_made(shop: Shop) -> None:
    found = shop.report(most_calls=7)
    assert sum(one["count"] for one in found["calls"]) == 7
    assert "--most-calls" in found["troubles"][-1]["error"]


def test_the_markdown_says_all_that_the_json_says(shop: Shop) -> None:
    shop.changes.append(every_posting(lambda one: one.update(status="awaiting_bonus")))
    found = shop.report()
    told = as_markdown(found)
    for one in (*found["assumptions"], *found["deviations"]):
        assert one.get("says", one.get("path", "")) in told
    assert "awaiting_bonus" in told
