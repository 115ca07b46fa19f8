"""The seller's standing: error index, the postings in it, rating thresholds, life of the key.

The marketplace writes amounts here as JSON doubles. They are read as decimals and rounded half-even to the kopeck, so
that the noise of a double (70.10000000000001) never becomes money.
"""

from __future__ import annotations

from datetime import date, timedelta

from shipby.adapters.ozon.assumptions import INDEX_PERIOD, MISSING_CURRENCY, NO_THRESHOLD
from shipby.adapters.ozon.reading.answers import Node, is_currency, rounded, unreadable
from shipby.adapters.ozon.reading.entries import entries
from shipby.application.cases.odd_entries import Listed
from shipby.domain.rating.standing import (
    ErrorIndex,
    IndexDay,
    IndexedPosting,
    IndexErrorKind,
    KeyInfo,
    RatingThresholds,
)


def key_info_of(answer: Node) -> KeyInfo:
    """The end of the key, and every method of its roles once."""
    roles = entries(answer, "roles", Listed.KEY_ROLE, lambda role: role.texts("methods"), name="name")
    methods = {method for role in roles for method in role}
    return KeyInfo(expires_at=answer.moment("expires_at"), methods=tuple(sorted(methods - {""})))


def error_index_of(answer: Node, today: date) -> ErrorIndex:
    """The index with its days, earliest first; `today` ends the period where the answer names none.

    A day that cannot be read is left out; the index itself is essential.
    """
    currency = _currency(answer, "currency_code")
    period_to = answer.day("period_to") or today
    period_from = answer.day("period_from") or period_to - INDEX_PERIOD + timedelta(days=1)
    days = entries(answer, "defects", Listed.INDEX_DAY, lambda one: _index_day(one, currency), name="date")
    return ErrorIndex(
        period_from=period_from,
        period_to=period_to,
        index=answer.decimal("index"),
        costs=rounded(answer, "processing_costs_sum", currency),
        days=tuple(sorted(days, key=lambda one: one.day)),
    )


def _index_day(node: Node, currency: str) -> IndexDay:
    day = node.day("date")
    if day is None:
        raise unreadable(node.at("date"), "a day")
    costs = rounded(node, "processing_costs_sum_by_date", currency)
    return IndexDay(day=day, index=node.decimal("index_by_date"), costs=costs)


def indexed_posting_of(node: Node) -> IndexedPosting:
    """One error of the index; an unknown kind is OTHER and keeps its name."""
    at = node.moment("error_at")
    if at is None:
        raise unreadable(node.at("error_at"), "a time")
    raw_kind = node.text("posting_error_type")
    known = raw_kind in set(IndexErrorKind) - {IndexErrorKind.OTHER}
    price_currency = _currency(node, "product_price_currency_code", "charge_price_currency_code")
    return IndexedPosting(
        number=node.identifier("posting_number"),
        kind=IndexErrorKind(raw_kind) if known else IndexErrorKind.OTHER,
        at=at,
        charge=rounded(node, "charge_price", _currency(node, "charge_price_currency_code", default=price_currency)),
        charge_percent=node.decimal("charge_percent"),
        product_price=rounded(node, "product_price", price_currency),
        scheme=node.text("delivery_schema"),
        grace=node.flag("has_grace_status"),
        raw_kind=raw_kind,
    )


def thresholds_of(answer: Node, rating: str) -> RatingThresholds | None:
    """The limits of one rating; None if the answer does not hold it."""
    found = entries(answer, "ratings", Listed.RATING, lambda node: _thresholds(node, rating), name="rating")
    return next((one for one in found if one), None)


def _thresholds(node: Node, rating: str) -> RatingThresholds | None:
    if node.text("rating") != rating:
        return None
    warning, danger = node.decimal("warning_threshold"), node.decimal("danger_threshold")
    return RatingThresholds(
        rating=rating,
        warning=None if warning == NO_THRESHOLD else warning,
        danger=None if danger == NO_THRESHOLD else danger,
    )


def _currency(node: Node, *keys: str, default: str = MISSING_CURRENCY) -> str:
    code = next((text for key in keys if (text := node.text(key))), default)
    if not is_currency(code):
        raise unreadable(node.at(keys[0]), "a currency")
    return code
