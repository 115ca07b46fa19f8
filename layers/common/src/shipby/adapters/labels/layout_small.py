"""The small label, 58x40 mm: posting number and tracking number as Code 128, the two-dimensional code, box, date,
carrier, cash on delivery, marks, and goods as far as they fit.

By design it has no recipient, no sender and no note: an address set in five points serves nobody. Take a larger label
where the parcel must show them.
"""

from __future__ import annotations

import math

from shipby.adapters.labels import goods
from shipby.adapters.labels.draft import LINE, Draft
from shipby.adapters.labels.fonts import EM
from shipby.adapters.labels.text import Measured, largest
from shipby.domain.labels.own_labels import OwnLabel

MARGIN = 1.5
GAP = 0.8
CODE_ROOM = {1: 21.0, 2: 16.5}
"""Barcodes above it -> side of the square for the two-dimensional code with its quiet zone, in millimetres."""
TALLEST_BARS = 13.0
SHORTEST_BARS = 5.0
NUMBER_SIZES = (10.0, 9.0, 8.0, 7.0, 6.0, 5.0)
"""Points, tried in this order."""
STEPS = ((9.0, 7.0), (8.0, 6.0), (7.0, 5.5), (6.0, 5.0), (5.5, 4.5), (5.0, 4.0))
"""Points of what stands beside the code, and side of the marks in millimetres."""


def lay_out_small(draft: Draft, label: OwnLabel) -> None:
    """Fill the draft."""
    margin, gap = draft.mm(MARGIN), draft.mm(GAP)
    numbers = []
    for field, content in (("posting_number", label.posting_number), ("tracking_number", label.tracking_number)):
        if content:
            numbers.append((field, content, *draft.code128(field, content, draft.width)))
        elif field == "posting_number":
            draft.problems.append((field, "a label needs the posting's number"))
    room = draft.mm(CODE_ROOM[2 if label.tracking_number else 1])
    rows, module, quiet = draft.matrix(label.code, room)
    head = _head(draft, label)
    found = goods.cleaned(draft, label.lines)
    if draft.problems:
        return

    side = len(rows) * module + max(quiet - gap, 0) + max(quiet - margin, 0) if module else room
    text = math.ceil(LINE * draft.points(NUMBER_SIZES[0]))
    free = draft.height - 2 * margin - side - len(numbers) * (text + gap)
    bars = min(draft.mm(TALLEST_BARS), free // len(numbers))
    if bars < draft.mm(SHORTEST_BARS):
        draft.problems.append(
            ("code", f"it leaves no room for the bars on {draft.look.size.value} mm; take a larger label")
        )
        return
    y = margin
    for field, content, widths, narrow in numbers:
        draft.bars(widths, narrow, y, bars, content)
        shown = draft.measured(content, bold=True, keep=False)
        size = largest(shown, draft.width - 2 * margin, tuple(map(draft.points, NUMBER_SIZES)))
        if size is None:
            draft.too_long(field, content)
            return
        left = (draft.width - math.ceil(shown.width * size / EM)) // 2
        draft.lines(left, y + bars, [shown.line()], size, bold=True)
        y += bars + text + gap

    x = margin
    if module:
        # Margin and gap count as quiet zone: nothing stands there.
        x = max(quiet, margin)
        draft.put_matrix(x, y + max(quiet - gap, 0), rows, module, label.code)
        x += len(rows) * module + max(quiet, 2 * gap)
    _beside(draft, label, head, found, x, y)


def _head(draft: Draft, label: OwnLabel) -> list[tuple[str, Measured, bool]]:
    """Field, text and whether it is bold."""
    carrier = draft.clean("carrier", label.carrier)
    cash = draft.clean("cash_on_delivery", label.cash_on_delivery)
    box = draft.words.box_of(label.box, label.boxes) if label.boxes > 1 else ""
    texts = (
        ("carrier", carrier, True),
        ("box", box, True),
        ("cash_on_delivery", f"{draft.words.cash}: {cash}" if cash else "", True),
        ("day", draft.words.date(label.day) if label.day else "", False),
    )
    return [(field, draft.measured(text, bold=bold), bold) for field, text, bold in texts if text]


def _beside(
    draft: Draft, label: OwnLabel, head: list[tuple[str, Measured, bool]], found: goods.Goods, x: int, y: int
) -> None:
    margin, gap = draft.mm(MARGIN), draft.mm(GAP)
    width, bottom = draft.width - margin - x, draft.height - margin
    marks = tuple(dict.fromkeys(label.marks))
    # The day is last and stands beside the marks where there are any, which costs it no line of its own.
    for with_goods in (True, False):
        for points, side in STEPS:
            size, mark = draft.points(points), draft.mm(side) if marks else 0
            marks_width = len(marks) * (mark + gap)
            beside_marks = [one for one in head if one[0] == "day" and mark]
            above = [one for one in head if one not in beside_marks]
            top = y + math.ceil(LINE * size) * len(above)
            foot = bottom - (mark + gap if mark else 0)
            if any(text.width * size > width * EM for _, text, _ in above) or top > foot or marks_width > width:
                continue
            if any(text.width * size > (width - marks_width) * EM for _, text, _ in beside_marks):
                continue
            block = goods.fit(draft, found, width, foot - top)
            if with_goods and found.count and not block:
                continue
            for index, (_, text, bold) in enumerate(above):
                draft.lines(x, y + index * math.ceil(LINE * size), [text.line()], size, bold=bold)
            draft.marks(marks, x, bottom - mark, mark, gap)
            for _, text, bold in beside_marks:
                draft.lines(0, bottom - math.ceil(LINE * size), [text.line()], size, bold=bold, right=x + width)
            if block:
                goods.put(draft, block, x, top)
            return
    longest = max(head, key=lambda one: one[1].width, default=("marks", draft.measured(""), False))
    draft.problems.append(
        (longest[0], f"it does not fit beside the code on {draft.look.size.value} mm; take a larger label")
    )
