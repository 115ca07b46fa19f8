"""Returns: rFBS requests with their actions, and goods on their way back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.desks.goods import COMPENSATIONS
from shipby_local.simulator.desks.returns import Decision
from shipby_local.simulator.errors import invalid, not_found
from shipby_local.simulator.model import GoodsReturn, Line, RfbsReturn
from shipby_local.simulator.words import Json, stamp, stamp_or_null


def list_rfbs(call: Call) -> Json:
    filters = call.body.part("filter")
    limit, last = call.body.limit(1000), call.body.integer("last_id", 0)
    groups = set(filters.texts("group_state")) - {"All"}
    number, offer = filters.text("posting_number", ""), filters.text("offer_id", "")
    created = filters.part("created_at")
    begin, end = created.when("from"), created.when("to")
    found = [
        item
        for item in call.world.returns.all()
        if item.client_id == call.seller.client_id
        and item.id > last
        and (not groups or words.RETURN_STATES[item.state][0] in groups)
        and (not number or item.posting_number == number)
        and (not offer or item.line.offer_id == offer)
        and (begin is None or item.created_at >= begin)
        and (end is None or item.created_at <= end)
    ]
    return {"returns": [_short(call, item) for item in found[:limit]]}


def get_rfbs(call: Call) -> Json:
    item = _own(call)
    posting = call.posting(item.posting_number)
    return {
        "returns": {
            "available_actions": [
                {"id": action, "name": words.RETURN_ACTIONS[action]} for action in call.desk.offered(item)
            ],
            "client_name": item.buyer_name,
            "client_photo": [],
            "client_return_method_type": {"id": 1, "name": "Курьером"},
            "comment": item.comment,
            "created_at": stamp(item.created_at),
            "order_number": posting.order_number,
            "posting_number": item.posting_number,
            "product": _product(item),
            "rejection_comment": item.rejection_comment,
            "rejection_reason": list(words.REJECTION_REASONS),
            "return_method_description": "",
            "return_number": f"RET-{item.id}",
            "return_reason": {
                "id": 2 if item.is_defect else 1,
                "is_defect": item.is_defect,
                "name": "Брак" if item.is_defect else "Не подошёл",
            },
            "ru_post_tracking_number": item.return_tracking,
            "state": {"state": item.state, "state_name": words.RETURN_STATES[item.state][1]},
            "warehouse_id": posting.warehouse_id,
        }
    }


def act_rfbs(call: Call) -> None:
    item, body = _own(call), call.body
    call.desk.act(
        item,
        Decision(
            action_id=body.integer("id"),
            comment=body.text("comment", ""),
            compensation=body.money("compensation_amount"),
            rejection_reason_id=body.integer("rejection_reason_id") if body.has("rejection_reason_id") else None,
            back_way=body.money("return_for_back_way") or Decimal(0),
        ),
    )


def list_goods(call: Call) -> Json:
    filters = call.body.part("filter")
    dates = ("logistic_return_date", "storage_tariffication_start_date", "visual_status_change_moment")
    given = [name for name in dates if filters.has(name)]
    if len(given) > 1:
        raise invalid("Request validation error: only one of the date filters is allowed")
    numbers = filters.texts("posting_numbers")
    if len(numbers) > 50:
        raise invalid("Request validation error: invalid PostingNumbers: value must contain no more than 50 items")
    limit, last = call.body.limit(500), call.body.integer("last_id", 0)
    period = filters.part(given[0]) if given else None
    begin, end = (period.when("time_from"), period.when("time_to")) if period else (None, None)
    scheme, status = filters.text("return_schema", "").lower(), filters.text("visual_status_name", "")
    found = [
        item
        for item in call.world.goods_returns.all()
        if item.client_id == call.seller.client_id
        and item.id > last
        and (not numbers or item.posting_number in numbers)
        and (not scheme or item.scheme.lower() == scheme)
        and (not status or item.status_name == status)
        and (begin is None or (item.changed_at or item.created_at) >= begin)
        and (end is None or (item.changed_at or item.created_at) <= end)
    ]
    return {"returns": [_goods(call, item) for item in found[:limit]], "has_next": len(found) > limit}


def _own(call: Call) -> RfbsReturn:
    item = call.world.returns.get(str(call.body.integer("return_id")))
    if item is None or item.client_id != call.seller.client_id:
        raise not_found("RETURN_NOT_FOUND")
    return item


def _product(item: RfbsReturn) -> Json:
    return {
        "name": item.line.name,
        "offer_id": item.line.offer_id,
        "currency_code": item.currency,
        "price": int(item.line.total),  # int32 by the contract: fractions are cut off in the answer, not in the books
        "sku": item.line.sku,
    }


def _short(call: Call, item: RfbsReturn) -> Json:
    group, name = words.RETURN_STATES[item.state]
    return {
        "client_name": item.buyer_name,
        "created_at": stamp(item.created_at),
        "order_number": call.posting(item.posting_number).order_number,
        "posting_number": item.posting_number,
        "product": _product(item),
        "return_id": item.id,
        "return_number": f"RET-{item.id}",
        "state": {
            "group_state": group,
            "money_return_state_name": "Возвращены" if item.refunded else "Не возвращены",
            "state": item.state,
            "state_name": name,
        },
    }


def _goods(call: Call, item: GoodsReturn) -> Json:
    posting = call.posting(item.posting_number)
    place = {"id": 1, "name": "Склад Софьино", "address": "Московская область, Софьино"}
    nothing = {"currency_code": item.currency, "price": 0}
    status = {"id": item.status_id, "display_name": item.status_title, "sys_name": item.status_name}
    return {
        "exemplars": [{"id": item.id}],
        "id": item.id,
        "company_id": int(call.seller.client_id),
        "return_reason_name": item.reason,
        "type": item.type,
        "schema": item.scheme,
        "order_id": posting.order_id,
        "order_number": posting.order_number,
        "place": place,
        "target_place": place,
        "storage": {
            "sum": nothing | {"price": float(item.storage)},
            # How many days are free is not published: they count from the arrival, and are charged from the day after.
            "tariffication_first_date": stamp(item.arrived_at + timedelta(days=1)) if item.arrived_at else None,
            "tariffication_start_date": stamp_or_null(item.arrived_at),
            "arrived_moment": stamp_or_null(item.arrived_at),
            "days": 0,
            "utilization_sum": nothing,
            "utilization_forecast_date": stamp(item.scrapped_at) if item.scrapped_at else None,
        },
        "product": _goods_product(item.line, item.currency),
        "logistic": {
            "technical_return_moment": stamp(item.created_at),
            "final_moment": None,
            "cancelled_with_compensation_moment": None,
            "return_date": stamp(item.created_at),
            "barcode": f"ii{item.id}",
        },
        "visual": {"status": status, "change_moment": stamp(item.changed_at or item.created_at)},
        "additional_info": {"is_opened": False, "is_super_econom": False},
        "source_id": item.id,
        "posting_number": item.posting_number,
        "clearing_id": item.id,
        "return_clearing_id": None,
        "compensation_status": _compensation(item),
    }


def _compensation(item: GoodsReturn) -> Json | None:
    if not item.compensation or item.compensated_at is None:
        return None
    number, title = COMPENSATIONS[item.compensation]
    status = {"id": number, "display_name": title, "sys_name": item.compensation}
    return {"status": status, "change_moment": stamp(item.compensated_at)}


def _goods_product(line: Line, currency: str) -> Json:
    nothing = {"currency_code": currency, "price": 0}
    return {
        "sku": line.sku,
        "offer_id": line.offer_id,
        "name": line.name,
        "price": {"currency_code": currency, "price": float(line.price)},
        "price_without_commission": {"currency_code": currency, "price": float(line.price)},
        "commission_percent": 0,
        "commission": nothing,
        "quantity": line.quantity,
    }


METHODS: dict[str, Method] = {
    "/v2/returns/rfbs/list": list_rfbs,
    "/v2/returns/rfbs/get": get_rfbs,
    "/v1/returns/rfbs/action/set": act_rfbs,
    "/v1/returns/list": list_goods,
}
