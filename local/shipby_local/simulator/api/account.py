"""The seller's account: company, warehouses, accruals."""

from __future__ import annotations

from collections import defaultdict

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.desks.tariff import money
from shipby_local.simulator.errors import invalid
from shipby_local.simulator.model import Money
from shipby_local.simulator.words import Json, stamp


def company(call: Call) -> Json:
    seller = call.seller
    return {
        "company": {
            "country": "Россия",
            "currency": seller.currency,
            "inn": "7707083893",
            "legal_name": seller.name,
            "name": seller.name,
            "ogrn": "1027700132195",
            "ownership_form": "ООО",
            "tax_system": "OSNO",
        },
        "ratings": [],
        "subscription": {
            "is_premium": seller.chat_subscription,
            "type": "PREMIUM_PLUS" if seller.chat_subscription else "UNSPECIFIED",
        },
    }


def warehouses(call: Call) -> Json:
    call.body.limit(200)
    seller = call.seller
    wanted = call.body.integers("warehouse_ids")
    born = stamp(seller.created_at)
    only = {
        "address_info": {"address": "Московская область, Софьино", "latitude": 55.49, "longitude": 38.17, "utc": "+3"},
        "carriage_label_type": "BIG",
        "courier_comment": "",
        "courier_phones": [],
        "created_at": born,
        "cut_in_time": 0,
        "first_mile": {
            "dropoff_point_id": "",
            "first_mile_is_changing": False,
            "timeslot_from": "20:00",
            "timeslot_id": 1,
            "timeslot_to": "21:00",
            "type": "PICK_UP",
        },
        "has_entrusted_acceptance": False,
        "has_postings_limit": False,
        "is_auto_assembly": False,
        "is_comfort": False,
        "is_express": False,
        "is_kgt": False,
        "is_rfbs": False,
        "is_waybill_enabled": True,
        "min_postings_limit": 1,
        "name": "Склад Софьино",
        "phone": "",
        "postings_limit": -1,
        "sla_cut_in": 0,
        "status": "created",
        "timetable": {"timetable_from": born, "timetable_to": born, "working_hours": []},
        "updated_at": born,
        "warehouse_id": seller.warehouse_id,
        "warehouse_type": "",
        "with_item_list": False,
        "working_days": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"],
    }
    shown = [one for one in seller.warehouse_ids if not wanted or one in wanted]
    return {"cursor": "", "has_next": False, "warehouses": [{**only, "warehouse_id": one} for one in shown]}


def accruals(call: Call) -> Json:
    numbers = call.body.texts("posting_numbers")
    if not numbers:
        raise invalid("Request validation error: invalid PostingNumbers: value is required")
    by_posting: dict[str, list[Money]] = defaultdict(list)
    for movement in call.world.money.all():
        if movement.client_id == call.seller.client_id and movement.posting_number in numbers:
            by_posting[movement.posting_number].append(movement)
    return {
        "posting_accruals": [
            {"posting_number": number, "accruals": [_accrual(call, movement) for movement in found]}
            for number, found in by_posting.items()
        ]
    }


def accrual_types(call: Call) -> Json:  # noqa: ARG001 - every method has this shape
    return {
        "accrual_types": [
            {"id": number, "name": name, "description": description}
            for number, (name, description) in words.ACCRUAL_TYPES.items()
        ]
    }


def _accrual(call: Call, movement: Money) -> Json:
    posting = call.world.postings.get(movement.posting_number)
    amount, currency = words.accrued(movement.amount, movement.currency, posting.settled_in if posting else "")
    signed = amount if movement.paid_to == "seller" else -amount
    item = call.world.returns.get(str(movement.return_id)) if movement.return_id is not None else None
    return {
        "accrual_date": movement.at.date().isoformat(),
        "accrued": money(signed, currency),
        "quantity": item.line.quantity if item else None,
        "seller_price": money(amount, currency),
        "sku": item.line.sku if item else None,
        "type_id": movement.kind,
    }


METHODS: dict[str, Method] = {
    "/v1/seller/info": company,
    "/v2/warehouse/list": warehouses,
    "/v1/finance/accrual/postings": accruals,
    "/v1/finance/accrual/types": accrual_types,
}
