"""From a posting of /v3/posting/fbs/get or a v4 list to `MarketplacePosting`: an allow-list.

Only the fields read here leave this module. `addressee`, `courier`, `legal_info`, the address, region and city of
`analytics_data`, and every field the marketplace may add, are never touched; of `customer` nothing is read but a check
of 16 bits on the address (`recipients.address_check`), which tells that it was changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shipby.adapters.ozon.assumptions import (
    BOXES_WITHOUT_WORD,
    DISCOUNT,
    FBS_INTEGRATION,
    FREE_TARIFF,
    NEXT_TARIFF_LATER,
    NO_BARCODE,
)
from shipby.adapters.ozon.reading.answers import LONGEST_CODE, Node, is_currency, money, rounded_money, unreadable
from shipby.adapters.ozon.reading.entries import Fields
from shipby.adapters.ozon.reading.recipients import address_check
from shipby.application.cases.odd_entries import Listed
from shipby.domain.initiators import latin
from shipby.domain.money import Money
from shipby.domain.postings.odd_reads import PRICES
from shipby.domain.postings.posting import Cancellation, Line, MarketplacePosting, Scheme, TariffStep

FOREVER = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""The end of the last step, as the marketplace writes it."""
_REQUIREMENT = re.compile(r"products_requiring_([a-z_]{1,40})")


def posting_of(node: Node, read_at: datetime) -> MarketplacePosting:
    """What the product keeps of one posting; `shipby.domain.postings.odd_reads` says which fields are essential.

    Raises UnreadableAnswerError, naming the field, if an essential one is not what the API description says.
    """
    number, integration = node.identifier("posting_number"), node.text("tpl_integration_type")
    odd = Fields(node)
    maybe = odd.maybe
    lines: tuple[Line, ...] = maybe("lines", lambda: _lines(node, odd), ())
    posting = MarketplacePosting(
        number=number,
        order_number=maybe("order_number", lambda: node.text("order_number"), ""),
        status=node.required("status"),
        substatus=maybe("substatus", lambda: node.text("substatus"), ""),
        scheme=scheme_of(integration),
        integration=integration,
        read_at=read_at,
        warehouse_id=maybe("warehouse_id", lambda: node.node("delivery_method").code("warehouse_id"), ""),
        delivery_method_id=maybe("delivery_method_id", lambda: node.node("delivery_method").code("id"), ""),
        in_process_at=maybe("in_process_at", lambda: node.moment("in_process_at"), None),
        shipment_date=node.moment("shipment_date"),
        without_delay=node.moment("shipment_date_without_delay"),
        delivering_date=maybe("delivering_date", lambda: node.moment("delivering_date"), None),
        delivered_at=maybe("delivered_at", lambda: node.moment("fact_delivery_date"), None),
        delivery_by=maybe("delivery_by", lambda: node.node("analytics_data").moment("delivery_date_end"), None),
        tariff_steps=maybe("tariff_steps", lambda: _tariff_steps(node, lines), ()),
        actions=maybe("actions", lambda: tuple(sorted(set(node.texts("available_actions")) - {""})), ()),
        tracking_number=maybe("tracking_number", lambda: node.code("tracking_number"), ""),
        carrier=maybe("carrier", lambda: node.node("delivery_method").text("tpl_provider"), ""),
        barcodes=maybe("barcodes", lambda: _barcodes(node.node("barcodes")), ()),
        delivery_schema=maybe("delivery_schema", lambda: node.code("delivery_schema"), ""),
        flow=maybe("flow", lambda: node.code("integration_type_flow"), ""),
        legal=maybe("legal", lambda: node.node("analytics_data").flag("is_legal"), unknown=False),
        optional_marks=maybe("optional_marks", lambda: _optional_marks(node.node("optional")), ()),
        address=maybe("address", lambda: address_check(node, number), ""),
        traceable=maybe("traceable", lambda: node.flag("require_blr_traceable_attrs"), unknown=False),
        multibox=maybe("multibox", lambda: node.flag("is_multibox"), unknown=False),
        boxes=maybe("boxes", lambda: _boxes(node), 0),
        code_verified_at=maybe("code_verified_at", lambda: node.moment("pickup_code_verified_at"), None),
        scanit=maybe("scanit", lambda: _scanit(node), ""),
        lines=lines,
        requirements=maybe("requirements", lambda: _requirements(node.node("requirements")), {}),
        cancellation=maybe("cancellation", lambda: _cancellation(node.node("cancellation")), None),
        parent_number=maybe("parent_number", lambda: node.code("parent_posting_number"), ""),
        related_numbers=maybe(
            "related_numbers",
            lambda: _related_numbers(node.node("related_postings")),
            (),
        ),
    )
    odd.noted(Listed.POSTING, number)
    return replace(posting, odd=odd.odd) if odd.odd else posting


