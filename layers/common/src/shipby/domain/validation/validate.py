"""Holding an order against what is known of its goods, of its way, and against the seller's rules. Pure.

What the marketplace itself wants of the pieces (`requirements`) is always held against what was entered: a declaration
or a country of origin is a matter of the office and stops the order before work begins, what a packer scans (mark,
IMEI, UIN, weight) waits for the bench. Everything else is a rule of the seller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shipby.domain.packing.cards import ExemplarSheet, ProductCard
from shipby.domain.packing.exemplars import Duty, Missing, missing, pieces_of
from shipby.domain.postings.posting import NO_ADDRESS, MarketplacePosting
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from shipby.domain.validation.limits import CURRENCY, DropOffLimits
from shipby.domain.validation.mismatch import Mismatch, Verdict, verdict_of

MARKETPLACE = "marketplace"
_BENCH = frozenset({Duty.MARK, Duty.IMEI, Duty.UIN, Duty.WEIGHT})
"""What is read off a piece or off a scale."""
_CABINET = frozenset({Duty.COUNTRY, Duty.CHANGE_COUNTRY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an order is held against."""

    cards: Mapping[str, ProductCard] = field(default_factory=dict)
    sheet: ExemplarSheet | None = None
    limits: DropOffLimits | None = None
    """Of its drop-off; None: not known (yet)."""
    assembled: bool = False
    """What the marketplace has assembled wants nothing more of its pieces."""


def validate(detail: MarketplacePosting, rules: tuple[CheckRule, ...], known: Known) -> Verdict:
    """Everything that does not fit, worst first."""
    found = [] if known.assembled else list(_duties(detail, known.sheet))
    for rule in rules:
        if not rule.warehouses or detail.warehouse_id in rule.warehouses:
            found += _CHECKS[rule.check](_Look(detail, rule, known))
    return verdict_of(found)


