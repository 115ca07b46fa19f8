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
from shipby.adapters.labels.text import Line, Measured, largest
from shipby.domain.labels.own_labels import OwnLabel, Party

STEPS = (
    (1.1, 13.0),
    (1.0, 12.0),
    (0.92, 11.0),
    (0.85, 10.0),
    (0.76, 9.0),
    (0.67, 8.0),
    (0.58, 8.0),
    (0.5, 7.5),
    (0.42, 7.0),
)
"""Text scale and height of bars in millimetres, tried in this order."""
TALLEST_BARS = 18.0
MARGIN = 3.0
"""Millimetres."""
GAP = 1.2
CODE_ROOM = 26.0
"""Side of the square for the two-dimensional code with its quiet zone, in millimetres."""
MARK = 10.0
GROWTH = 1.2
"""Of everything on the larger label, which is read from further away."""

CARRIER, NAME, ADDRESS, SENDER, NOTE = 14.0, 14.0, 11.0, 8.0, 9.5
"""Points at scale 1."""
CAPTION, DAY, BOX = 6.5, 8.0, 11.0
"""Points that do not shrink."""
AMOUNTS = (15.0, 13.0, 11.0, 9.5, 8.0, 7.0, 6.0, 5.0)
"""Points at scale 1 of the amount to collect, tried in this order."""
NUMBERS = (11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0)
"""Points of a number beside its caption, tried in this order."""


@dataclass(frozen=True, slots=True)
class Text:
    """A required text, wrapped."""

    field: str
    lines: list[Line]
    size: float
    bold: bool = False

    @property
    def height(self) -> int:
        """In dots."""
        return math.ceil(len(self.lines) * LINE * self.size)


@dataclass(frozen=True, slots=True)
class Wish:
    """A required text before its size is known."""

    field: str
    text: Measured
    points: float
    bold: bool = False


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
        plan = Plan(draft, content, scale, draft.mm(bars * content.growth))
        if plan.spare >= 0:
            plan.draw()
            return
    largest = max(plan.texts, key=lambda text: text.height)
    draft.too_long(largest.field, " ".join(line.text for line in largest.lines))


class Content:
    """What is on the label, cleaned, encoded and measured, independent of the scale."""

    def __init__(self, draft: Draft, label: OwnLabel) -> None:
        self.draft, self.label = draft, label
        self.growth = 1.0 if draft.millimetres[0] <= 75 else GROWTH
        self.margin, self.gap = draft.mm(MARGIN * self.growth), draft.mm(GAP * self.growth)
        self.inner = draft.width - 2 * self.margin
        self.right = draft.width - self.margin
        self.carrier = self._wish("carrier", label.carrier, CARRIER, bold=True)
        self.recipient = self._recipient(label.recipient)
        self.sender = self._sender(label.sender)
        self.note = self._wish("note", label.note, NOTE, bold=True, keep=False)
        self.cash = self._wish("cash_on_delivery", label.cash_on_delivery, AMOUNTS[0], bold=True)
        self.day = self._line(draft.words.date(label.day)) if label.day else None
        self.box = self._line(draft.words.box_of(label.box, label.boxes), bold=True) if label.boxes > 1 else None
        self.goods = goods.cleaned(draft, label.lines)
        tracking = self._number("tracking_number", draft.words.tracking, label.tracking_number)
        posting = self._number("posting_number", draft.words.posting, label.posting_number)
        if not label.posting_number:
            draft.problems.append(("posting_number", "a label needs the posting's number"))
        self.numbers = [number for number in (tracking, posting) if number]
        self.rows, self.module, self.quiet = draft.matrix(label.code, draft.mm(CODE_ROOM * self.growth))
        self.marks = tuple(dict.fromkeys(label.marks))
        self.mark = draft.mm(MARK * self.growth)

    def points(self, points: float) -> float:
        """An em in dots on this size of label."""
        return self.draft.points(points * self.growth)

    def _line(self, text: str, *, bold: bool = False, keep: bool = True) -> Line:
        return self.draft.measured(text, bold=bold, keep=keep).line()

    def _wish(self, field: str, text: str, points: float, *, bold: bool = False, keep: bool = True) -> list[Wish]:
        cleaned = self.draft.clean(field, text) if text else ""
        return [Wish(field, self.draft.measured(cleaned, bold=bold, keep=keep), points, bold)] if cleaned else []

    def _recipient(self, party: Party | None) -> list[Wish]:
        if party is None:
            return []
        return [
            *self._wish("recipient.name", party.name, NAME, bold=True, keep=False),
            *self._wish("recipient.address", party.address, ADDRESS, keep=False),
            *self._wish("recipient.phone", party.phone, ADDRESS, bold=True, keep=False),
        ]

    def _sender(self, party: Party | None) -> list[Wish]:
        if party is None:
            return []
        given = (("sender.name", party.name), ("sender.address", party.address), ("sender.phone", party.phone))
        cleaned = [(field, self.draft.clean(field, text)) for field, text in given]
        # A phone number is read in one piece.
        parts = [(field, text.replace(" ", "\xa0") if field == "sender.phone" else text) for field, text in cleaned]
        joined = ", ".join(text for _, text in parts if text)
        if not joined:
            return []
        longest = max(parts, key=lambda part: len(part[1]))[0]
        return [Wish(longest, self.draft.measured(f"{self.draft.words.sender}: {joined}"), SENDER)]

    def _number(self, field: str, caption: str, content: str) -> Number | None:
        if not content:
            return None
        widths, module = self.draft.code128(field, content, self.draft.width)
        if not module:
            return None
        text = self.draft.measured(content, bold=True, keep=False)
        shown = self._line(caption)
        beside = self.inner - self.gap - shown.width * self.points(CAPTION) / EM
        size = largest(text, beside, tuple(map(self.points, NUMBERS)))
        if size is None:
            self.draft.too_long(field, content)
            return None
        return Number(shown, text.line(), size, widths, module)


