"""Into which parcels the goods of a posting may go: by weight, by size, by count, and by what is there.

A proposal is only ever one that can be packed. Sizes are those of goods laid on each other with their smallest side up,
so that a parcel that is proposed exists; a cleverer packer may do with fewer. What waits for stock and what is there
never share a parcel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Sides: TypeAlias = tuple[int, ...]
"""Three sides in millimetres, the longest first; () where they are not known."""
MOST_PIECES = 1000
"""Of one posting: nobody splits more by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One piece as it is packed."""

    weight_g: int = 0
    """0 where it is not known."""
    sides_mm: Sides = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one parcel may be; None where nothing limits it."""

    weight_g: int | None = None
    sides_mm: Sides | None = None
    pieces: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Goods that go together."""

    products: Mapping[str, int]
    """SKU -> pieces."""
    weight_g: int | None
    """None where the weight of a piece is not known; the same of its sides."""
    sides_mm: Sides | None
    waits: bool = False
    """Its goods are not there yet."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Parcels that hold every piece once; none where a problem leaves no way to tell."""

    parcels: tuple[Parcel, ...]
    problems: tuple[tuple[str, str], ...] = ()
    """(SKU, what is wrong and what to do)."""


@dataclass(slots=True)
class _Box:
    products: dict[str, int] = field(default_factory=dict)
    weight: int = 0
    sides: Sides = ()

    @property
    def pieces(self) -> int:
        return sum(self.products.values())

    def takes(self, measure: Measure, limits: Limits) -> bool:
        if limits.pieces is not None and self.pieces + 1 > limits.pieces:
            return False
        if limits.weight_g is not None and self.weight + measure.weight_g > limits.weight_g:
            return False
        return limits.sides_mm is None or _within(_on_top(self.sides, measure.sides_mm), limits.sides_mm)

    def put(self, sku: str, measure: Measure) -> None:
        self.products[sku] = self.products.get(sku, 0) + 1
        self.weight += measure.weight_g
        self.sides = _on_top(self.sides, measure.sides_mm)


def sides(lengths: Iterable[int]) -> Sides:
    """Three lengths as sides: the longest first."""
    return tuple(sorted(lengths, reverse=True))


def _on_top(stack: Sides, piece: Sides) -> Sides:
    """The stack with one more piece on it; it stays `longest, middle, height` and is not sorted anew."""
    if not stack or not piece:
        return piece or stack
    return (max(stack[0], piece[0]), max(stack[1], piece[1]), stack[2] + piece[2])


def _within(stack: Sides, limit: Sides) -> bool:
    return all(side <= most for side, most in zip(sides(stack), sides(limit), strict=True))


def propose(
    goods: Mapping[str, int], measures: Mapping[str, Measure], limits: Limits, there: Mapping[str, int]
) -> Proposal:
    """Parcels for the goods of a posting (SKU -> pieces), the same for the same input whatever its order.

    `there`: SKU -> pieces in stock; a SKU that is not named is there.
    """
    wanted = {sku: count for sku, count in goods.items() if count > 0}
    if problems := tuple(_unknown(wanted, measures, limits)):
        return Proposal((), problems)
    if sum(wanted.values()) > MOST_PIECES:
        return Proposal((), (("", f"more than {MOST_PIECES} pieces: say yourself what goes into which parcel"),))
    now = {sku: min(count, max(there.get(sku, count), 0)) for sku, count in wanted.items()}
    later = {sku: count - now[sku] for sku, count in wanted.items()}
    problems = tuple(_too_large(wanted, measures, limits))
    ready = [_parcel(box, measures, waits=False) for box in _fill(now, measures, limits)]
    waiting = [_parcel(box, measures, waits=True) for box in _fill(later, measures, limits)]
    return Proposal((*ready, *waiting), problems)


def _unknown(wanted: Mapping[str, int], measures: Mapping[str, Measure], limits: Limits) -> Iterable[tuple[str, str]]:
    for sku in sorted(wanted):
        measure = measures.get(sku, Measure())
        lacking = ["weight_g"] if limits.weight_g is not None and not measure.weight_g else []
        lacking += ["sides_mm"] if limits.sides_mm is not None and not measure.sides_mm else []
        if lacking:
            yield sku, f"its product card has no {' and no '.join(lacking)}: fill it in, or leave that limit out"


def _too_large(wanted: Mapping[str, int], measures: Mapping[str, Measure], limits: Limits) -> Iterable[tuple[str, str]]:
    for sku in sorted(wanted):
        if not _Box().takes(measures.get(sku, Measure()), limits):
            yield sku, "one piece alone is beyond the limits: it has a parcel of its own, and another way to go"


def _fill(goods: Mapping[str, int], measures: Mapping[str, Measure], limits: Limits) -> list[_Box]:
    """The heaviest and largest first, each into the first parcel that takes it."""

    def order(sku: str) -> tuple[int, Sides, str]:
        measure = measures.get(sku, Measure())
        return (-measure.weight_g, tuple(-side for side in measure.sides_mm), sku)

    boxes: list[_Box] = []
    for sku in sorted((sku for sku, count in goods.items() if count > 0), key=order):
        measure = measures.get(sku, Measure())
        for _ in range(goods[sku]):
            box = next((each for each in boxes if each.takes(measure, limits)), None)
            if box is None:
                box = _Box()
                boxes.append(box)
            box.put(sku, measure)
    return boxes


def _parcel(box: _Box, measures: Mapping[str, Measure], *, waits: bool) -> Parcel:
    known = [measures.get(sku, Measure()) for sku in box.products]
    return Parcel(
        products=dict(sorted(box.products.items())),
        weight_g=box.weight if all(measure.weight_g for measure in known) else None,
        sides_mm=sides(box.sides) if all(measure.sides_mm for measure in known) else None,
        waits=waits,
    )
