"""Goods on a label: the only thing that may be shortened, first to one line each, then to "+ N more lines"."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.adapters.labels.draft import LINE, MOST_KEPT, Draft
from shipby.adapters.labels.drawing import TextRun
from shipby.adapters.labels.fonts import ASCENT, EM
from shipby.adapters.labels.text import Line, Measured
from shipby.domain.labels.own_labels import LabelLine

SIZES = (11.0, 9.5, 8.0, 7.0, 6.0)
"""Points at which all goods are tried in full."""
CLOSE_POINTS = 6.5
"""At which they are shortened, one line each."""
MOST_SHOWN = 40
"""Entries looked at: more never fit, on any size of label."""
GUTTER = 300
"""Between quantity and name, in thousandths of an em."""


@dataclass(frozen=True, slots=True)
class Goods:
    """Cleaned goods: quantity with multiplication sign, and what it is."""

    entries: tuple[tuple[Measured, Measured], ...]
    count: int
    """Of all lines, also those beyond the entries."""

    @property
    def indent(self) -> int:
        """Where the names begin, in thousandths of an em."""
        return max(quantity.width for quantity, _ in self.entries) + GUTTER


@dataclass(frozen=True, slots=True)
class Block:
    """Goods fitted into a box."""

    size: float
    indent: int
    rows: tuple[tuple[Line | None, Line], ...]
    """Quantity (none on a continued line) and text."""
    more: Line | None

    @property
    def height(self) -> float:
        """In dots."""
        return (len(self.rows) + (self.more is not None)) * LINE * self.size


def cleaned(draft: Draft, lines: tuple[LabelLine, ...]) -> Goods:
    """The goods as they are drawn."""
    return Goods(tuple(_entry(draft, line) for line in lines[:MOST_SHOWN]), len(lines))


def _entry(draft: Draft, line: LabelLine) -> tuple[Measured, Measured]:
    """Remembered: parcels mostly hold what other parcels hold."""
    kept, key = draft.fonts.goods, (line.quantity, line.offer_id, line.name)
    found = kept.get(key)
    if not found:
        offer, name = draft.readable(line.offer_id), draft.readable(line.name)
        text = f"{offer} · {name}" if offer and name else offer or name
        if len(kept) >= MOST_KEPT:
            kept.clear()
        found = kept[key] = (draft.measured(f"{line.quantity} ×", bold=True), draft.measured(text, keep=False))
    return found


def fit(draft: Draft, goods: Goods, width: int, height: int) -> Block | None:
    """The goods in `width` x `height` dots: in full at the largest size that holds them, else shortened; None if there
    are none or not even one line fits."""
    if not goods.count:
        return None
    indent = goods.indent
    if goods.count == len(goods.entries):
        for points in SIZES:
            block = _in_full(goods, draft.points(points), indent, width, height)
            if block:
                return block
    return _shortened(draft, goods, indent, width, height)


def _in_full(goods: Goods, size: float, indent: int, width: int, height: int) -> Block | None:
    limit, room = int(width * EM / size) - indent, int(height / (LINE * size))
    if limit < 8 * EM or room < goods.count or sum(text.width for _, text in goods.entries) > room * limit:
        return None
    rows: list[tuple[Line | None, Line]] = []
    for quantity, text in goods.entries:
        first, *others = text.wrap(limit) or [Line("", 0)]
        rows.append((quantity.line(), first))
        rows.extend((None, line) for line in others)
        if len(rows) > room:
            return None
    return Block(size, indent, tuple(rows), None)


def _shortened(draft: Draft, goods: Goods, indent: int, width: int, height: int) -> Block | None:
    size = draft.points(CLOSE_POINTS)
    limit, room = int(width * EM / size) - indent, int(height / (LINE * size))
    if room < 1 or limit < 2 * EM:
        return None
    shown = min(goods.count if goods.count <= room else room - 1, len(goods.entries))
    rows = tuple((quantity.line(), text.shorten(limit)) for quantity, text in goods.entries[:shown])
    more = draft.measured(draft.words.more_lines(goods.count - shown), bold=True) if shown < goods.count else None
    if more and more.width > limit + indent:
        return None
    return Block(size, indent, rows, more.line() if more else None)


def put(draft: Draft, block: Block, x: int, y: int) -> None:
    """Place fitted goods, quantities aligned to the right of their column."""
    size = block.size
    left = round(x + block.indent * size / EM)
    top = float(y)
    for quantity, line in block.rows:
        baseline = round(top + ASCENT * size)
        if quantity:
            width = quantity.width * size / EM
            before = int(x + (block.indent - GUTTER) * size / EM - width)
            draft.items.append(TextRun(max(x, before), baseline, size, quantity.text, True, width))
        if line.text:
            draft.items.append(TextRun(left, baseline, size, line.text, False, line.width * size / EM))
        top += LINE * size
    if block.more:
        draft.lines(x, round(top), [block.more], size, bold=True)