def _duties(detail: MarketplacePosting, sheet: ExemplarSheet | None) -> Iterator[Mismatch]:
    wanted: dict[tuple[str, str], list[Missing]] = {}
    for each in missing(detail, sheet):
        wanted.setdefault((each.duty, each.sku), []).append(each)
    for (duty, sku), left in wanted.items():
        bench = duty in _BENCH
        if duty in _CABINET:
            todo = "set its country of origin in the marketplace's cabinet"
        elif bench:
            todo = f"scan it at the bench, or enter it with PUT /v1/postings/{detail.number}/exemplars"
        else:
            todo = f"enter it with PUT /v1/postings/{detail.number}/exemplars"
        yield Mismatch(
            code=left[0].code,
            severity=Severity.AT_BENCH if bench else Severity.BLOCKING,
            source=MARKETPLACE,
            what=f"{duty} is missing for {len(left)} of SKU {sku}",
            todo=todo,
            sku=sku,
            pieces=tuple(each.piece for each in left),
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """One rule and one order."""

    detail: MarketplacePosting
    rule: CheckRule
    known: Known

    def pieces(self) -> Iterator[tuple[str, int]]:
        """SKU and pieces of the products that the rule is about."""
        for sku, count in pieces_of(self.detail).items():
            if not self.rule.skus or sku in self.rule.skus:
                yield sku, count

    def says(self, code: str, what: str, todo: str, sku: str = "") -> Mismatch:
        rule = self.rule
        return Mismatch(
            code=code,
            severity=rule.severity,
            source=f"rule {rule.name}",
            what=what,
            todo=todo,
            sku=sku,
            ask_buyer=rule.ask_buyer,
        )

    def outside(self, value: int, unit: str) -> str:
        """In what way a value breaks the rule; empty if it keeps it."""
        least, most = self.rule.least, self.rule.most
        if most is not None and value > most:
            return f"{value}{unit}, at most {most}{unit}"
        if least is not None and value < least:
            return f"{value}{unit}, at least {least}{unit}"
        return ""


def _card(look: _Look) -> Iterator[Mismatch]:
    for sku, _ in look.pieces():
        if sku not in look.known.cards:
            told = f"SKU {sku} has no product card"
            yield look.says("unknown_product", told, f"create its card with PUT /v1/products/{sku}", sku)


def _variant(look: _Look) -> Iterator[Mismatch]:
    for line in look.detail.lines:
        card = look.known.cards.get(line.sku)
        covered = not look.rule.skus or line.sku in look.rule.skus
        if covered and card is not None and card.offer_id and line.offer_id and card.offer_id != line.offer_id:
            yield look.says(
                "wrong_variant",
                f"SKU {line.sku} was ordered as {line.offer_id}, its card says {card.offer_id}",
                "look which of the two is meant, then mend the card or the listing",
                line.sku,
            )


def _quantity(look: _Look) -> Iterator[Mismatch]:
    for sku, count in look.pieces():
        if how := look.outside(count, ""):
            yield look.says("odd_quantity", f"pieces of SKU {sku}: {how}", "ask whether so many are meant", sku)


def _pieces(look: _Look) -> Iterator[Mismatch]:
    total = sum(count for _, count in look.pieces())
    if how := look.outside(total, ""):
        yield look.says("odd_quantity", f"pieces of the posting: {how}", "split it, or ask whether so many are meant")


def _price(look: _Look) -> Iterator[Mismatch]:
    rule = look.rule
    for line in look.detail.lines:
        if rule.skus and line.sku not in rule.skus:
            continue
        if line.price is None:
            told = f"the price of SKU {line.sku} cannot be read"
            yield look.says("price_unknown", told, "look at it in the marketplace's cabinet", line.sku)
        elif line.price.currency == rule.currency and (how := look.outside(line.price.minor, "")):
            yield look.says(
                "odd_price",
                f"price of SKU {line.sku} in minor units of {rule.currency}: {how}",
                "compare it with your price list before goods leave; cancel or mend the price",
                line.sku,
            )


def _grams(look: _Look) -> tuple[int, list[str]]:
    """Weight of the goods by their cards, and the SKUs of which none is known."""
    total, unknown = 0, list[str]()
    for sku, count in look.pieces():
        card = look.known.cards.get(sku)
        if card is None or not card.weight_g:
            unknown.append(sku)
        else:
            total += card.weight_g * count
    return total, unknown


def _unknown(look: _Look, what: str, skus: list[str]) -> Iterator[Mismatch]:
    """A rule that cannot be held against a product says so, and stops nothing."""
    on_trial = look.rule.severity is Severity.SHADOW
    for sku in skus:
        yield Mismatch(
            code=f"{what}_unknown",
            severity=Severity.SHADOW if on_trial else Severity.WARNING,
            source=f"rule {look.rule.name}",
            what=f"the card of SKU {sku} says no {what}: the rule cannot be held against it",
            todo=f"measure it and write it on the card with PUT /v1/products/{sku}",
            sku=sku,
        )


def _weight(look: _Look) -> Iterator[Mismatch]:
    total, unknown = _grams(look)
    yield from _unknown(look, "weight", unknown)
    # Too light is said only of what is weighed whole.
    if (how := look.outside(total, " g")) and not (unknown and "at least" in how):
        code = "too_light" if "at least" in how else "too_heavy"
        yield look.says(code, f"weight of the goods by their cards: {how}", "split it, or send it from elsewhere")


def _sides(look: _Look) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """SKU -> sides in millimetres, longest first; and the SKUs of which none are known."""
    known: dict[str, tuple[int, ...]] = {}
    unknown: list[str] = []
    for sku, _ in look.pieces():
        card = look.known.cards.get(sku)
        if card is None or not card.sides_mm:
            unknown.append(sku)
        else:
            known[sku] = tuple(sorted(card.sides_mm, reverse=True))
    return known, unknown


def _side(look: _Look) -> Iterator[Mismatch]:
    known, unknown = _sides(look)
    yield from _unknown(look, "size", unknown)
    for sku, sides in known.items():
        if how := look.outside(sides[0], " mm"):
            yield look.says("wrong_size", f"longest side of SKU {sku}: {how}", "send it from elsewhere", sku)


def _drop_off(look: _Look) -> Iterator[Mismatch]:
    limits = look.known.limits
    if limits is None:
        return
    total, unweighed = _grams(look)
    known, unmeasured = _sides(look)
    yield from _unknown(look, "weight", unweighed if limits.most_grams or limits.least_grams else [])
    yield from _unknown(look, "size", unmeasured if any(limits.sides_cm) else [])
    yield from _too_heavy(look, limits, total, whole=not unweighed)
    # Goods of a parcel lie beside each other in some way: what is sure is that each has to fit by itself.
    most = sorted((side * 10 for side in limits.sides_cm), reverse=True)
    for sku, sides in known.items():
        if any(limit and side > limit for side, limit in zip(sides, most, strict=False)):
            size, room = "x".join(map(str, sides)), "x".join(map(str, most))
            told = f"SKU {sku} is {size} mm, its drop-off takes {room} mm"
            yield look.says("over_drop_off_size", told, _ELSEWHERE, sku)
    yield from _too_dear(look, limits)


_ELSEWHERE = "split it, or have it taken by another drop-off or method in the marketplace's cabinet"


def _too_heavy(look: _Look, limits: DropOffLimits, total: int, *, whole: bool) -> Iterator[Mismatch]:
    if limits.most_grams and total > limits.most_grams:
        told = f"the goods weigh {total} g, its drop-off takes at most {limits.most_grams} g"
        yield look.says("over_drop_off_weight", told, _ELSEWHERE)
    elif whole and total < limits.least_grams:
        told = f"the goods weigh {total} g, its drop-off takes from {limits.least_grams} g on"
        yield look.says("under_drop_off_weight", told, _ELSEWHERE)


def _too_dear(look: _Look, limits: DropOffLimits) -> Iterator[Mismatch]:
    paid = look.detail.paid
    if paid is None or paid.currency != CURRENCY:
        return
    if limits.most_roubles and paid.minor > limits.most_roubles * 100:
        told = f"the goods are worth {paid.amount} {CURRENCY}, its drop-off takes at most {limits.most_roubles}"
        yield look.says("over_drop_off_price", told, _ELSEWHERE)
    elif paid.minor < limits.least_roubles * 100:
        told = f"the goods are worth {paid.amount} {CURRENCY}, its drop-off takes from {limits.least_roubles} on"
        yield look.says("under_drop_off_price", told, _ELSEWHERE)


def _address(look: _Look) -> Iterator[Mismatch]:
    # FBS hides it, and lists may leave it out: only an address that is there and empty is missing.
    if look.detail.address == NO_ADDRESS:
        told = "the marketplace names a buyer and no address"
        yield look.says("address_missing", told, "ask the buyer for it, or ask the marketplace's support")


def _possible_mark(look: _Look) -> Iterator[Mismatch]:
    for sku in look.detail.optional_marks:
        marked = look.known.sheet.pieces.get(sku, ()) if look.known.sheet else ()
        if (not look.rule.skus or sku in look.rule.skus) and not any(one.mark for one in marked):
            told = f"SKU {sku} may carry a mark, and none is entered"
            yield look.says("mark_possible", told, "look whether it has one, and scan it at the bench", sku)


_CHECKS = {
    Check.CARD: _card,
    Check.VARIANT: _variant,
    Check.QUANTITY: _quantity,
    Check.PIECES: _pieces,
    Check.PRICE: _price,
    Check.WEIGHT: _weight,
    Check.SIDE: _side,
    Check.DROP_OFF: _drop_off,
    Check.ADDRESS: _address,
    Check.POSSIBLE_MARK: _possible_mark,
}
