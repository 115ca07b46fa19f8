"""Renders postings as the marketplace does: v3 get and the v4 lists differ in money, products and optional parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.desks import tariff
from shipby_local.simulator.labels.pages import scanit_of
from shipby_local.simulator.model import Line, Posting
from shipby_local.simulator.offers import offered_actions
from shipby_local.simulator.settings import SimulatorSettings
from shipby_local.simulator.words import Json, stamp, stamp_or_null

REQUIREMENTS: Final = (
    "products_requiring_gtd",
    "products_requiring_country",
    "products_requiring_mandatory_mark",
    "products_requiring_rnpt",
    "products_requiring_jw_uin",
    "products_requiring_change_country",
    "products_requiring_imei",
    "products_requiring_weight",
)
_PROVIDERS: Final = {
    "ozon": (24, "Доставка Ozon"),
    "3pl_tracking": (57, "СДЭК"),
    words.AGGREGATOR: (102, "Партнёры Ozon"),
    words.NON_INTEGRATED: (65, "Самостоятельная доставка"),
    "hybryd": (66, "Гибридная доставка"),
}


def posting_v3(posting: Posting, wants: Json, now: datetime, settings: SimulatorSettings) -> Json:
    """`result` of `/v3/posting/fbs/get`; parts not asked for in `with` are null."""
    wanted = wants.get
    return {
        **_common(posting, now),
        "delivery_price": "",
        "fact_delivery_date": stamp_or_null(posting.delivered_at),
        "provider_status": "",
        "customer": _customer(posting, latin=bool(wanted("translit"))) if posting.is_rfbs else None,
        "addressee": (
            {"name": _spelt(posting.buyer.name, wanted("translit")), "phone": posting.buyer.phone, "pin": ""}
            if posting.is_rfbs or wanted("analytics_data")
            else None
        ),
        "products": [
            {
                "price": format(line.price, ".4f"),
                "offer_id": line.offer_id,
                "name": line.name,
                "sku": line.sku,
                "quantity": line.quantity,
                "mandatory_mark": [],
                "jw_uin": [],
                "dimensions": {
                    "height": "150.00",
                    "length": "500.00",
                    "weight": str(round(line.weight_kg * 1000)),
                    "width": "300.00",
                },
                "currency_code": posting.currency,
                "is_blr_traceable": False,
                "is_marketplace_buyout": False,
                "has_imei": False,
                "weight_max": line.weight_kg,
                "weight_min": 0,
                "is_weight_needed": False,
            }
            for line in posting.lines
        ],
        "barcodes": _barcodes(posting) if wanted("barcodes") else None,
        "analytics_data": _analytics(posting) if wanted("analytics_data") else None,
        "financial_data": _financial_v3(posting) if wanted("financial_data") else None,
        "legal_info": {"company_name": "", "inn": "", "kpp": ""},
        "additional_data": [],
        "product_exemplars": (
            {"products": [{"sku": line.sku, "exemplars": []} for line in posting.lines]}
            if wanted("product_exemplars")
            else None
        ),
        "courier": None,
        "related_postings": {"related_posting_numbers": posting.related} if wanted("related_postings") else None,
        "previous_substatus": words.previous_substatus(posting.previous_substatus),
        "prr_option": {"code": "", "price": "", "currency_code": posting.currency, "floor": ""},
        "related_weight_postings": [],
        "container": {"cargo_type": "BOX", "container_date": "", "container_id": 0, "container_number": 0},
        "scanit": scanit_of(posting, settings.label_style),
        "tariffication": tariff.v3_json(posting, now, settings.tariff),
        "tariffication_steps": tariff.steps_json(posting, settings.tariff),
    }


def posting_v4(posting: Posting, wants: Json, now: datetime, settings: SimulatorSettings) -> Json:
    """An element of `postings` of the v4 lists."""
    wanted = wants.get
    return {
        **_common(posting, now),
        "delivery_schema": posting.scheme.lower(),
        "customer": {**_customer(posting), "customer_email": posting.buyer.email} if posting.is_rfbs else None,
        "addressee": {"name": posting.buyer.name} if posting.is_rfbs or wanted("analytics_data") else None,
        "products": [
            {
                "imei": [],
                "is_blr_traceable": False,
                "is_marketplace_buyout": False,
                "name": line.name,
                "offer_id": line.offer_id,
                "price": tariff.money(line.price, posting.currency),
                "product_color": "",
                "quantity": line.quantity,
                "sku": line.sku,
                "weight": line.weight_kg,
            }
            for line in posting.lines
        ],
        "barcodes": _barcodes(posting) if wanted("barcodes") else None,
        "analytics_data": _analytics(posting) if wanted("analytics_data") else None,
        "financial_data": _financial_v4(posting) if wanted("financial_data") else None,
        "legal_info": {"company_name": "", "inn": "", "kpp": ""} if wanted("legal_info") else None,
        "prr_option": "",
        "quantum_id": 0,
        "volume_weight": 0.1,
        "container": None,
        "scanit": scanit_of(posting, settings.label_style),
        "tariffication": tariff.v4_json(posting, now, settings.tariff),
        "tariffication_steps": tariff.steps_json(posting, settings.tariff),
    }


def posting_v2(posting: Posting) -> Json:
    """`result` of `/v2/posting/fbs/get-by-barcode`."""
    return {
        "order_id": posting.order_id,
        "order_number": posting.order_number,
        "posting_number": posting.number,
        "status": posting.status,
        "cancel_reason_id": posting.cancellation.reason_id,
        "created_at": stamp(posting.created_at),
        "in_process_at": stamp(posting.in_process_at),
        "shipment_date": stamp_or_null(posting.cutoff),
        "products": [
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "offer_id": line.offer_id,
                "price": format(line.price, ".4f"),
            }
            for line in posting.lines
        ],
        "barcodes": _barcodes(posting),
    }


def _common(posting: Posting, now: datetime) -> Json:
    provider_id, provider = _PROVIDERS[posting.integration]
    cancellation = posting.cancellation
    return {
        "posting_number": posting.number,
        "order_id": posting.order_id,
        "order_number": posting.order_number,
        "parent_posting_number": posting.parent,
        "status": posting.status,
        "substatus": posting.substatus,
        "external_order": {"is_external": False, "platform_name": ""},
        "delivery_method": {
            "id": posting.warehouse_id,
            "name": f"{provider}, Софьино",
            "warehouse_id": posting.warehouse_id,
            "warehouse": "Склад Софьино",
            "tpl_provider_id": provider_id,
            "tpl_provider": provider,
        },
        "tracking_number": posting.tracking_number,
        "tpl_integration_type": posting.integration,
        "integration_type_flow": posting.integration,
        "in_process_at": stamp(posting.in_process_at),
        "shipment_date": stamp_or_null(posting.cutoff),
        "shipment_date_without_delay": stamp_or_null(posting.without_delay),
        "delivering_date": stamp_or_null(posting.delivering_at),
        "cancellation": {
            "cancel_reason_id": cancellation.reason_id,
            "cancel_reason": cancellation.reason,
            "cancellation_type": cancellation.type,
            "cancelled_after_ship": cancellation.after_ship,
            "affect_cancellation_rating": cancellation.affects_rating,
            "cancellation_initiator": words.INITIATORS.get(cancellation.type, ""),
        },
        "container_sort_type": "",
        "requirements": {name: posting.requirements.get(name, []) for name in REQUIREMENTS},
        "optional": {"products_with_possible_mandatory_mark": []},
        "available_actions": offered_actions(posting, now),
        "is_express": posting.is_express,
        "is_multibox": posting.multibox or posting.multi_box_qty > 1,
        "multi_box_qty": posting.multi_box_qty,
        "is_presortable": False,
        "is_click_and_collect": False,
        "require_blr_traceable_attrs": False,
        "pickup_code_verified_at": None,
        "destination_place_id": 0,
        "destination_place_name": "",
        "sorting_center": None,
    }


def _spelt(text: str, latin: object) -> str:
    return words.transliterated(text) if latin else text


def _customer(posting: Posting, *, latin: bool = False) -> Json:
    buyer = posting.buyer
    return {
        "address": {
            "address_tail": _spelt(buyer.address, latin),
            "city": _spelt(buyer.city, latin),
            "comment": _spelt(buyer.comment, latin),
            "country": _spelt("Россия", latin),
            "district": "",
            "latitude": 55.75,
            "longitude": 37.61,
            "provider_pvz_code": "",
            "pvz_code": 0,
            "region": _spelt(buyer.region, latin),
            "zip_code": buyer.zip_code,
        },
        "customer_id": posting.order_id % 1_000_000,
        "name": _spelt(buyer.name, latin),
        "phone": buyer.phone,
    }


def _barcodes(posting: Posting) -> Json:
    return {"upper_barcode": posting.upper_barcode, "lower_barcode": posting.lower_barcode}


def _analytics(posting: Posting) -> Json:
    provider_id, provider = _PROVIDERS[posting.integration]
    return {
        "region": posting.buyer.region,
        "city": posting.buyer.city,
        "delivery_type": "Courier" if posting.is_rfbs else "PVZ",
        "is_premium": False,
        "payment_type_group_name": "Банковская карта",
        "warehouse_id": posting.warehouse_id,
        "warehouse": "Склад Софьино",
        "tpl_provider_id": provider_id,
        "tpl_provider": provider,
        "delivery_date_begin": stamp(posting.delivery_begin),
        "delivery_date_end": stamp(posting.delivery_end),
        "is_legal": False,
        "client_delivery_date_begin": None,
        "client_delivery_date_end": None,
    }


def _financial(posting: Posting, commission: Callable[[Line], Json]) -> Json:
    """`financial_data`; how commissions and the buyer's price are written differs between the methods' versions."""
    return {
        "cluster_from": "Москва, МО и Дальние регионы",
        "cluster_to": "Москва, МО и Дальние регионы",
        "products": [
            {
                "actions": [],
                "old_price": _number(line.price),
                "payout": 0,
                "price": _number(line.price),
                "product_id": line.sku,
                "quantity": line.quantity,
                "total_discount_percent": 0,
                "total_discount_value": 0,
                **commission(line),
            }
            for line in posting.lines
        ],
    }


def _financial_v3(posting: Posting) -> Json:
    return _financial(
        posting,
        lambda line: {
            "currency_code": posting.currency,
            "customer_currency_code": posting.currency,
            "customer_price": _number(line.price),
            "commission_amount": 0,
            "commission_percent": 0,
            "commissions_currency_code": posting.currency,
        },
    )


def _financial_v4(posting: Posting) -> Json:
    return _financial(
        posting,
        lambda line: {
            "commission": {"amount": 0, "currency": posting.currency, "percent": 0},
            "customer_price": tariff.money(line.price, posting.currency),
        },
    )


def _number(amount: Decimal) -> float:
    """The contract wants a JSON number here; nothing is computed with it."""
    return float(words.cents(amount))
