"""What the marketplace changed in an order: what, from what, to what. No personal data: of an address only that it is
another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import NO_ADDRESS, MarketplacePosting

QUANTITY, PRICE, METHOD, WAREHOUSE, DELIVERY, ADDRESS = (
    "quantity",
    "price",
    "delivery_method",
    "warehouse",
    "integration",
    "address",
)
CUT_OFF, DELIVERY_BY, LEGAL = "cut_off", "delivery_by", "legal_entity"
_ON_LABEL = frozenset({QUANTITY, METHOD, WAREHOUSE, DELIVERY, ADDRESS})
"""What makes a label that was made before another parcel's: goods, way or address."""
_LOUD = _ON_LABEL | {PRICE}
"""What people have to hear of; dates have clocks and events of their own."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is another one now. `sku` is empty where it is of the whole order."""

    what: str
    old: Json
    new: Json
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Amendment:
    """All differences between two reads."""

    differences: tuple[Difference, ...] = ()
    split: bool = False
    """Goods went into other postings: nothing of them was taken out or added by anybody."""

    def __bool__(self) -> bool:
        return bool(self.differences)

    @property
    def loud(self) -> bool:
        """Whether people have to hear of it."""
        return any(each.what in _LOUD for each in self.differences)

    @property
    def voids_label(self) -> bool:
        return not self.split and any(each.what in _ON_LABEL for each in self.differences)

    @property
    def adds(self) -> bool:
        """Whether anything has to be picked that was not in it."""
        return not self.split and any(_pieces(each.new) > _pieces(each.old) for each in self._of(QUANTITY))

    @property
    def takes(self) -> bool:
        """Whether anything has to come out again."""
        return not self.split and any(_pieces(each.new) < _pieces(each.old) for each in self._of(QUANTITY))

    def _of(self, what: str) -> Iterator[Difference]:
        return (each for each in self.differences if each.what == what)


def _pieces(value: Json) -> int:
    return value if isinstance(value, int) else 0


def amendment(before: MarketplacePosting | None, now: MarketplacePosting) -> Amendment:
    """What a read shows that the one before did not. A field that either of them does not know is no difference."""
    if before is None:
        return Amendment()
    found = tuple(_differences(before, now))
    related = set(now.related_numbers) - set(before.related_numbers)
    shrinks = all(_pieces(each.new) < _pieces(each.old) for each in found if each.what == QUANTITY)
    return Amendment(found, split=bool(related) and shrinks)


def _differences(before: MarketplacePosting, now: MarketplacePosting) -> Iterator[Difference]:
    if before.lines and now.lines:
        yield from _lines(before, now)
    texts = (
        (METHOD, before.delivery_method_id, now.delivery_method_id),
        (WAREHOUSE, before.warehouse_id, now.warehouse_id),
        (DELIVERY, before.integration, now.integration),
    )
    for what, old, new in texts:
        if old and new and old != new:
            yield Difference(what, old, new)
    if before.address and now.address and before.address != now.address:
        yield Difference(ADDRESS, _address(before.address), _address(now.address))
    if before.legal != now.legal and "legal" not in (*before.odd, *now.odd):
        yield Difference(LEGAL, before.legal, now.legal)
    for what, earlier, later in (
        (CUT_OFF, before.shipment_date, now.shipment_date),
        (DELIVERY_BY, before.delivery_by, now.delivery_by),
    ):
        if earlier is not None and later is not None and earlier != later:
            yield Difference(what, _time(earlier), _time(later))


def _address(check: str) -> str:
    return "none" if check == NO_ADDRESS else "given"


def _time(when: datetime) -> str:
    return when.isoformat()


def _lines(before: MarketplacePosting, now: MarketplacePosting) -> Iterator[Difference]:
    had, has = _counted(before), _counted(now)
    for sku in dict.fromkeys((*had, *has)):
        if had[sku] != has[sku]:
            yield Difference(QUANTITY, had[sku], has[sku], sku)
    old, new = _prices(before), _prices(now)
    for sku in old:
        if sku in new and None not in (old[sku], new[sku]) and old[sku] != new[sku]:
            yield Difference(PRICE, _money(old[sku]), _money(new[sku]), sku)


def _counted(detail: MarketplacePosting) -> Counter[str]:
    counted: Counter[str] = Counter()
    for line in detail.lines:
        counted[line.sku] += line.quantity
    return counted


def _prices(detail: MarketplacePosting) -> dict[str, Money | None]:
    """SKU -> its price; a SKU on several lines has the one of the first."""
    found: dict[str, Money | None] = {}
    for line in detail.lines:
        found.setdefault(line.sku, line.price)
    return found


def _money(price: Money | None) -> Json:
    return f"{price.amount} {price.currency}" if price else None


def told(differences: Sequence[Difference]) -> list[Json]:
    """As events and answers tell them."""
    return [{"what": each.what, "old": each.old, "new": each.new, "sku": each.sku or None} for each in differences]


def in_words(differences: Sequence[Difference]) -> str:
    """The same in a line, for people."""
    return ", ".join(
        f"{each.what}{f' of SKU {each.sku}' if each.sku else ''}: {each.old} -> {each.new}" for each in differences
    )