def scheme_of(integration: str) -> Scheme:
    """Who delivers; an empty `tpl_integration_type` counts as FBS."""
    return Scheme.FBS if integration in ("", FBS_INTEGRATION) else Scheme.RFBS


def _lines(node: Node, odd: Fields) -> tuple[Line, ...]:
    """All lines or none: a parcel that is packed by a part of them is wrong. A line of no pieces was cancelled."""
    products = node.nodes("products")
    counts = [_pieces(product) for product in products]
    return tuple(_line(product, count, odd) for product, count in zip(products, counts, strict=True) if count)


def _pieces(product: Node) -> int:
    quantity = product.integer("quantity")
    if quantity < 0 or product.fields.get("quantity") in (None, ""):
        raise unreadable(product.at("quantity"), "a number of pieces")
    return quantity


def _line(product: Node, quantity: int, odd: Fields) -> Line:
    return Line(
        sku=product.identifier("sku"),
        offer_id=odd.maybe("offer_ids", lambda: product.text("offer_id"), ""),
        name=odd.maybe("names", lambda: product.text("name"), ""),
        quantity=quantity,
        price=odd.maybe(PRICES, lambda: _price(product), None),
    )


def _price(product: Node) -> Money:
    # v3/get: price is text beside currency_code; v4 lists: price is {amount, currency}.
    if isinstance(product.fields.get("price"), dict):
        price, key = product.node("price"), "amount"
        currency = price.text("currency")
    else:
        price, key = product, "price"
        currency = product.text("currency_code")
    amount = price.decimal(key)
    # Nothing is no price, and neither is 0: it would be refunded as one.
    if amount <= 0 or price.fields.get(key) in (None, ""):
        raise unreadable(product.at("price"), "a price")
    return money(amount, currency, product.at("price"))


def _related_numbers(node: Node) -> tuple[str, ...]:
    numbers = tuple(number for number in node.texts("related_posting_numbers") if number)
    if any(len(number) > LONGEST_CODE for number in numbers):
        raise unreadable(node.at("related_posting_numbers"), "posting numbers")
    return numbers


def _barcodes(node: Node) -> tuple[str, ...]:
    codes = (node.text("upper_barcode"), node.text("lower_barcode"))
    return tuple(code for code in codes if code not in ("", NO_BARCODE))


def _optional_marks(node: Node) -> tuple[str, ...]:
    return tuple(sorted(set(node.texts("products_with_possible_mandatory_mark")) - {""}))


def _boxes(node: Node) -> int:
    count = node.integer("multi_box_qty")
    return count if count > BOXES_WITHOUT_WORD else 0


def _scanit(node: Node) -> str:
    code = node.code("scanit").strip()
    return "" if code == NO_BARCODE else code


def _tariff_steps(node: Node, lines: tuple[Line, ...]) -> tuple[TariffStep, ...]:
    """All steps or none: each begins where the one before ends, and their charges are held against each other."""
    steps = node.nodes("tariffication_steps")
    if not steps:
        return _two_steps(node, lines)
    charges = [(_charge(step, "min_charge"), _charge(step, "tariff_charge")) for step in steps]
    currency = _tariff_currency(node, [charge for pair in charges for charge in pair], lines)
    found: list[TariffStep] = []
    for step, (minimum, charge) in zip(steps, charges, strict=True):
        until = step.moment("tariff_deadline_at")
        if until is None:
            raise unreadable(step.at("tariff_deadline_at"), "a time")
        sign = -1 if step.text("tariff_type") == DISCOUNT else 1
        found.append(
            TariffStep(
                until=until,
                rate=step.decimal("tariff_rate") * sign,
                minimum=rounded_money(minimum[0], currency),
                charge=rounded_money(charge[0], currency) * sign,
            )
        )
    return tuple(sorted(found, key=lambda one: one.until))


