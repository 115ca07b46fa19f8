"""What label after label of a batch has in common: carrier, sender, amount, day, box and marks. Cleaned and
measured once, set and drawn once at each scale; the layout of a label places the rest around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shipby.adapters.labels.draft import LINE, Draft
from shipby.adapters.labels.drawing import Item
from shipby.adapters.labels.fonts import EM, Fonts
from shipby.adapters.labels.text import Line, Measured, largest
from shipby.domain.labels.own_labels import LabelLook, OwnLabel, Party

MARGIN = 3.0
"""Millimetres."""
GAP = 1.2
MARK = 10.0
GROWTH = 1.2
"""Of everything on the larger label, which is read from further away."""
SMALLEST_SCALE = 0.42
LOUD = 0.85
"""What is read from furthest away shrinks below this scale only with the last step."""

CARRIER, SENDER = 14.0, 8.0
"""Points at scale 1."""
CAPTION, DAY, BOX = 6.5, 8.0, 11.0
"""Points that do not shrink."""
AMOUNTS = (15.0, 13.0, 11.0, 9.5, 8.0, 7.0, 6.0, 5.0)
"""Points at scale 1 of the amount to collect, tried in this order."""
NUMBERS = (11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0)
"""Points of a number beside its caption, tried in this order."""
MOST_FRAMES = 200
"""Kept: of sellers, carriers, days, amounts and looks in use."""


@dataclass(slots=True)
class Text:
    """A required text, wrapped. Never changed."""

    field: str
    lines: list[Line]
    size: float
    bold: bool
    height: int
    """In dots."""


@dataclass(slots=True)
class Wish:
    """A required text before its size is known. Never changed."""

    field: str
    text: Measured
    points: float
    bold: bool = False

    def at(self, size: float, width: int) -> Text:
        """Wrapped to `width` dots at an em of `size` dots."""
        lines = self.text.wrap(max(int(width * EM / size), EM))
        return Text(self.field, lines, size, self.bold, math.ceil(len(lines) * LINE * size))


def wish(draft: Draft, field: str, text: str, points: float, *, bold: bool = False, keep: bool = True) -> list[Wish]:
    """A text cleaned and measured, or none; `keep` as of Draft.measured."""
    cleaned = draft.clean(field, text) if text else ""
    return [Wish(field, draft.measured(cleaned, bold=bold, keep=keep), points, bold)] if cleaned else []


def frame_of(look: LabelLook, fonts: Fonts, label: OwnLabel) -> Frame:
    """The frame that a label has, made when the first label has it."""
    key = (look, label.carrier, label.sender, label.cash_on_delivery, label.day, label.marks)
    boxed = (*key, label.box, label.boxes) if label.boxes > 1 else key
    found = fonts.frames.get(boxed)
    if found is None:
        if len(fonts.frames) >= MOST_FRAMES:
            fonts.frames.clear()
        found = fonts.frames[boxed] = Frame(look, fonts, label)
    return found


class Frame:
    """What a label shares with others, cleaned and measured, independent of the scale."""

    def __init__(self, look: LabelLook, fonts: Fonts, label: OwnLabel) -> None:
        draft = self.draft = Draft(look, fonts)
        self.growth = 1.0 if draft.millimetres[0] <= 75 else GROWTH
        self.margin, self.gap = draft.mm(MARGIN * self.growth), draft.mm(GAP * self.growth)
        self.inner = draft.width - 2 * self.margin
        self.right = draft.width - self.margin
        self.caption, self.thin = self.points(CAPTION), max(2, draft.mm(0.25))
        self.carrier = wish(draft, "carrier", label.carrier, CARRIER, bold=True)
        self.sender = self._sender(label.sender)
        self.cash = wish(draft, "cash_on_delivery", label.cash_on_delivery, AMOUNTS[0], bold=True)
        self.day = draft.measured(draft.words.date(label.day)).line() if label.day else None
        box = draft.words.box_of(label.box, label.boxes) if label.boxes > 1 else ""
        self.box = draft.measured(box, bold=True).line() if box else None
        self.marks = tuple(dict.fromkeys(label.marks))
        self.mark = draft.mm(MARK * self.growth)
        self.numbers = tuple(map(self.points, NUMBERS))
        self.to, self.posting, self.tracking = (
            draft.measured(word).line() for word in (draft.words.to, draft.words.posting, draft.words.tracking)
        )
        self.problems = tuple(draft.problems)
        self._settings: dict[float, Setting] = {}

    def points(self, points: float) -> float:
        """An em in dots on this size of label."""
        return self.draft.points(points * self.growth)

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

    def at(self, scale: float) -> Setting:
        """The frame set at one scale."""
        found = self._settings.get(scale)
        if found is None:
            found = self._settings[scale] = Setting(self, scale)
        return found


class Setting:
    """A frame at one scale: how high its parts are, and what stands at the top and at the bottom, drawn."""

    def __init__(self, frame: Frame, scale: float) -> None:
        self.frame, self.scale = frame, scale
        self.day = frame.points(DAY)
        size = frame.points(BOX)
        self.box_width = math.ceil(frame.box.width * size / EM) + 2 * frame.gap if frame.box else 0
        self.box_height = math.ceil(LINE * size) + frame.gap if frame.box else 0
        beside = self.box_width or (math.ceil(frame.day.width * self.day / EM) if frame.day else 0)
        self.loud = max(scale, LOUD) if scale > SMALLEST_SCALE else scale
        room = frame.inner - beside - (frame.gap if beside else 0)
        self.carrier = self.set(frame.carrier, room, self.loud)
        self.sender = self.set(frame.sender, frame.inner)
        self.cash = self._amount(frame.inner - len(frame.marks) * (frame.mark + frame.gap))
        self.texts = [*self.carrier, *self.sender, *self.cash]
        self._draw()

    def set(self, wishes: list[Wish], width: int, scale: float = 0) -> list[Text]:
        """Texts wrapped to so many dots."""
        return [one.at(self.frame.points(one.points * (scale or self.scale)), width) for one in wishes]

    def _amount(self, width: int) -> list[Text]:
        """An amount of money is set smaller before it is broken in two, where it could be read as less."""
        sizes = tuple(self.frame.points(points * self.loud) for points in AMOUNTS)
        return [one.at(largest(one.text, width, sizes) or sizes[0], width) for one in self.frame.cash]

    def _draw(self) -> None:
        frame = self.frame
        draft = Draft(frame.draft.look, frame.draft.fonts)
        self.top = self._draw_head(draft)
        """Where the recipient begins, in dots from the upper edge."""
        self.head: tuple[Item, ...] = tuple(draft.items)
        draft.items.clear()
        self.bottom = self._draw_foot(draft)
        """Dots that marks and amount need, with the lower margin."""
        self.foot: tuple[Item, ...] = tuple(draft.items)

    def _draw_head(self, draft: Draft) -> int:
        """Carrier above the day, the box number beside them."""
        frame, y = self.frame, self.frame.margin
        left = sum(text.height for text in self.carrier)
        day = math.ceil(LINE * self.day) if frame.day else 0
        height = max(left + day, self.box_height) if frame.box else max(left, day)
        if not height:
            return y
        below = y
        for text in self.carrier:
            below = draft.lines(frame.margin, y, text.lines, text.size, bold=True)
        if frame.box:
            left, size = frame.right - self.box_width, frame.points(BOX)
            draft.frame(left, y, self.box_width, self.box_height, draft.mm(0.4))
            draft.lines(left + frame.gap, y + frame.gap // 2, [frame.box], size, bold=True)
        if frame.day:
            if frame.box or not self.carrier:
                draft.lines(frame.margin, below, [frame.day], self.day)
            else:
                draft.lines(0, y, [frame.day], self.day, right=frame.right)
        y += height + frame.gap
        draft.rule(y, draft.mm(0.5), frame.margin)
        return y + draft.mm(0.5) + frame.gap

    def _draw_foot(self, draft: Draft) -> int:
        """Marks and the amount below a rule."""
        frame, y = self.frame, draft.height - self.frame.margin
        cash = sum(text.height for text in self.cash)
        if cash:
            cash += math.ceil(LINE * frame.caption)
        height = max(cash, frame.mark if frame.marks else 0)
        if height:
            y -= height
            draft.marks(frame.marks, frame.margin, y, frame.mark, frame.gap)
            if self.cash:
                caption = draft.measured(draft.words.cash).line()
                below = draft.lines(0, y, [caption], frame.caption, right=frame.right)
                for text in self.cash:
                    draft.lines(0, below, text.lines, text.size, bold=True, right=frame.right)
            y -= frame.gap + frame.thin
            draft.rule(y, frame.thin, frame.margin)
            y -= frame.gap
        return draft.height - y