class Plan:
    """Everything at one scale: how high each part is, and how much room is spare."""

    def __init__(self, draft: Draft, content: Content, scale: float, bars: int) -> None:
        self.draft, self.content, self.scale, self.bars = draft, content, scale, bars
        self.caption = content.points(CAPTION)
        self.day = content.points(DAY)
        self.thin = max(2, draft.mm(0.25))
        size = content.points(BOX)
        self.box_width = math.ceil(content.box.width * size / EM) + 2 * content.gap if content.box else 0
        self.box_height = math.ceil(LINE * size) + content.gap if content.box else 0
        inner = content.inner
        beside = self.box_width or (math.ceil(content.day.width * self.day / EM) if content.day else 0)
        # What is read from furthest away shrinks last.
        self.loud = max(scale, 0.85) if scale > STEPS[-1][0] else scale
        self.carrier = self._set(content.carrier, inner - beside - (content.gap if beside else 0), self.loud)
        self.recipient = self._set(content.recipient, inner)
        self.sender = self._set(content.sender, inner)
        self.note = self._set(content.note, inner)
        self.cash = self._amount(content.cash, inner - len(content.marks) * (content.mark + content.gap))
        self.texts = [*self.carrier, *self.recipient, *self.sender, *self.note, *self.cash]
        self.header, self.footer = self._header(), self._footer()
        self.row = self._row()
        self.spare = draft.height - self._needed()

    def _set(self, wishes: list[Wish], width: int, scale: float = 0) -> list[Text]:
        found = []
        for wish in wishes:
            size = self.content.points(wish.points * (scale or self.scale))
            lines = wish.text.wrap(max(int(width * EM / size), EM))
            found.append(Text(wish.field, lines, size, wish.bold))
        return found

    def _amount(self, wishes: list[Wish], width: int) -> list[Text]:
        """An amount of money is set smaller before it is broken in two, where it could be read as less."""
        found = []
        for wish in wishes:
            sizes = tuple(self.content.points(points * self.loud) for points in AMOUNTS)
            size = largest(wish.text, width, sizes) or sizes[0]
            found.append(Text(wish.field, wish.text.wrap(max(int(width * EM / size), EM)), size, wish.bold))
        return found

    def _header(self) -> int:
        """Carrier above the day, the box number beside them."""
        left = sum(text.height for text in self.carrier)
        day = math.ceil(LINE * self.day) if self.content.day else 0
        return max(left + day, self.box_height) if self.content.box else max(left, day)

    def _footer(self) -> int:
        cash = sum(text.height for text in self.cash)
        if cash:
            cash += math.ceil(LINE * self.caption)
        return max(cash, self.content.mark if self.content.marks else 0)

    def _row(self) -> int:
        """The least height of code and goods; the gap above the row is part of the code's quiet zone."""
        content = self.content
        if content.module:
            return len(content.rows) * content.module + max(0, content.quiet - content.gap) + content.quiet
        return math.ceil(2 * LINE * self.draft.points(goods.CLOSE_POINTS)) if content.goods.count else 0

    def _needed(self) -> int:
        gap, total = self.content.gap, 2 * self.content.margin + self.row
        if self.header:
            total += self.header + self.draft.mm(0.5) + 2 * gap
        if self.recipient:
            total += math.ceil(LINE * self.caption) + self._below(self.recipient)
        if self.sender:
            total += self._below(self.sender)
        total += sum(math.ceil(LINE * number.size) + self.bars + 2 * gap for number in self.content.numbers)
        if self.note:
            total += self.note[0].height + gap
        if self.footer:
            total += self.footer + self.thin + 2 * gap
        return total

    def _below(self, texts: list[Text]) -> int:
        return sum(text.height for text in texts) + self.thin + 2 * self.content.gap

    # Drawing, from top to bottom and then the footer from the bottom up.

    def draw(self) -> None:
        """Place everything."""
        content, draft = self.content, self.draft
        x = content.margin
        if content.module:
            x = (
                max(content.margin, content.quiet)
                + len(content.rows) * content.module
                + max(content.quiet, 2 * content.gap)
            )
        wanted = goods.fit(draft, content.goods, content.right - x, self.row + self.spare)
        spare = self.spare - (max(0, math.ceil(wanted.height) - self.row) if wanted else 0)
        bars = self.bars
        if content.numbers:
            tallest = max(bars, draft.mm(TALLEST_BARS * content.growth))
            bars = min(tallest, bars + spare // len(content.numbers))
        y = self._draw_header(content.margin)
        y = self._draw_parties(y)
        for number in content.numbers:
            y = self._draw_number(number, y, bars)
        if content.module:
            top = y + max(0, content.quiet - content.gap)
            draft.put_matrix(max(content.margin, content.quiet), top, content.rows, content.module, content.label.code)
        if wanted:
            # Level with the code's upper edge where there is room.
            level = min(
                max(0, content.quiet - content.gap), max(self.row, math.ceil(wanted.height)) - math.ceil(wanted.height)
            )
            goods.put(draft, wanted, x, y + level)
        self._draw_footer()

    def _draw_header(self, y: int) -> int:
        content, draft = self.content, self.draft
        if not self.header:
            return y
        below = y
        for text in self.carrier:
            below = draft.lines(content.margin, y, text.lines, text.size, bold=True)
        if content.box:
            left, size = content.right - self.box_width, content.points(BOX)
            draft.frame(left, y, self.box_width, self.box_height, draft.mm(0.4))
            draft.lines(left + content.gap, y + content.gap // 2, [content.box], size, bold=True)
        if content.day:
            if content.box or not self.carrier:
                draft.lines(content.margin, below, [content.day], self.day)
            else:
                draft.lines(0, y, [content.day], self.day, right=content.right)
        y += self.header + content.gap
        draft.rule(y, draft.mm(0.5), content.margin)
        return y + draft.mm(0.5) + content.gap

    def _draw_parties(self, y: int) -> int:
        content, draft = self.content, self.draft
        if self.recipient:
            caption = draft.measured(draft.words.to).line()
            y = draft.lines(content.margin, y, [caption], self.caption)
        for texts in (self.recipient, self.sender):
            if not texts:
                continue
            for text in texts:
                y = draft.lines(content.margin, y, text.lines, text.size, bold=text.bold)
            y += content.gap
            draft.rule(y, self.thin, content.margin)
            y += self.thin + content.gap
        return y

    def _draw_number(self, number: Number, y: int, bars: int) -> int:
        content, draft = self.content, self.draft
        drop = max(0, math.floor((number.size - self.caption) * ASCENT))
        draft.lines(content.margin, y + drop, [number.caption], self.caption)
        y = draft.lines(0, y, [number.text], number.size, bold=True, right=content.right)
        draft.bars(number.widths, number.module, y, bars, number.text.text)
        return y + bars + 2 * content.gap

    def _draw_footer(self) -> None:
        content, draft = self.content, self.draft
        y = draft.height - content.margin
        if self.footer:
            y -= self.footer
            draft.marks(content.marks, content.margin, y, content.mark, content.gap)
            if self.cash:
                caption = draft.measured(draft.words.cash).line()
                below = draft.lines(0, y, [caption], self.caption, right=content.right)
                for text in self.cash:
                    draft.lines(0, below, text.lines, text.size, bold=True, right=content.right)
            y -= content.gap + self.thin
            draft.rule(y, self.thin, content.margin)
            y -= content.gap
        for text in self.note:
            draft.lines(content.margin, y - text.height, text.lines, text.size, bold=True)
