"""Probes of money: currencies, signs, words of accruals, the error index."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Final

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.reading.accruals import kind_of
from shipby_local.pilot.evidence import Evidence, Json, inner, is_zero, listed, text
from shipby_local.pilot.probes.base import Finding, Probe, differs, holds, judged, not_seen

TARIFF_TYPES: Final = frozenset({"discount", "no_discount", "commission"})
_NEAR: Final = timedelta(minutes=5)
"""A tariff that begins so soon after the shipping date is the one that begins with it."""
_BUYERS: Final = "customer_currency_code"
"""A buyer may pay in another currency than the seller prices in."""


def _missing_currency(evidence: Evidence) -> Finding:
    """Amounts that name no currency, and in which currencies the shop's other money is."""
    bare: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for path, currency, name, zero in evidence.amounts():
        if name == _BUYERS:
            continue
        if text(currency):
            named[evidence.mask.code(text(currency))] += 1
        elif not zero:
            bare[f"{path}.{name}"] += 1
    if not named and not bare:
        return not_seen("no amount was seen")
    ours = assumptions.MISSING_CURRENCY
    told = ", ".join(f"{code} {count}" for code, count in named.most_common())
    said = f"{bare.total()} amounts name no currency; the others: {told or 'none'}"
    foreign = named.keys() - {ours}
    return differs(f"{said}; {ours} is assumed for the bare ones", *bare) if bare and foreign else holds(said, *bare)


def _one_currency(evidence: Evidence) -> Finding:
    """Whether all of the seller's money is in one currency: sums never cross currencies."""
    places: dict[str, Counter[str]] = {}
    for path, currency, name, zero in evidence.amounts():
        if name != _BUYERS and text(currency) and not zero:
            places.setdefault(evidence.mask.code(text(currency)), Counter())[f"{path}.{name}"] += 1
    if not places:
        return not_seen("no amount was seen")
    if len(places) == 1:
        return holds(f"all amounts are in {next(iter(places))}")
    usual = max(places, key=lambda code: places[code].total())
    others = {f"{place} {code}": count for code in places if code != usual for place, count in places[code].items()}
    return judged(Counter(others), places[usual].total(), what=f"amounts in {usual}")


def _charges(evidence: Evidence) -> Finding:
    """Charges of the shipping tariff beside the prices of the same posting."""
    wrong: Counter[str] = Counter()
    right = 0
    for path, posting in evidence.postings():
        prices = {code for product in listed(posting.get("products")) if (code := _price_currency(product))}
        for place, code in _tariff_currencies(posting):
            if not prices or code in prices:
                right += bool(prices)
            else:
                wrong[f"{path}.{place} {evidence.mask.code(code)}"] += 1
    return judged(wrong, right, what="charges in the currency of the prices")


def _price_currency(product: object) -> str:
    if not isinstance(product, dict):
        return ""
    return text(inner(product, "price", "currency")) or text(product.get("currency_code"))


def _tariff_currencies(posting: Json) -> list[tuple[str, str]]:
    found = []
    for step in listed(posting.get("tariffication_steps")):
        for name in ("min_charge", "tariff_charge"):
            charge = inner(step, name) if isinstance(step, dict) else None
            if isinstance(charge, dict) and text(charge.get("currency")) and not is_zero(charge.get("amount")):
                found.append((f"tariffication_steps[].{name}.currency", text(charge["currency"])))
    for name in ("current_tariff_charge", "next_tariff_charge"):
        code = text(inner(posting, "tariffication", f"{name}_currency_code"))
        if code and not is_zero(inner(posting, "tariffication", name)):
            found.append((f"tariffication.{name}_currency_code", code))
    return found


