"""From a posting of /v3/posting/fbs/get or a v4 list to `MarketplacePosting`: an allow-list.

Only the fields read here leave this module. `customer`, `addressee`, `courier`, `legal_info`, the address, region
and city of `analytics_data`, and every field the marketplace may add, are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from shipby.adapters.ozon.answers import Node, is_currency, money, rounded_money, unreadable
from shipby.adapters.ozon.assumptions import DISCOUNT, FBS_INTEGRATION, NO_BARCODE
from shipby.domain.money import Money
from shipby.domain.posting import Cancellation, Line, MarketplacePosting, Scheme, TariffStep

_REQUIREMENT = re.compile(r"products_requiring_([a-z_]{1,40})")


def posting_of(node: Node, read_at: datetime) -> MarketplacePosting:
    """What the product keeps of one posting.

    Raises MarketplaceUnavailableError, naming the field, if a field is not what the API description says.
    """
    integration = node.text("tpl_integration_type")
    delivery = node.node("delivery_method")
    lines = tuple(_line(product) for product in node.nodes("products"))
    barcodes = node.node("barcodes")
    return MarketplacePosting(
        number=node.required("posting_number"),
        order_number=node.text("order_number"),
        status=node.required("status"),
        substatus=node.text("substatus"),
        scheme=scheme_of(integration),
        integration=integration,
        read_at=read_at,
        warehouse_id=delivery.text("warehouse_id"),
        delivery_method_id=delivery.text("id"),
        in_process_at=node.moment("in_process_at"),
        shipment_date=node.moment("shipment_date"),
        without_delay=node.moment("shipment_date_without_delay"),
        delivering_date=node.moment("delivering_date"),
        delivered_at=node.moment("fact_delivery_date"),
        delivery_by=node.node("analytics_data").moment("delivery_date_end"),
        tariff_steps=_tariff_steps(node, lines),
        actions=tuple(sorted(set(node.texts("available_actions")) - {""})),
        tracking_number=node.text("tracking_number"),
        carrier=delivery.text("tpl_provider"),
        barcodes=tuple(
            code
            for code in (barcodes.text("upper_barcode"), barcodes.text("lower_barcode"))
            if code not in ("", NO_BARCODE)
        ),
        lines=lines,
        requirements=_requirements(node.node("requirements")),
        cancellation=_cancellation(node.node("cancellation")),
        parent_number=node.text("parent_posting_number"),
        related_numbers=tuple(n for n in node.node("related_postings").texts("related_posting_numbers") if n),
    )


def scheme_of(integration: str) -> Scheme:
    """Who delivers; an empty `tpl_integration_type` counts as FBS."""
    return Scheme.FBS if integration in ("", FBS_INTEGRATION) else Scheme.RFBS


def _line(product: Node) -> Line:
    # v3/get: price is text beside currency_code; v4 lists: price is {amount, currency}.
    if isinstance(product.fields.get("price"), dict):
        price = product.node("price")
        amount, currency = price.decimal("amount"), price.text("currency")
    else:
        amount, currency = product.decimal("price"), product.text("currency_code")
    quantity = product.integer("quantity")
    if quantity < 1:
        raise unreadable(product.at("quantity"), "a positive number")
    return Line(
        sku=product.required("sku"),
        offer_id=product.text("offer_id"),
        name=product.text("name"),
        quantity=quantity,
        price=money(amount, currency, product.at("price")),
    )


def _tariff_steps(node: Node, lines: tuple[Line, ...]) -> tuple[TariffStep, ...]:
    tariff = node.node("tariffication")
    currency = next(
        (
            text
            for text in (
                lines[0].price.currency if lines else "",
                tariff.text("current_tariff_charge_currency_code"),
                tariff.text("next_tariff_charge_currency_code"),
            )
            if text
        ),
        "",
    )
    found: list[TariffStep] = []
    for step in node.nodes("tariffication_steps"):
        until = step.moment("tariff_deadline_at")
        if until is None:
            raise unreadable(step.at("tariff_deadline_at"), "a time")
        sign = -1 if step.text("tariff_type") == DISCOUNT else 1
        found.append(
            TariffStep(
                until=until,
                rate=step.decimal("tariff_rate") * sign,
                minimum=_charge(step, "min_charge", currency),
                charge=_charge(step, "tariff_charge", currency) * sign,
            )
        )
    return tuple(sorted(found, key=lambda one: one.until))


def _charge(step: Node, key: str, currency: str) -> Money:
    # Documented as text in v3/get and as {amount, currency} in v4 lists; v3's own example shows the latter, and null.
    if isinstance(step.fields.get(key), dict):
        charge = step.node(key)
        amount, currency = charge.decimal("amount"), charge.text("currency") or currency
    else:
        amount = step.decimal(key)
    if not is_currency(currency):
        raise unreadable(step.at(key), "a charge with a currency")
    return rounded_money(amount, currency)


def _requirements(node: Node) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in sorted(node.fields):
        match = _REQUIREMENT.fullmatch(key)
        skus = node.texts(key) if match else ()
        if match and skus:
            found[match[1]] = skus
    return found


def _cancellation(node: Node) -> Cancellation | None:
    reason_id, kind = node.integer("cancel_reason_id"), node.text("cancellation_type")
    if not reason_id and not kind:
        return None
    return Cancellation(
        reason_id=reason_id,
        reason=node.text("cancel_reason"),
        type=kind.casefold(),
        after_ship=node.flag("cancelled_after_ship"),
        affects_rating=node.flag("affect_cancellation_rating"),
    )