def _two_steps(node: Node, lines: tuple[Line, ...]) -> tuple[TariffStep, ...]:
    """Where no steps come, what `tariffication` says: what it costs now, and from `next_tariff_starts_at` on.

    A rate without an amount is taken of what was paid; where that is unknown, so is the price.
    """
    tariff = node.node("tariffication")
    starts = tariff.moment("next_tariff_starts_at")
    if starts is None:
        return ()
    cut_off = node.moment("shipment_date")
    if cut_off is not None and timedelta() <= starts - cut_off <= NEXT_TARIFF_LATER:
        starts = cut_off
    told = {when: _tariff(tariff, when, lines) for when in ("current", "next")}
    amounts = [charge for charge, _ in told.values()] + [minimum for _, minimum in told.values()]
    currency = _tariff_currency(node, amounts, lines)
    steps = []
    for when, until in (("current", starts), ("next", FOREVER)):
        (charge, _), (minimum, _) = told[when]
        sign = -1 if tariff.text(f"{when}_tariff_type") == DISCOUNT else 1
        steps.append(
            TariffStep(
                until=until,
                rate=tariff.decimal(f"{when}_tariff_rate") * sign,
                minimum=rounded_money(minimum, currency),
                charge=rounded_money(charge, currency) * sign,
            )
        )
    return tuple(steps)


def _tariff(tariff: Node, when: str, lines: tuple[Line, ...]) -> tuple[tuple[Decimal, str], tuple[Decimal, str]]:
    """Charge and minimum of the present or the next tariff."""
    charge, minimum = _charge(tariff, f"{when}_tariff_charge"), _charge(tariff, f"{when}_tariff_min_charge")
    rate, kind = tariff.decimal(f"{when}_tariff_rate"), tariff.text(f"{when}_tariff_type")
    if charge[0] or not rate or kind == FREE_TARIFF:
        return charge, minimum
    prices = [line.price * line.quantity for line in lines if line.price is not None]
    if not prices or len(prices) < len(lines) or len({price.currency for price in prices}) > 1:
        raise unreadable(tariff.at(f"{when}_tariff_charge"), "an amount")
    paid = Money(sum(price.minor for price in prices), prices[0].currency)
    return (Decimal(paid.percent(rate).amount), paid.currency), minimum


def _charge(step: Node, key: str) -> tuple[Decimal, str]:
    """An amount and the currency it names, if any; a step that is free may have neither."""
    # Documented as text in v3/get and as {amount, currency} in v4 lists; v3's own example shows the latter, and null.
    if isinstance(step.fields.get(key), dict):
        charge = step.node(key)
        return charge.decimal("amount"), charge.text("currency")
    return step.decimal(key), ""


def _tariff_currency(node: Node, charges: Sequence[tuple[Decimal, str]], lines: tuple[Line, ...]) -> str:
    """The one currency of all charges: the one they name, else the tariff's own, else the prices'."""
    if not charges:
        return ""
    tariff = node.node("tariffication")
    told = [
        tariff.text("current_tariff_charge_currency_code"),
        tariff.text("next_tariff_charge_currency_code"),
        *(line.price.currency for line in lines if line.price),
        *(currency for _, currency in charges),
    ]
    default = next((text for text in told if text), "")
    found = {currency or default for amount, currency in charges if amount} or {default}
    if len(found) > 1 or not is_currency(min(found)):
        raise unreadable(node.at("tariffication_steps"), "charges in one currency")
    return min(found)


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
        type=latin(kind).casefold(),
        after_ship=node.flag("cancelled_after_ship"),
        affects_rating=node.flag("affect_cancellation_rating"),
    )