def _discount(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for path, posting in evidence.postings():
        for step in listed(posting.get("tariffication_steps")):
            kind = text(inner(step, "tariff_type")) if isinstance(step, dict) else ""
            if kind and kind not in TARIFF_TYPES:
                wrong[f"{path}.tariffication_steps[].tariff_type {evidence.mask.code(kind)}"] += 1
            elif isinstance(step, dict):
                below = [name for name in ("tariff_rate", "tariff_charge", "min_charge") if _negative(step.get(name))]
                right += not below
                for name in below:
                    wrong[f"{path}.tariffication_steps[].{name} below-zero"] += 1
    return judged(wrong, right, what="steps of the tariff of known types with positive numbers")


def _free(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for path, posting in evidence.postings():
        for when in ("current", "next"):
            charge = inner(posting, "tariffication", f"{when}_tariff_charge")
            amount = charge.get("amount") if isinstance(charge, dict) else charge
            if inner(posting, "tariffication", f"{when}_tariff_type") == assumptions.FREE_TARIFF:
                right += is_zero(amount)
                if not is_zero(amount):
                    wrong[f"{path}.tariffication.{when}_tariff_charge not-nothing"] += 1
    return judged(wrong, right, what=f"tariffs `{assumptions.FREE_TARIFF}` that cost nothing")


def _next_tariff(evidence: Evidence) -> Finding:
    wrong: Counter[str] = Counter()
    right = 0
    for path, posting in evidence.postings():
        starts = _moment(inner(posting, "tariffication", "next_tariff_starts_at"))
        until = _moment(posting.get("shipment_date"))
        if starts is None or until is None or not timedelta() <= starts - until <= _NEAR:
            continue
        later = starts - until
        right += later <= assumptions.NEXT_TARIFF_LATER
        if later > assumptions.NEXT_TARIFF_LATER:
            wrong[f"{path}.tariffication.next_tariff_starts_at {later.seconds}-s-later"] += 1
    return judged(wrong, right, what="tariffs that begin with the shipping date or a second after it")


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _negative(value: object) -> bool:
    amount = value.get("amount") if isinstance(value, dict) else value
    return str(amount).startswith("-")


def _words(evidence: Evidence) -> Finding:
    types = evidence.entries("accrual_types", methods.ACCRUAL_TYPES)
    if not types:
        return not_seen("no types of accruals were listed")
    kinds = Counter(kind_of(text(one.get("name")), text(one.get("description"))) for one in types)
    told = ", ".join(f"{kind} {kinds[kind]}" for kind in sorted(kind for kind in kinds if kind))
    said = f"{len(types)} types: {told or 'none'} by their words, {kinds[None]} without a kind"
    unfound = [kind for kind, _ in assumptions.ACCRUAL_WORDS if kind not in kinds]
    if unfound:
        path = f"{methods.ACCRUAL_TYPES.path}.accrual_types[].name"
        return differs(f"{said}; no type is a {' or a '.join(unfound)}", path)
    return holds(said)


def _period(evidence: Evidence) -> Finding:
    answers = evidence.answers(methods.INDEX_INFO)
    lengths = [length for answer in answers if (length := _length(answer)) is not None]
    if not lengths:
        return not_seen("the error index names no period")
    said = f"the period has {max(lengths).days} days"
    path = f"{methods.INDEX_INFO.path}.period_from"
    return holds(said) if set(lengths) == {assumptions.INDEX_PERIOD} else differs(said, path)


def _length(answer: Json) -> timedelta | None:
    try:
        first, last = (date.fromisoformat(text(answer.get(name))[:10]) for name in ("period_from", "period_to"))
    except ValueError:
        return None
    return last - first + timedelta(days=1)


def _threshold(evidence: Evidence) -> Finding:
    ratings = evidence.entries("ratings", methods.RATING_HISTORY)
    if not ratings:
        return not_seen("no rating was shown")
    names = ("warning_threshold", "danger_threshold")
    zero = Counter(name for one in ratings for name in names if name in one and is_zero(one[name]))
    odd = [name for one in ratings if is_zero(one.get(names[0])) != is_zero(one.get(names[1])) for name in names]
    said = f"{len(ratings)} ratings, {zero.total()} thresholds are 0"
    paths = [f"{methods.RATING_HISTORY.path}.ratings[].{name}" for name in dict.fromkeys(odd)]
    return differs(f"{said}, of one rating only one of the two", *paths) if odd else holds(said)


PROBES: Final[tuple[Probe, ...]] = (
    Probe("MISSING_CURRENCY", "Which currency has an amount that names none?", _missing_currency),
    Probe("one currency", "Is all of the shop's money in one currency?", _one_currency),
    Probe("currency of charges", "Are charges in the currency of the prices?", _charges),
    Probe("DISCOUNT", "Are the tariff's types known, and its discounts positive numbers?", _discount),
    Probe("FREE_TARIFF", "Does nothing cost anything where the tariff says so?", _free),
    Probe("NEXT_TARIFF_LATER", "When does the tariff after the shipping date begin?", _next_tariff),
    Probe("ACCRUAL_WORDS", "Do names of accruals say what they are, by the words that we know?", _words),
    Probe("INDEX_PERIOD", "Over how many days does the error index go?", _period),
    Probe("NO_THRESHOLD", "Is a threshold of 0 none?", _threshold),
)
