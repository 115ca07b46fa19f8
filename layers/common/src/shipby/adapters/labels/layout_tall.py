"""The parcel labels, 75x120 and 100x150 mm: from top to bottom who carries it, to whom, from whom, the tracking
number, the posting number, code and goods, a note, and how to handle it.

Everything but the goods is required: texts are set smaller step by step until all of it fits, and if it does not at
the smallest size, the text that takes most room is named. Room that is left goes to the goods, then to taller bars.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from shipby.adapters.labels import goods
from shipby.adapters.labels.draft import LINE, Draft
from shipby.adapters.labels.fonts import ASCENT, EM
from shipby.adapters.labels.frame import LOUD, SMALLEST_SCALE, Text, Wish, frame_of, wish
from shipby.adapters.labels.text import Line, largest
from shipby.domain.labels.own_labels import OwnLabel, Party

STEPS = (
    (1.1, 13.0),
    (1.0, 12.0),
    (0.92, 11.0),
    (LOUD, 10.0),
    (0.76, 9.0),
    (0.67, 8.0),
    (0.58, 8.0),
    (0.5, 7.5),
    (SMALLEST_SCALE, 7.0),
)
"""Text scale and height of bars in millimetres, tried in this order."""
TALLEST_BARS = 18.0
CODE_ROOM = 26.0
"""Side of the square for the two-dimensional code with its quiet zone, in millimetres."""

NAME, ADDRESS, NOTE = 14.0, 11.0, 9.5
"""Points at scale 1."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as Code 128 and as text."""

    caption: Line
    text: Line
    size: float
    widths: tuple[int, ...]
    module: int


def lay_out_tall(draft: Draft, label: OwnLabel) -> None:
    """Fill the draft."""
    content = Content(draft, label)
    if draft.problems:
        return
    for scale, bars in STEPS:
        plan = Plan(draft, content, scale, draft.mm(bars * content.frame.growth))
        if plan.spare >= 0:
            plan.draw()
            return
    largest = max([*plan.recipient, *plan.setting.texts, *plan.note], key=lambda text: text.height)
    draft.too_long(largest.field, " ".join(line.text for line in largest.lines))


class Content:
    """What is on the label, cleaned, encoded and measured, independent of the scale."""

    def __init__(self, draft: Draft, label: OwnLabel) -> None:
        self.draft, self.label = draft, label
        self.frame = frame_of(draft.look, draft.fonts, label)
        draft.problems.extend(self.frame.problems)
        self.recipient = self._recipient(label.recipient)
        self.note = wish(draft, "note", label.note, NOTE, bold=True, keep=False)
        self.goods = goods.cleaned(draft, label.lines)
        tracking = self._number("tracking_number", self.frame.tracking, label.tracking_number)
        posting = self._number("posting_number", self.frame.posting, label.posting_number)
        if not label.posting_number:
            draft.problems.append(("posting_number", "a label needs the posting's number"))
        self.numbers = [number for number in (tracking, posting) if number]
        self.rows, self.module, self.quiet = draft.matrix(label.code, draft.mm(CODE_ROOM * self.frame.growth))

    def _recipient(self, party: Party | None) -> list[Wish]:
        if party is None:
            return []
        draft = self.draft
        return [
            *wish(draft, "recipient.name", party.name, NAME, bold=True, keep=False),
            *wish(draft, "recipient.address", party.address, ADDRESS, keep=False),
            *wish(draft, "recipient.phone", party.phone, ADDRESS, bold=True, keep=False),
        ]

    def _number(self, field: str, caption: Line, content: str) -> Number | None:
        if not content:
            return None
        frame = self.frame
        widths, module = self.draft.code128(field, content, self.draft.width)
        if not module:
            return None
        text = self.draft.measured(content, bold=True, keep=False)
        beside = frame.inner - frame.gap - caption.width * frame.caption / EM
        size = largest(text, beside, frame.numbers)
        if size is None:
            self.draft.too_long(field, content)
            return None
        return Number(caption, text.line(), size, widths, module)


