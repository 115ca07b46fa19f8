"""Is what stands on a picture exactly what was laid out, dot by dot; and does the layout keep to the page?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from shipby.adapters.labels.drawing import Art, Bars, Item, Matrix, Page, Rect, TextRun
from shipby.domain.labels.options import MatrixCode
from tests.labels.label_pictures import Picture

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in dots."""

_QUIET_BARS = 10
"""Modules left and right of a Code 128 symbol (ISO/IEC 15417)."""
_QUIET_MATRIX = {MatrixCode.QR: 4, MatrixCode.DATA_MATRIX: 1}
"""Modules around a symbol (ISO/IEC 18004 and 16022)."""
_ASCENT, _DESCENT = 0.72, 0.2
"""Of a capital letter and of a comma's tail, in em."""


def wrong_dots(page: Page, picture: Picture, *, packed_by_printer: bool = False) -> Iterator[str]:
    """What of the bars, matrix modules and their quiet zones differs from the layout; nothing may.

    A printer that packs a Code 128 itself may change code sets at another place: then the symbol has to fill exactly
    the layout's room, from whole modules, in every row.
    """
    ink, width = picture.ink, picture.width
    for item in page.items:
        if isinstance(item, Bars) and packed_by_printer:
            yield from _another_packing(item, ink, width)
        elif isinstance(item, Bars):
            quiet = _QUIET_BARS * item.module
            row = b"\0" * quiet + _bars(item) + b"\0" * quiet
            for y in range(item.y, item.y + item.height):
                if (seen := ink[y * width + item.x - quiet :][: len(row)]) != row:
                    yield f"row {y} of the bars of {item.content!r}: {_runs(seen)} instead of {_runs(row)}"
                    break
        elif isinstance(item, Matrix):
            yield from _wrong_modules(item, ink, width)


def _another_packing(item: Bars, ink: bytes, width: int) -> Iterator[str]:
    quiet, total = _QUIET_BARS * item.module, sum(item.widths) * item.module
    first = ink[item.y * width + item.x - quiet :][: total + 2 * quiet]
    if first.find(1) != quiet or first.rfind(1) != quiet + total - 1:
        yield f"the bars of {item.content!r} lie from {first.find(1)} to {first.rfind(1)}, not from {quiet} for {total}"
    if any(int(run) % item.module for run in _runs(first[quiet : quiet + total]).split()):
        yield f"bars of {item.content!r} that are no whole modules of {item.module}: {_runs(first)}"
    for y in range(item.y + 1, item.y + item.height):
        if ink[y * width + item.x - quiet :][: len(first)] != first:
            yield f"row {y} of the bars of {item.content!r} is another than the first"
            break


def _wrong_modules(item: Matrix, ink: bytes, width: int) -> Iterator[str]:
    quiet = _QUIET_MATRIX[item.kind]
    blank = "0" * len(item.rows[0])
    for index, modules in enumerate([blank] * quiet + list(item.rows) + [blank] * quiet, start=-quiet):
        padded = "0" * quiet + modules + "0" * quiet
        row = b"".join((b"\1" if module == "1" else b"\0") * item.module for module in padded)
        for y in range(item.y + index * item.module, item.y + (index + 1) * item.module):
            if (seen := ink[y * width + item.x - quiet * item.module :][: len(row)]) != row:
                yield f"dot row {y} (module row {index}) of the code {item.content!r}: {_runs(seen)}, not {_runs(row)}"
                return


def _bars(item: Bars) -> bytes:
    return b"".join(
        (b"\0" if index % 2 else b"\1") * (modules * item.module) for index, modules in enumerate(item.widths)
    )


def _runs(row: bytes) -> str:
    lengths: list[int] = []
    last = -1
    for dot in row:
        if dot == last:
            lengths[-1] += 1
        else:
            lengths.append(1)
            last = dot
    return " ".join(map(str, lengths))


def misplaced(page: Page) -> Iterator[str]:
    """Items that reach beyond the page, and pairs of items that stand on one another (quiet zones count as theirs)."""
    boxes = [(_box(item, quiet=True), item) for item in page.items]
    for (left, top, right, bottom), item in boxes:
        if left < 0 or top < 0 or right > page.width or bottom > page.height:
            yield f"beyond the page of {page.width} x {page.height}: {_said(item)}"
    # A zone that is to stay white may lie on another such zone, never on another item's ink.
    for (box, one), (_, other) in combinations(boxes, 2):
        if _meet(box, _box(other, quiet=False)) or _meet(_box(one, quiet=False), _box(other, quiet=True)):
            yield f"on one another: {_said(one)} and {_said(other)}"


def stray_ink(page: Page, picture: Picture) -> Iterator[str]:
    """Ink that belongs to no item: a text wider than it was measured, or a glyph drawn elsewhere. Nothing may; and
    every text has to have ink of its own."""
    left = bytearray(picture.ink)
    for item in page.items:
        box = _box(item, quiet=False)
        if isinstance(item, TextRun):
            # An accent on a capital reaches higher than a capital, and a glyph may lean over its advance by a hair.
            lean = 1 + 0.06 * item.size
            box = (box[0] - lean, item.baseline - 1.1 * item.size, box[2] + lean, item.baseline + 0.35 * item.size)
            if not item.text.isspace() and not _has_ink(picture, item):
                yield f"nothing is printed for {_said(item)}"
        for row, first, width in _rows(box, picture):
            left[row + first : row + first + width] = bytes(width)
    if (at := left.find(1)) >= 0:
        yield f"{left.count(1)} dots of ink outside all items, the first at {at % picture.width},{at // picture.width}"


def _has_ink(picture: Picture, item: TextRun) -> bool:
    box = (item.x, item.baseline - item.size, item.x + item.width, item.baseline + item.size / 4)
    ink = picture.ink
    return any(1 in ink[row + first : row + first + width] for row, first, width in _rows(box, picture))


def _rows(box: Box, picture: Picture) -> Iterator[tuple[int, int, int]]:
    """Offset of each row in the picture, the first dot in it, and how many, cut to the picture."""
    first, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    width = min(picture.width, math.ceil(box[2])) - first
    for y in range(top, min(picture.height, math.ceil(box[3]))):
        yield y * picture.width, first, width


def _box(item: Item, *, quiet: bool) -> Box:
    if isinstance(item, Rect):
        return item.x, item.y, item.x + item.width, item.y + item.height
    if isinstance(item, TextRun):
        return item.x, item.baseline - _ASCENT * item.size, item.x + item.width, item.baseline + _DESCENT * item.size
    if isinstance(item, Art):
        return item.x, item.y, item.x + item.size, item.y + item.size
    if isinstance(item, Bars):
        margin = _QUIET_BARS * item.module if quiet else 0
        return item.x - margin, item.y, item.x + sum(item.widths) * item.module + margin, item.y + item.height
    margin = _QUIET_MATRIX[item.kind] * item.module if quiet else 0
    right, bottom = item.x + len(item.rows[0]) * item.module, item.y + len(item.rows) * item.module
    return item.x - margin, item.y - margin, right + margin, bottom + margin


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _said(item: Item) -> str:
    if isinstance(item, TextRun):
        return f"text {item.text[:40]!r} at {item.x},{item.baseline} size {item.size:.0f} width {item.width:.0f}"
    if isinstance(item, Bars | Matrix):
        return f"{type(item).__name__} {item.content!r} at {item.x},{item.y}"
    return str(item)
