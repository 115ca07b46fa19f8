"""Why goods are cancelled and come back: counts and money by reason, SKU, carrier and supplier, with denominators.

A day's figures hold cells (what was cancelled or returned, and why) and a base (what there was of the same goods). All
counts are pieces unless they say otherwise, all amounts minor units by currency. Sums of cells are the totals at every
step: where a day has too many cells, the smallest are put together under OTHER and nothing is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TypeVar, cast

from shipby.domain.money import Money

OTHER = "(other)"
"""Stands for every value of a cell that was put together with others."""
LONGEST_TEXT = 80
"""Characters of a reason, carrier or supplier that are kept."""


class Kind(StrEnum):
    """What happened to the goods."""

    CANCEL = "cancel"
    RETURN = "return"


class Dimension(StrEnum):
    """What figures are grouped by; the kind always is one."""

    REASON = "reason"
    INITIATOR = "initiator"
    SKU = "sku"
    CARRIER = "carrier"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class Goods:
    """Which goods: what a denominator is counted by. Empty: unknown."""

    sku: str
    carrier: str
    supplier: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Which goods, what happened to them, why, and by whom."""

    kind: Kind
    reason: str
    initiator: str
    goods: Goods


Amounts = Mapping[str, int]
"""Currency -> minor units."""


def _plus(one: Amounts, other: Amounts) -> Amounts:
    if not other:
        return one
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What one cell holds."""

    cases: int = 0
    """Lines of cancelled postings, or returns."""
    pieces: int = 0
    value: Amounts = field(default_factory=dict)
    """What buyers paid for the pieces."""
    refunded: Amounts = field(default_factory=dict)
    """What our own calls gave back for returns: refunds and compensations that are confirmed."""
    postage: Amounts = field(default_factory=dict)
    """Return postage given back on top."""

    def __add__(self, other: Count) -> Count:
        return Count(
            cases=self.cases + other.cases,
            pieces=self.pieces + other.pieces,
            value=_plus(self.value, other.value),
            refunded=_plus(self.refunded, other.refunded),
            postage=_plus(self.postage, other.postage),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """How much there was of some goods: what rates are counted against."""

    lines: int = 0
    received: int = 0
    """Pieces of postings that came in."""
    shipped: int = 0
    """Those of them that were handed over."""

    def __add__(self, other: Base) -> Base:
        return Base(
            lines=self.lines + other.lines,
            received=self.received + other.received,
            shipped=self.shipped + other.shipped,
        )


@dataclass(slots=True)
class Figures:
    """Figures of one day."""

    cells: dict[Cause, Count] = field(default_factory=dict)
    base: dict[Goods, Base] = field(default_factory=dict)
    cut_cells: int = 0
    """Cells that were put together under OTHER, day by day."""
    cut_base: int = 0
    """The same of the base: rates by SKU, carrier or supplier are then too high where goods are under OTHER."""

    def receive(self, goods: Goods, pieces: int, *, shipped: bool) -> None:
        """Count one line of a posting that came in."""
        _add(self.base, cut(goods), Base(lines=1, received=pieces, shipped=pieces if shipped else 0))

    def lose(self, cause: Cause, count: Count) -> None:
        """Count what was cancelled or returned."""
        kept = Cause(cause.kind, cause.reason[:LONGEST_TEXT], cause.initiator[:LONGEST_TEXT], cut(cause.goods))
        _add(self.cells, kept, count)

    def total(self, kind: Kind) -> Count:
        return sum((count for cause, count in self.cells.items() if cause.kind is kind), Count())

    def total_base(self) -> Base:
        return sum(self.base.values(), Base())


def cut(goods: Goods) -> Goods:
    """The goods with texts no longer than are kept."""
    return Goods(goods.sku[:LONGEST_TEXT], goods.carrier[:LONGEST_TEXT], goods.supplier[:LONGEST_TEXT])


K = TypeVar("K", Cause, Goods)
V = TypeVar("V", Count, Base)


def _add(into: dict[K, V], key: K, value: V) -> None:
    known = into.get(key)
    into[key] = value if known is None else known + value


def bounded(figures: Figures, *, cells: int, base: int) -> Figures:
    """At most so many cells (and one OTHER per kind) and goods (and one OTHER), the largest by pieces.

    Goods that have a cell stay before goods that have none, so that what went wrong keeps its denominator.
    """
    kept = Figures(cut_cells=figures.cut_cells, cut_base=figures.cut_base)
    ranked = sorted(figures.cells, key=lambda one: (-figures.cells[one].pieces, _name(one)))
    own = set([one for one in ranked if one.goods != _OTHER_GOODS][:cells])
    for cause in ranked:
        together = cause.goods != _OTHER_GOODS and cause not in own
        kept.cut_cells += together
        _add(kept.cells, _other(cause.kind) if together else cause, figures.cells[cause])
    wanted = {cause.goods for cause in kept.cells}
    goods = sorted(figures.base, key=lambda one: (one not in wanted, -figures.base[one].received, _words(one)))
    named = set([one for one in goods if one != _OTHER_GOODS][:base])
    for one in goods:
        kept.cut_base += one != _OTHER_GOODS and one not in named
        _add(kept.base, one if one in named else _OTHER_GOODS, figures.base[one])
    return kept


_OTHER_GOODS = Goods(OTHER, OTHER, OTHER)


def _other(kind: Kind) -> Cause:
    return Cause(kind, OTHER, OTHER, _OTHER_GOODS)


def _words(goods: Goods) -> tuple[str, ...]:
    return goods.sku, goods.carrier, goods.supplier


_GOODS = 3
_PLACES: Mapping[Dimension, int] = {
    Dimension.REASON: 1,
    Dimension.INITIATOR: 2,
    Dimension.SKU: _GOODS,
    Dimension.CARRIER: _GOODS + 1,
    Dimension.SUPPLIER: _GOODS + 2,
}
"""Where a dimension stands in the name of a cause."""


def _name(cause: Cause) -> tuple[str, ...]:
    return cause.kind, cause.reason, cause.initiator, *_words(cause.goods)


# Grouping --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the report: `group` has a value per dimension asked for, in their order."""

    kind: Kind
    group: tuple[str, ...]
    count: Count
    out_of: int
    """Pieces of the same goods in the period: received for cancels, shipped for returns."""

    @property
    def rate(self) -> Decimal | None:
        """Pieces per piece of `out_of`, to four places. May be more than 1 for returns.

        None without a denominator, and under OTHER: cells and goods there are not the same ones.
        """
        if not self.out_of or OTHER in self.group:
            return None
        return (Decimal(self.count.pieces) / self.out_of).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Days put together: rows with most pieces first, whose counts add up to the totals of all days."""

    rows: tuple[Row, ...]
    received: int
    shipped: int
    cut_cells: int
    cut_base: int


_Key = tuple[str, ...]


@dataclass(slots=True)
class _Sum:
    """A cell while it grows: days have thousands of them, and a report many days."""

    cases: int = 0
    pieces: int = 0
    value: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    postage: dict[str, int] = field(default_factory=dict)

    def count(self) -> Count:
        return Count(
            cases=self.cases, pieces=self.pieces, value=self.value, refunded=self.refunded, postage=self.postage
        )


def grouped(texts: Iterable[str], by: Sequence[Dimension]) -> Grouped:
    """Days, as `to_text` wrote them, put together by kind and the dimensions.

    A denominator knows goods, no reasons: rows that differ in reason or initiator only have the same one. Raises as
    `from_text`.
    """
    places = tuple(_PLACES[one] for one in by)
    goods = tuple(_PLACES[one] for one in by if _PLACES[one] >= _GOODS)
    sums: dict[tuple[str, _Key, _Key], _Sum] = {}
    base: dict[_Key, list[int]] = {}
    received = shipped = cut_cells = cut_base = 0
    for text in texts:
        packed = json.loads(text)
        words = cast("list[str]", packed["words"])
        cut_cells += packed["cut"][0]
        cut_base += packed["cut"][1]
        for cell in packed["cells"]:
            key = (
                words[cell[0]],
                tuple([words[cell[place]] for place in places]),
                tuple([words[cell[place]] for place in goods]),
            )
            found = sums.get(key)
            if found is None:
                found = sums[key] = _Sum()
            found.cases += cell[6]
            found.pieces += cell[7]
            for amounts, pairs in zip((found.value, found.refunded, found.postage), cell[8:], strict=True):
                for name, minor in pairs:
                    amounts[words[name]] = amounts.get(words[name], 0) + minor
        for line in packed["base"]:
            received += line[4]
            shipped += line[5]
            goods_key = tuple([words[line[place - _GOODS]] for place in goods])
            counted = base.get(goods_key)
            if counted is None:
                base[goods_key] = [line[4], line[5]]
            else:
                counted[0] += line[4]
                counted[1] += line[5]
    rows = []
    for (kind, group, goods_key), one in sums.items():
        of_goods = base.get(goods_key, (0, 0))
        out_of = of_goods[0] if kind == Kind.CANCEL else of_goods[1]
        rows.append(Row(kind=Kind(kind), group=group, count=one.count(), out_of=out_of))
    rows.sort(key=lambda row: (-row.count.pieces, row.kind, row.group))
    return Grouped(rows=tuple(rows), received=received, shipped=shipped, cut_cells=cut_cells, cut_base=cut_base)


def totals_of(rows: Iterable[Row]) -> dict[Kind, Count]:
    """What rows add up to, by kind."""
    found: dict[Kind, Count] = {}
    for row in rows:
        found[row.kind] = found.get(row.kind, Count()) + row.count
    return found


def moneys(amounts: Amounts) -> tuple[Money, ...]:
    """Amounts as money, by currency."""
    return tuple(Money(minor, currency) for currency, minor in sorted(amounts.items()))


# As text ---------------------------------------------------------------------------------------------------------


def to_text(figures: Figures) -> str:
    """Figures as compact JSON: every text once, everything else whole numbers."""
    words: dict[str, int] = {}

    def place(text: str) -> int:
        return words.setdefault(text, len(words))

    cells = [
        [
            *(place(text) for text in _name(cause)),
            count.cases,
            count.pieces,
            *([[place(name), minor] for name, minor in amounts.items()] for amounts in _amounts(count)),
        ]
        for cause, count in figures.cells.items()
    ]
    base = [
        [*(place(text) for text in _words(goods)), *(getattr(one, part.name) for part in fields(one))]
        for goods, one in figures.base.items()
    ]
    packed = {
        "words": list(words),
        "cells": cells,
        "base": base,
        "cut": [figures.cut_cells, figures.cut_base],
    }
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> Figures:
    """What `to_text` wrote. Raises ValueError, KeyError or IndexError for anything else."""
    packed = json.loads(text)
    words = cast("list[str]", packed["words"])

    def amounts(pairs: Iterable[tuple[int, int]]) -> Amounts:
        return {words[name]: minor for name, minor in pairs}

    figures = Figures(cut_cells=packed["cut"][0], cut_base=packed["cut"][1])
    for kind, reason, initiator, sku, carrier, supplier, cases, pieces, value, refunded, postage in packed["cells"]:
        goods = Goods(words[sku], words[carrier], words[supplier])
        figures.cells[Cause(Kind(words[kind]), words[reason], words[initiator], goods)] = Count(
            cases=cases, pieces=pieces, value=amounts(value), refunded=amounts(refunded), postage=amounts(postage)
        )
    for sku, carrier, supplier, lines, received, shipped in packed["base"]:
        goods = Goods(words[sku], words[carrier], words[supplier])
        figures.base[goods] = Base(lines=lines, received=received, shipped=shipped)
    return figures


def _amounts(count: Count) -> tuple[Amounts, Amounts, Amounts]:
    return count.value, count.refunded, count.postage


def fitted(figures: Figures, *, largest: int, cells: int = 3000, base: int = 6000) -> tuple[Figures, str]:
    """The figures as text of at most `largest` bytes (UTF-8), with as many cells as fit.

    Raises ValueError if not even the totals do.
    """
    while True:
        kept = bounded(figures, cells=cells, base=base)
        text = to_text(kept)
        if len(text.encode()) <= largest:
            return kept, text
        if not cells and not base:
            raise ValueError(f"not even the totals fit into {largest} bytes")
        cells, base = cells // 2, base // 2