class Plan:
    """Everything at one scale: how high each part is, and how much room is spare."""

    def __init__(self, draft: Draft, content: Content, scale: float, bars: int) -> None:
        self.draft, self.content, self.frame, self.bars = draft, content, content.frame, bars
        self.setting = content.frame.at(scale)
        self.recipient = self.setting.set(content.recipient, content.frame.inner)
        self.note = self.setting.set(content.note, content.frame.inner)
        self.row = self._row()
        self.spare = draft.height - self._needed()

    def _row(self) -> int:
        """The least height of code and goods; the gap above the row is part of the code's quiet zone."""
        content = self.content
        if content.module:
            return len(content.rows) * content.module + max(0, content.quiet - self.frame.gap) + content.quiet
        return math.ceil(2 * LINE * self.draft.points(goods.CLOSE_POINTS)) if content.goods.count else 0

    def _needed(self) -> int:
        frame, setting = self.frame, self.setting
        total = setting.top + setting.bottom + self.row
        if self.recipient:
            total += math.ceil(LINE * frame.caption) + self._ruled(self.recipient)
        if setting.sender:
            total += self._ruled(setting.sender)
        if self.note:
            total += self.note[0].height + frame.gap
        return total + sum(math.ceil(LINE * number.size) + self.bars + 2 * frame.gap for number in self.content.numbers)

    def _ruled(self, texts: list[Text]) -> int:
        """Height of texts and of the rule below them."""
        return sum(text.height for text in texts) + self.frame.thin + 2 * self.frame.gap

    def draw(self) -> None:
        """Place everything, from top to bottom."""
        content, draft, frame = self.content, self.draft, self.frame
        x = frame.margin
        if content.module:
            x = (
                max(frame.margin, content.quiet)
                + len(content.rows) * content.module
                + max(content.quiet, 2 * frame.gap)
            )
        wanted = goods.fit(draft, content.goods, frame.right - x, self.row + self.spare)
        spare = self.spare - (max(0, math.ceil(wanted.height) - self.row) if wanted else 0)
        bars = self.bars
        if content.numbers:
            tallest = max(bars, draft.mm(TALLEST_BARS * frame.growth))
            bars = min(tallest, bars + spare // len(content.numbers))
        draft.items.extend(self.setting.head)
        y = self._draw_parties(self.setting.top)
        for number in content.numbers:
            y = self._draw_number(number, y, bars)
        if content.module:
            top = y + max(0, content.quiet - frame.gap)
            draft.put_matrix(max(frame.margin, content.quiet), top, content.rows, content.module, content.label.code)
        if wanted:
            # Level with the code's upper edge where there is room.
            level = min(
                max(0, content.quiet - frame.gap), max(self.row, math.ceil(wanted.height)) - math.ceil(wanted.height)
            )
            goods.put(draft, wanted, x, y + level)
        draft.items.extend(self.setting.foot)
        for text in self.note:
            top = draft.height - self.setting.bottom - text.height
            draft.lines(frame.margin, top, text.lines, text.size, bold=True)

    def _draw_parties(self, y: int) -> int:
        frame, draft = self.frame, self.draft
        if self.recipient:
            y = draft.lines(frame.margin, y, [frame.to], frame.caption)
        for texts in (self.recipient, self.setting.sender):
            if not texts:
                continue
            for text in texts:
                y = draft.lines(frame.margin, y, text.lines, text.size, bold=text.bold)
            y += frame.gap
            draft.rule(y, frame.thin, frame.margin)
            y += frame.thin + frame.gap
        return y

    def _draw_number(self, number: Number, y: int, bars: int) -> int:
        frame, draft = self.frame, self.draft
        drop = max(0, math.floor((number.size - frame.caption) * ASCENT))
        draft.lines(frame.margin, y + drop, [number.caption], frame.caption)
        y = draft.lines(0, y, [number.text], number.size, bold=True, right=frame.right)
        draft.bars(number.widths, number.module, y, bars, number.text.text)
        return y + bars + 2 * frame.gap
