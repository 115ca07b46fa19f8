"""Every answer of every implemented method against the official description."""

from __future__ import annotations

import json

import pytest

from shipby_local.simulator import LineSpec, Simulator
from shipby_local.simulator.api.registry import METHODS, NOTIFICATION_CHECK
from tests.simulator.sim_support import SHARED, Caller, Contract, PushReceiver, eventually

DESCRIPTION = SHARED / "openapi.json"
needs_description = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"NOT CHECKED: no official API description at {DESCRIPTION}"
)

AGGREGATED = {"scheme": "rFBS", "integration": "aggregator", "multibox": True}
LISTS = ("/v4/posting/fbs/list", "/v4/posting/fbs/unfulfilled/list")
NOT_ASKED = "null unless asked for in `with`: so in the official examples of v3 get and of the unfulfilled list"
IN_EXAMPLE = "the official example of the method has the field, its schema does not"
NOT_YET = "null until the event has happened; no official example shows the state before it"
LIKE_SISTER = "null in the official example of the unfulfilled list, whose schema calls the same field nullable"

ALLOWED: dict[tuple[str, str, str], str] = {
    **{(path, f"postings.[].{name}", "null"): NOT_ASKED for path in LISTS for name in ("analytics_data", "barcodes")},
    **{(path, f"postings.[].{name}", "null"): NOT_ASKED for path in LISTS for name in ("financial_data", "legal_info")},
    **{
        (LISTS[0], f"postings.[].{name}", "null"): LIKE_SISTER
        for name in (
            "addressee",
            "analytics_data.client_delivery_date_begin",
            "analytics_data.client_delivery_date_end",
            "container",
            "customer",
            "delivering_date",
        )
    },
    **{
        ("/v3/posting/fbs/get", f"result.{name}", "unknown"): IN_EXAMPLE
        for name in ("destination_place_id", "destination_place_name", "is_click_and_collect", "is_presortable")
    },
    (
        "/v3/posting/fbs/get",
        "result.requirements.products_requiring_mandatory_mark.[]",
        "type",
    ): "the official example of the unfulfilled list has numbers where the schema says text",
    (
        "/v3/posting/fbs/get",
        "result.addressee.phone",
        "pattern",
    ): "the schema's `pattern` is a picture of a phone number"
    " (' +7(XXX)XXX-XX-XX'), no regular expression that any number fits",
    **{
        ("/v1/returns/list", f"returns.[].{name}", "null"): NOT_YET
        for name in (
            "compensation_status",
            "logistic.cancelled_with_compensation_moment",
            "logistic.final_moment",
            "storage.arrived_moment",
            "storage.tariffication_first_date",
            "storage.tariffication_start_date",
            "storage.utilization_forecast_date",
        )
    },
    ("/v2/conditional-cancellation/list", "result.[].approve_date", "null"): NOT_YET,
    **{
        ("/v2/posting/fbs/act/get-postings", f"result.[].{name}", "unknown"): "there since 22 September 2026"
        for name in ("is_blr_traceable", "scanit")
    },
    ("/v2/posting/fbs/package-label/get", ".error", "missing"): "there is none while the job is well",
    ("/v2/warehouse/list", "warehouses.[].pause_at", "missing"): "absent in the official example: the warehouse works",
    ("/v3/chat/history", "messages.[].moderate_image_status", "missing"): "of images only",
}
"""Where answers differ from the schema on purpose: (method, place, complaint) -> why. Nothing else may differ."""


