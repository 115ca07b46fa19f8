"""Carriages and their papers.

`/v2/posting/fbs/act/create` and `/v1/posting/carriage-available/list` are absent: announced as switched off in 2026.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Download, Method
from shipby_local.simulator.desks import carriage_papers as papers
from shipby_local.simulator.desks.carriage_model import Carriage
from shipby_local.simulator.desks.carriages import NOT_READY, WRONG_STATUS, CarriageDesk
from shipby_local.simulator.errors import ApiError, forbidden, invalid
from shipby_local.simulator.labels.pages import scanit_of
from shipby_local.simulator.model import Posting
from shipby_local.simulator.words import Json, plain, stamp

_CIS: Final = frozenset({"AMD", "AZN", "BYN", "KGS", "KZT", "TJS", "UZS"})
"""Sellers paid in these currencies sign acts instead of shipping lists."""


def create(call: Call) -> Json:
    day = call.body.when("departure_date") or call.world.now()
    method = call.body.integer("delivery_method_id")
    if method != call.seller.warehouse_id:
        raise invalid("DELIVERY_METHOD_NOT_FOUND")
    return {"carriage_id": _desk(call).create(call.seller.client_id, method, day.date().isoformat()).id}


def set_postings(call: Call) -> Json:
    problems = _desk(call).set_postings(_carriage(call), call.body.texts("posting_numbers"))
    return {
        "result": [
            {"error": problem, "posting_number": number, "result": not problem} for number, problem in problems.items()
        ]
    }


def approve(call: Call) -> Json:
    _desk(call).approve(_carriage(call), call.body.integer("containers_count", 0))
    return {}


def cancel(call: Call) -> Json:
    carriage = _carriage(call)
    problem = _desk(call).cancel(carriage)
    return {"error": problem, "carriage_status": carriage.status}


def get(call: Call) -> Json:
    carriage, desk = _carriage(call), _desk(call)
    cancellable = carriage.status in {"new", "formed"}
    return {
        "act_type": "act_of_acceptance" if _cis(call) else "shipping_list",
        "all_blr_traceable": False,
        "is_waybill_enabled": True,
        "is_econom": False,
        "arrival_pass_ids": [],
        "available_actions": _actions(call, carriage),
        "cancel_availability": {
            "is_cancel_available": cancellable,
            "reason": "" if cancellable else f"carriage is {carriage.status}",
        },
        "carriage_id": carriage.id,
        "company_id": int(carriage.client_id),
        "containers_count": carriage.containers_count,
        "created_at": stamp(carriage.created_at),
        "delivery_method_id": carriage.delivery_method_id,
        "departure_date": carriage.departure_date,
        "first_mile_type": "PICK_UP",
        "has_postings_for_next_carriage": desk.left_over(carriage),
        "integration_type": "ozon",
        "is_container_label_printed": False,
        "is_partial": carriage.partial_num > 1,
        "partial_num": carriage.partial_num,
        "retry_count": 0,
        "status": carriage.status,
        "tpl_provider_id": 24,
        "updated_at": stamp(carriage.updated_at),
        "warehouse_id": carriage.delivery_method_id,
    }


def delivery_list(call: Call) -> Json:
    call.body.limit(1000)
    filters, seller, desk = call.body.part("filter"), call.seller, _desk(call)
    day = _day(filters.text("departure_date", ""), call.world.now())
    method = seller.warehouse_id
    of_method = [posting for posting in call.own_postings() if not posting.is_rfbs]
    if filters.integer("delivery_method_id", method) != method or not of_method:
        return {"cursor": "", "has_next": False, "methods": []}
    carriages, ready = desk.on(seller.client_id, method, day), desk.waiting(seller.client_id, method)
    rows = [_row(item.id, len(item.postings), item.status, _actions(call, item)) for item in carriages]
    if ready and not any(item.status == "new" for item in carriages):
        rows.append(_row(0, len(ready), "", ["create"]))
    packaging = sum(posting.status == words.AWAITING_PACKAGING for posting in of_method)
    packed = sum(posting.status == words.AWAITING_DELIVER for posting in of_method)
    found = {
        "carriage_postings_count": sum(len(item.postings) for item in carriages if item.status != "cancelled"),
        "carriages": rows,
        "cut_in": "00:00+03:00",
        "cutoff_at": f"{day}T17:00:00Z",
        "delivery_method_id": method,
        "delivery_method_name": "Доставка Ozon, Софьино",
        "delivery_method_status": "ACTIVE",
        "departure_date": day,
        "dropoff_address": "Московская область, Софьино",
        "dropoff_change_availability": "AVAILABLE",
        "dropoff_point_id": 0,
        "dropoff_point_type": "SC",
        "errors": [],
        "first_mile_changing": False,
        "first_mile_type": "PICK_UP",
        "has_entrusted_acceptance": False,
        "integration_type": "ozon",
        "is_optional_carriage": False,
        "is_presort": False,
        "is_rfbs": False,
        "mandatory_packaged_count": packed,
        "mandatory_postings_count": packed + packaging,
        "optional_packaged_count": 0,
        "recommended_time_local": "",
        "recommended_time_utc_offset_in_minutes": 180,
        "timeslot_from": "20:00",
        "timeslot_to": "21:00",
        "tpl_provider_icon_url": "",
        "tpl_provider_name": "Доставка Ozon",
        "warehouse_city": "Софьино",
        "warehouse_id": method,
        "warehouse_name": "Склад Софьино",
    }
    return {"cursor": "", "has_next": False, "methods": [found]}


def check_status(call: Call) -> Json:
    carriage, desk = _carriage(call, "id"), _desk(call)
    held = call.market.faults.armed("carriage_document_not_ready", client_id=carriage.client_id)
    state = "ready" if desk.ready(carriage) and not held else "in_process"
    return {
        "result": {
            "act_type": "act_of_acceptance" if _cis(call) else "shipping_list",
            "added_to_act": carriage.postings if carriage.approved_at else [],
            "removed_from_act": carriage.removed,
            "status": "cancelled" if carriage.status == "cancelled" else state,
            "is_partial": carriage.partial_num > 1,
            "has_postings_for_next_carriage": desk.left_over(carriage),
            "partial_num": carriage.partial_num,
        }
    }


def act_pdf(call: Call) -> Download | Json:
    carriage = _documented(call)
    title = "Акт приёма-передачи" if _cis(call) else "Лист отгрузки"
    data = papers.act(carriage, _postings(call, carriage), title, "Транспортная накладная")
    return _file(call, Download(data, "application/pdf", f"{carriage.id}.pdf"))


def container_labels(call: Call) -> Download | Json:
    """A page for each cargo place that was told at approval; what is asked for without any is answered by invention."""
    carriage = _documented(call)
    data = papers.container_labels(carriage)
    return _file(call, Download(data, "application/pdf", f"carriage-containers-{carriage.id}.pdf"))


def barcode(call: Call) -> Download | Json:
    carriage = _documented(call)
    data = papers.barcode_png(papers.hand_over_code(carriage))
    return _file(call, Download(data, "image/png", f"{carriage.id}_barcode.png"))


def barcode_text(call: Call) -> Json:
    return {"result": papers.hand_over_code(_documented(call))}


def act_postings(call: Call) -> Json:
    carriage = _carriage(call, "id")
    return {
        "result": [
            {
                "id": carriage.id,
                "multi_box_qty": posting.multi_box_qty,
                "posting_number": posting.number,
                "scanit": scanit_of(posting, call.world.settings.label_style),
                "is_blr_traceable": False,
                "status": posting.status,
                "seller_error": "",
                "updated_at": stamp(carriage.updated_at),
                "created_at": stamp(carriage.created_at),
                "products": [
                    {
                        "name": line.name,
                        "offer_id": line.offer_id,
                        "price": plain(line.price),
                        "quantity": line.quantity,
                        "sku": line.sku,
                    }
                    for line in posting.lines
                ],
            }
            for posting in _postings(call, carriage)
        ]
    }


def discrepancy_pdf(call: Call) -> Json:
    carriage = _carriage(call)
    if not _cis(call):
        raise forbidden("act of discrepancy is not available for the seller's country")
    if carriage.status != "closed":
        raise invalid(NOT_READY)
    scanned = set(_desk(call).scanned(carriage))
    data = papers.discrepancies(carriage, [number for number in carriage.postings if number not in scanned])
    name = f"{carriage.id}_discrepancy.pdf"
    return {"content": Download(data, "", "").base64, "name": name, "type": "application/pdf"}


def _desk(call: Call) -> CarriageDesk:
    return CarriageDesk(call.market)


def _carriage(call: Call, field: str = "carriage_id") -> Carriage:
    return _desk(call).of(call.seller.client_id, call.body.integer(field))


def _documented(call: Call) -> Carriage:
    """The carriage whose documents are asked for. Raises 409 while they are being made."""
    carriage = _carriage(call, "id")
    if carriage.status in {"new", "cancelled"}:
        raise invalid(WRONG_STATUS)
    held = call.market.faults.take({"carriage_document_not_ready"}, client_id=carriage.client_id)
    if held is not None or not _desk(call).ready(carriage):
        raise ApiError(409, 9, NOT_READY)
    return carriage


def _postings(call: Call, carriage: Carriage) -> list[Posting]:
    return [call.posting(number) for number in carriage.postings]


def _file(call: Call, found: Download) -> Download | Json:
    """The file itself; its schema draws an object around it, and a fault sends that."""
    if call.market.faults.take({"carriage_document_as_json"}, method=call.path, client_id=call.seller.client_id):
        return {"content_type": found.content_type, "file_name": found.name, "file_content": found.base64}
    return found


def _actions(call: Call, carriage: Carriage) -> list[str]:
    if carriage.status == "cancelled" or not _desk(call).ready(carriage):
        return []
    return ["get_act_of_acceptance" if _cis(call) else "get_shipping_list", "get_waybill"]


def _row(number: int, count: int, status: str, actions: list[str]) -> Json:
    return {
        "all_blr_traceable": False,
        "available_actions": actions,
        "carriage_volume": 0,
        "id": number,
        "pickup_fee": {"currency_code": "RUB", "value": 0},
        "postings_count": count,
        "quantum_count": 0,
        "status": status,
    }


def _cis(call: Call) -> bool:
    return call.seller.currency in _CIS


def _day(text: str, now: datetime) -> str:
    if not text:
        return now.date().isoformat()
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError as error:
        raise invalid("Request validation error: invalid DepartureDate") from error


METHODS: dict[str, Method] = {
    "/v1/carriage/create": create,
    "/v1/carriage/set-postings": set_postings,
    "/v1/carriage/approve": approve,
    "/v1/carriage/cancel": cancel,
    "/v1/carriage/get": get,
    "/v2/carriage/delivery/list": delivery_list,
    "/v1/carriage/act-discrepancy/pdf": discrepancy_pdf,
    "/v2/posting/fbs/act/check-status": check_status,
    "/v2/posting/fbs/act/get-pdf": act_pdf,
    "/v2/posting/fbs/act/get-container-labels": container_labels,
    "/v2/posting/fbs/act/get-barcode": barcode,
    "/v2/posting/fbs/act/get-barcode/text": barcode_text,
    "/v2/posting/fbs/act/get-postings": act_postings,
}