@needs_description
def test_every_answer_of_every_method_fits_the_official_schema(
    simulator: Simulator, call: Caller, receiver: PushReceiver
) -> None:
    trading_day(simulator, call, receiver)
    close_the_day_abroad(simulator, call)
    enter_pieces(simulator, call)
    offer_stock(call)
    contract = Contract(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
    complaints = set[tuple[str, str, str]]().union(
        *(contract.complaints(path, answer) for path, answer in call.answers)
    )
    assert {path for path, _ in call.answers} == {*METHODS, NOTIFICATION_CHECK}
    assert complaints - set(ALLOWED) == set()
    assert set(ALLOWED) - complaints == set(), "no longer needed"


def trading_day(simulator: Simulator, call: Caller, receiver: PushReceiver) -> None:
    """Calls every method at least once, the lists with every optional part."""
    everything = dict.fromkeys(("analytics_data", "barcodes", "financial_data", "legal_info"), True)
    two_lines = (LineSpec(sku=11, quantity=2), LineSpec(sku=12, name="保温杯"))
    client = call.seller.client_id
    plain, whole, partial, cancelled, thinned = (simulator.add_posting(client, lines=two_lines) for _ in range(5))
    own, asked, refused = (simulator.add_posting(client, scheme="rFBS", integration="non_integrated") for _ in range(3))
    call("/v1/notification/check", {"url": receiver.url})
    call("/v1/notification/check", {"url": "http://127.0.0.1:9/nobody"})
    call("/v1/notification/set", {"url": receiver.url, "types": ["TYPE_NEW_POSTING"]})
    address = call("/v1/notification/list", {})["urls"][0]["id"]
    call("/v1/notification/update", {"id": address, "types": ["TYPE_STATE_CHANGED"]})
    call("/v1/notification/enable", {"id": address, "enabled": False})
    call("/v1/notification/push-type/list")
    call("/v1/notification/delete", {"id": address})
    call("/v1/roles")
    call("/v1/seller/info")
    call("/v2/warehouse/list", {"limit": 10})
    call("/v1/posting/fbs/restrictions", {"posting_number": plain})
    call("/v2/posting/fbs/cancel-reason/list")
    call("/v1/posting/fbs/cancel-reason", {"related_posting_numbers": [plain, own]})
    call("/v1/posting/cutoff/set", {"posting_number": own, "new_cutoff_date": "2099-01-01T00:00:00Z"})
    call.posting(plain, **everything, related_postings=True, product_exemplars=True)
    call.posting(plain)
    call("/v2/posting/fbs/get-by-barcode", {"barcode": call.posting(plain, barcodes=True)["barcodes"]["upper_barcode"]})
    for number in (plain, own, asked, refused):
        call.ship(number)
    call(
        "/v4/posting/fbs/ship",
        {
            "posting_number": whole,
            "packages": [
                {"products": [{"product_id": 11, "quantity": 2}]},
                {"products": [{"product_id": "12", "quantity": 1}]},
            ],
            "with": {"additional_data": True},
        },
    )
    part = {"posting_number": partial, "products": [{"product_id": 11, "quantity": 1}]}
    call("/v4/posting/fbs/ship/package", part)
    apart, boxed = simulator.add_posting(client, lines=two_lines), simulator.add_posting(client, **AGGREGATED)
    parcels = [{"products": [{"product_id": sku, "quantity": count}]} for sku, count in ((11, 2), (12, 1))]
    call("/v1/posting/fbs/split", {"posting_number": apart, "postings": parcels})
    call("/v3/posting/multiboxqty/set", {"posting_number": boxed, "multi_box_qty": 2})
    call("/v2/posting/fbs/cancel", {"posting_number": cancelled, "cancel_reason_id": 352})
    item = {"posting_number": thinned, "items": [{"sku": 11, "quantity": 1}]}
    call("/v2/posting/fbs/product/cancel", {**item, "cancel_reason_id": 352, "cancel_reason_message": "нет"})
    for number in (plain, own, asked, refused):
        call.wait_for(number, "awaiting_deliver")
    call.labels(plain, own, thinned)
    call(
        "/v2/fbs/posting/tracking-number/set",
        {"tracking_numbers": [{"posting_number": number, "tracking_number": "T-1"} for number in (own, plain)]},
    )
    for number in (asked, refused):
        call.control(f"postings/{number}", {"act": "buyer_cancel"})
    filters = {"state": "ALL", "posting_number": [asked]}
    request = call("/v2/conditional-cancellation/list", {"limit": 5, "filters": filters, "with": {"counter": True}})
    call("/v2/conditional-cancellation/approve", {"cancellation_id": request["result"][0]["cancellation_id"]})
    filters = {"state": "ON_APPROVAL"}
    request = call("/v2/conditional-cancellation/list", {"limit": 5, "filters": filters})
    call("/v2/conditional-cancellation/reject", {"cancellation_id": request["result"][0]["cancellation_id"]})
    call("/v2/conditional-cancellation/list", {"limit": 500})
    close_the_day(call, plain)
    for step in ("delivering", "last-mile", "delivered"):
        call(f"/v2/fbs/posting/{step}", {"posting_number": [own, plain]})
    call.control("hand-over", {"posting_numbers": [plain]})
    opened = call.control("returns", {"posting_number": own})["return_id"]
    call("/v2/returns/rfbs/list", {"limit": 10})
    call("/v2/returns/rfbs/get", {"return_id": opened})
    call("/v1/returns/rfbs/action/set", {"return_id": opened, "id": 1020, "compensation_amount": 100})
    call("/v2/returns/rfbs/get", {"return_id": opened})
    call.control("returns", {"posting_number": plain, "type": "ClientReturn"})
    call("/v1/returns/list", {"limit": 10})
    chat = call("/v1/chat/start", {"posting_number": own})["result"]["chat_id"]
    call("/v1/chat/send/message", {"chat_id": chat, "text": "Здравствуйте"})
    call.control("chats", {"posting_number": own, "text": "Где заказ?"})
    call("/v3/chat/list", {"limit": 10})
    call("/v3/chat/history", {"chat_id": chat, "limit": 10})
    call("/v2/chat/read", {"chat_id": chat})
    call("/v1/rating/index/fbs/info")
    period = {"date_from": "2020-01-01T00:00:00Z", "date_to": "2099-01-01T00:00:00Z"}
    call("/v1/rating/index/fbs/posting/list", {"filter": period, "limit": 10})
    call(
        "/v1/rating/history",
        {
            **period,
            "date_from": "2026-01-01T00:00:00Z",
            "ratings": ["rating_general_indicator_fbs_rfbs", "rating_on_time"],
        },
    )
    call("/v1/rating/summary")
    call("/v1/finance/accrual/types")
    call("/v1/finance/accrual/postings", {"posting_numbers": [own, cancelled]})
    now = simulator.rooms.world.now()
    dates = {"since": f"{now.year - 1}-12-31T00:00:00Z", "to": f"{now.year}-12-31T00:00:00Z"}
    call("/v4/posting/fbs/list", {"limit": 100, "filter": dates, "with": everything})
    call("/v4/posting/fbs/list", {"limit": 100, "filter": dates})
    call("/v4/posting/fbs/unfulfilled/list", {"limit": 100, "with": everything})
    call("/v4/posting/fbs/unfulfilled/list", {"limit": 1})


def enter_pieces(simulator: Simulator, call: Caller) -> None:
    """Calls every method about single pieces; the two that answer with an empty body have nothing to compare."""
    wanted = {"products_requiring_mandatory_mark": [11]}
    number = simulator.add_posting(call.seller.client_id, lines=(LineSpec(sku=11),), requirements=wanted)
    named = {"posting_number": number}
    found = call("/v6/fbs/posting/product/exemplar/create-or-get", named)
    marks = [{"mark": "010460714356059821abcdefghijklm\x1d93abcd", "mark_type": "mandatory_mark"}]
    piece = {
        "exemplar_id": found["products"][0]["exemplars"][0]["exemplar_id"],
        "marks": marks,
        "gtd": "1",
        "weight": 1.5,
    }
    products = [{"product_id": 11, "exemplars": [{"marks": marks, "gtd": "1"}]}]
    call("/v5/fbs/posting/product/exemplar/validate", {**named, "products": products})
    call("/v6/fbs/posting/product/exemplar/set", {**named, "products": [{"product_id": 11, "exemplars": [piece]}]})
    status = "/v5/fbs/posting/product/exemplar/status"
    eventually(lambda: call(status, named)["status"] == "ship_available")
    call("/v6/fbs/posting/product/exemplar/create-or-get", named)
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    call("/v1/fbs/posting/product/exemplar/update", named)
    call(status, named)


def offer_stock(call: Caller) -> None:
    """Calls every method about stock, once with a pair that is refused."""
    warehouse, client = call.seller.warehouse_id, call.seller.client_id
    call.control("stocks", {"client_id": client, "offer_id": "A-1", "sku": 77})
    pairs = [{"offer_id": name, "stock": 5, "warehouse_id": warehouse} for name in ("A-1", "unknown")]
    call("/v2/products/stocks", {"stocks": pairs})
    call("/v2/product/info/stocks-by-warehouse/fbs", {"offer_id": ["A-1"], "limit": 10})


def close_the_day(call: Caller, plain: str) -> None:
    """Calls every method of hand-over; the two files come once as the JSON object that their schema draws."""
    method = call.seller.warehouse_id
    call("/v2/carriage/delivery/list", {"limit": 10})
    carriage = call("/v1/carriage/create", {"delivery_method_id": method})["carriage_id"]
    call("/v1/carriage/set-postings", {"carriage_id": carriage, "posting_numbers": [plain, "no-such"]})
    call("/v1/carriage/cancel", {"carriage_id": carriage})
    carriage = call("/v1/carriage/create", {"delivery_method_id": method})["carriage_id"]
    call("/v1/carriage/approve", {"carriage_id": carriage})
    call.control(f"carriages/{carriage}", {"act": "document"})
    call("/v1/carriage/get", {"carriage_id": carriage})
    call("/v2/carriage/delivery/list", {"limit": 10})
    call.control("faults", {"kind": "carriage_document_as_json", "times": 3})
    for name in ("check-status", "get-pdf", "get-barcode", "get-container-labels", "get-barcode/text", "get-postings"):
        call(f"/v2/posting/fbs/act/{name}", {"id": carriage})
    call.control(f"carriages/{carriage}", {"act": "scan", "posting_numbers": []})
    wish = {"cargo_type": "box", "containers_count": 1, "sort_type": "sort", "warehouse_id": method}
    places = call("/v1/carriage/container/create", wish)["container_ids"]
    body = {"container_id": places[0], "posting_numbers": [plain, "no-such"]}
    task = {"task_id": call("/v1/carriage/container/fill", body)["task_id"]}
    eventually(lambda: call("/v1/carriage/container/task/info", task)["status"] == "completed")
    call("/v1/carriage/container/get", {"container_id": places[0]})
    call("/v1/carriage/container/approve", {"container_ids": [*places, "1"]})
    asked = {"container_ids": places}
    eventually(lambda: call("/v1/carriage/container/status/get", asked)["containers"][0]["status"] == "approved")
    call("/v1/carriage/container/label/get", {"container_ids": [*places, "1"]})
    call("/v1/carriage/container/document/get", asked)
    period = {"created_from": "2020-01-01T00:00:00Z", "created_to": "2099-01-01T00:00:00Z", "sort_type": "sort"}
    call("/v1/carriage/container/list", {"filter": period})


def close_the_day_abroad(simulator: Simulator, call: Caller) -> None:
    """The one method for sellers of other countries only."""
    abroad = Caller(simulator.base_url, simulator.add_seller(client_id="7009", currency="KZT"))
    number = simulator.add_posting("7009")
    abroad.ship(number)
    abroad.wait_for(number, "awaiting_deliver")
    method = abroad.seller.warehouse_id
    carriage = abroad("/v1/carriage/create", {"delivery_method_id": method})["carriage_id"]
    abroad("/v1/carriage/approve", {"carriage_id": carriage})
    abroad.control(f"carriages/{carriage}", {"act": "finish"})
    abroad("/v1/carriage/act-discrepancy/pdf", {"carriage_id": carriage})
    call.answers += abroad.answers
    abroad.close()


@needs_description
@pytest.mark.parametrize("path", sorted(METHODS))
def test_no_method_is_invented(path: str) -> None:
    assert path in json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]


@needs_description
def test_the_check_notices_a_field_of_the_wrong_type_a_missing_and_an_unknown_one() -> None:
    contract = Contract(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
    path = "/v2/posting/fbs/cancel"

    assert contract.complaints(path, {"result": True}) == set()
    assert contract.complaints(path, {"result": "yes"}) == {(path, "result", "type")}
    assert contract.complaints(path, {"ok": True}) == {(path, ".ok", "unknown"), (path, ".result", "missing")}
