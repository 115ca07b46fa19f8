"""A paper of several pages: rows with a tick box, a bin and a quantity, on A4 or on labels.

A paper for the warehouse always comes out: a character that no font has is shown as ?, since the goods are found by
bin, SKU and code, and a list that is refused for a smiley in a name helps nobody. Only texts too long for any page are
shortened, with an ellipsis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.adapters.labels import codes
from shipby.adapters.labels.draft import DOTS_PER_MM, LEAST_MODULE, LINE
from shipby.adapters.labels.drawing import Art, Bars, Item, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.fonts import ASCENT, CAPITAL, EM, Fonts
from shipby.adapters.labels.papers.rows import Row, Words
from shipby.adapters.labels.papers.sizes import SIZES
from shipby.adapters.labels.papers.words import PaperWords, paper_words
from shipby.adapters.labels.text import Line, Measured, readable
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import HandlingMark, LabelSize, MatrixCode
from shipby.domain.labels.own_labels import LabelLook

A4 = (210, 297)
A4_DPI = 300
LONGEST = 600
"""Characters of one text; the rest becomes an ellipsis."""
_WIDEST_MODULE_MM = 0.375


@dataclass(frozen=True, slots=True)
class _Set:
    """A line ready to be placed."""

    line: Line
    size: float
    bold: bool

    @property
    def height(self) -> float:
        return LINE * self.size


class Paper:
    """Lays out pages from the top down; `finish` adds the header that all pages share, with the first of `titles` that
    fits."""

    def __init__(self, look: LabelLook, size: LabelSize | None, fonts: Fonts, *, titles: Sequence[str]) -> None:
        self.dpi = A4_DPI if size is None else look.dpi
        if self.dpi not in DOTS_PER_MM:
            raise InvalidInputError(f"no printer profile has {look.dpi} dpi", errors=[("dpi", "take 203 or 300")])
        self.words: PaperWords = paper_words(look.language)
        self.sizes = SIZES[size]
        self.millimetres = A4 if size is None else size.millimetres
        self.per_mm = DOTS_PER_MM[self.dpi]
        self.width, self.height = (math.floor(side * self.per_mm) for side in self.millimetres)
        self.margin = self.mm(self.sizes.margin)
        self.gap = self.mm(self.sizes.margin / 5 + 0.4)
        self.left, self.right = self.margin, self.width - self.margin
        self._fonts = fonts
        self._titles = [self.measured(title, bold=True) for title in titles]
        self._header = math.ceil(LINE * self.points(self.sizes.title)) + self.gap
        self._top = self.margin + self._header + self.gap
        self._bottom = self.height - self.margin
        self._pages: list[list[Item]] = []
        self.y = 0
        self.new_page()

    # Measures

    def mm(self, millimetres: float) -> int:
        """In dots."""
        return round(millimetres * self.per_mm)

    def points(self, points: float) -> float:
        """An em size in dots."""
        return points * self.per_mm * 25.4 / 72

    def shown(self, text: str) -> str:
        """The text as it is drawn."""
        if len(text) > LONGEST:
            text = text[:LONGEST] + "…"
        return readable(self._fonts, text)

    def measured(self, text: str, *, bold: bool = False) -> Measured:
        """A text, cleaned and ready to be wrapped."""
        return Measured(self._fonts.typeface(bold=bold), self.shown(text))

    def time(self, when: datetime) -> str:
        """In the zone it comes in, which is named: 22.11.2026 18:00 (UTC+3)."""
        offset = when.strftime("%z")
        hours = f"{offset[0]}{int(offset[1:3])}" + (f":{offset[3:5]}" if offset[3:5] != "00" else "")
        return f"{when.strftime(self.words.when)} (UTC{hours if offset[1:5] != '0000' else ''})"

    # Placing

    @property
    def items(self) -> list[Item]:
        return self._pages[-1]

    def new_page(self) -> None:
        """Go on at the top of another page."""
        self._pages.append([])
        self.y = self._top

    @property
    def fresh(self) -> bool:
        """Whether nothing stands on the page at hand."""
        return self.y == self._top

    def room(self, height: float) -> None:
        """Make sure that so many dots are free below, or begin another page."""
        if not self.fresh and self.y + height > self._bottom:
            self.new_page()

    def _place(self, x: int, y: float, one: _Set, *, right: int = 0) -> None:
        width = one.line.width * one.size / EM
        left = math.floor(right - width) if right else x
        self.items.append(TextRun(left, round(y + ASCENT * one.size), one.size, one.line.text, one.bold, width))

    def box(self, x: int, y: int, side: int) -> None:
        """A box to tick."""
        thick = max(self.mm(0.3), 2)
        inner = side - 2 * thick
        self.items.extend(
            (
                Rect(x, y, side, thick),
                Rect(x, y + side - thick, side, thick),
                Rect(x, y + thick, thick, inner),
                Rect(x + side - thick, y + thick, thick, inner),
            )
        )

    def rule(self, *, thick: bool = False) -> None:
        """A line across the page."""
        height = max(self.mm(0.5 if thick else 0.15), 1)
        self.items.append(Rect(self.left, self.y, self.right - self.left, height))
        self.y += height + self.gap

    def text(self, text: str, points: float, *, bold: bool = False, narrower: int = 0) -> None:
        """A paragraph."""
        size = self.points(points)
        width = self.right - self.left - narrower
        for line in self.measured(text, bold=bold).wrap(int(width * EM / size)):
            self.room(LINE * size)
            self._place(self.left, self.y, _Set(line, size, bold))
            self.y += math.ceil(LINE * size)

    def ticks(self, caption: str, texts: Sequence[str]) -> None:
        """Things to do, each with a box."""
        size = self.points(self.sizes.name)
        side = round(size)
        indent = side + self.mm(1.5)
        self.room(2.5 * LINE * size)
        self.text(caption, self.sizes.small, bold=True)
        for text in texts:
            for index, line in enumerate(self.measured(text).wrap(int((self.right - self.left - indent) * EM / size))):
                self.room(LINE * size)
                if not index:
                    self.box(self.left, round(self.y + (ASCENT - CAPITAL / 2) * size - side / 2), side)
                self._place(self.left + indent, self.y, _Set(line, size, bold=False))
                self.y += math.ceil(LINE * size)
        self.y += self.gap

    def marks(self, marks: Sequence[HandlingMark]) -> None:
        """Pictograms in a line."""
        side = self.mm(self.sizes.matrix * 0.6)
        self.room(side)
        for index, mark in enumerate(marks):
            self.items.append(Art(self.left + index * (side + self.gap), self.y, side, mark))
        self.y += side + self.gap

    def matrix(self, content: str) -> tuple[int, int]:
        """A QR code at the right edge, from `y` on; how wide and high it is, or (0, 0) where there is none."""
        try:
            rows = codes.matrix(MatrixCode.QR, content) if content else ()
        except codes.UnencodableError:
            rows = ()
        if not rows:
            return 0, 0
        quiet = codes.QUIET[MatrixCode.QR]
        module = max(self.mm(self.sizes.matrix) // (len(rows) + 2 * quiet), LEAST_MODULE)
        side = len(rows) * module
        # The margin and the header's rule are further away than the quiet zone needs at the right and at the top.
        kept = max(quiet * module - self.margin, 0)
        top = self.y + max(quiet * module - self.gap, 0)
        self.items.append(Matrix(self.right - kept - side, top, module, rows, MatrixCode.QR, content))
        return side + kept + quiet * module, top - self.y + side + quiet * module

    def bars(self, content: str) -> bool:
        """A Code 128 across the page; False where it does not fit or cannot say it."""
        try:
            widths = codes.code128(content)
        except codes.UnencodableError:
            return False
        modules = sum(widths) + 2 * codes.QUIET_CODE128
        # The quiet zones may reach into the margin.
        module = min(self.width // modules, int(_WIDEST_MODULE_MM * self.per_mm))
        if module < LEAST_MODULE:
            return False
        height = self.mm(self.sizes.bars)
        self.room(height)
        left = max(self.left, codes.QUIET_CODE128 * module)
        if left + (sum(widths) + codes.QUIET_CODE128) * module > self.width:
            left = (self.width - sum(widths) * module) // 2
        self.items.append(Bars(left, self.y, height, module, widths, content))
        self.y += height + self.gap
        return True

    # Rows

    def _set(self, words: Words, width: int) -> list[_Set]:
        size = self.points(words.points)
        limit = int(width * EM / size)
        lines = self._flow(words, limit) if words.tokens else self.measured(words.text, bold=words.bold).wrap(limit)
        return [_Set(line, size, words.bold) for line in lines]

    def _flow(self, words: Words, limit: int) -> list[Line]:
        lines: list[Line] = []
        face = self._fonts.typeface(bold=words.bold)
        for token in map(self.shown, words.tokens):
            joined = f"{lines[-1].text}   {token}" if lines else token
            if lines and face.measure(joined) <= limit:
                lines[-1] = Line(joined, face.measure(joined))
            else:
                lines += Measured(face, token).wrap(limit)
        return lines

    def _head(self, text: str, width: int) -> list[_Set]:
        measured = self.measured(text, bold=True)
        for points in self.sizes.bins:
            if measured.width * self.points(points) <= width * EM:
                return [_Set(measured.line(), self.points(points), bold=True)]
        size = self.points(self.sizes.bins[-1])
        return [_Set(line, size, bold=True) for line in measured.wrap(int(width * EM / size))]

    def row(self, row: Row) -> None:
        """A row; one that is higher than a page goes on on the next, with its bin again."""
        tick = self.mm(self.sizes.tick)
        across = self.right - self.left
        beside = self.sizes.columns[0] > 0
        quantity = self._head(f"× {row.quantity}", self.mm(self.sizes.columns[1]) if beside else across // 2)
        wide = max(round(one.line.width * one.size / EM) for one in quantity)
        if beside:
            bin_width = self.mm(self.sizes.columns[0])
            text_left = self.left + tick + bin_width + self.mm(self.sizes.columns[1]) + 3 * self.gap
        else:
            bin_width = across - tick - wide - 3 * self.gap
            text_left = self.left
        bins = self._head(row.bin or self.words.no_bin, bin_width)
        art = self._art(row) if beside else 0
        body = [one for words in row.body for one in self._set(words, self.right - text_left - art)]
        head_width = max(round(one.line.width * one.size / EM) for one in bins)
        free = across - tick - head_width - wide - 3 * self.gap
        # Marks stand between bin and quantity where there is room, else below.
        below = bool(row.marks) and not beside and free < self._art(row)
        head_height = max(sum(one.height for one in bins), sum(one.height for one in quantity), tick)
        art_height = self._side + self.gap if below else 0
        first = True
        while body or first:
            chunk = self._fitting(body, head_height, art_height if first else 0, beside=beside)
            body = body[len(chunk) :]
            shown = row if first else replace(row, marks=())
            self._put_row(shown, bins, quantity, chunk, text_left, first=first, below=below)
            first = False
            if body:
                self.new_page()

    @property
    def _side(self) -> int:
        return self.mm(self.sizes.tick * 1.4) if self.sizes.columns[0] else self.mm(self.sizes.tick * 1.15)

    def _art(self, row: Row) -> int:
        """How wide its pictograms are."""
        return len(row.marks) * (self._side + self.gap)

    def _fitting(self, body: list[_Set], head: float, art: float, *, beside: bool) -> list[_Set]:
        text = sum(one.height for one in body)
        whole = max(head, text) if beside else head + text + art
        page = self._bottom - self._top - self.gap
        if whole <= page:
            self.room(whole + self.gap)
            return body
        if self.y + head + art + 3 * self.gap > (self._top + self._bottom) // 2:
            self.room(page)
        left = self._bottom - self.y - self.gap - (0 if beside else head + art)
        found: list[_Set] = []
        for one in body:
            if one.height > left and found:
                break
            left -= one.height
            found.append(one)
        return found

    def _put_row(
        self,
        row: Row,
        bins: list[_Set],
        quantity: list[_Set],
        body: list[_Set],
        text_left: int,
        *,
        first: bool,
        below: bool,
    ) -> None:
        beside = self.sizes.columns[0] > 0
        tick = self.mm(self.sizes.tick)
        top = float(self.y)
        if first:
            middle = top + (ASCENT - CAPITAL / 2) * bins[0].size
            self.box(self.left, max(self.y, round(middle - tick / 2)), tick)
        y = top
        for one in bins:
            self._place(self.left + tick + self.gap, y, one)
            y += one.height
        bottom = max(y, top + tick)
        y = top
        right = text_left - 2 * self.gap if beside else self.right
        for one in quantity if first else [_Set(self.measured(self.words.continued).line(), body[0].size, bold=False)]:
            self._place(0, y, one, right=right)
            y += one.height
        bottom = max(bottom, y)
        if row.marks:
            wide = max(round(one.line.width * one.size / EM) for one in quantity)
            right = self.right if beside else self.right - wide - self.gap
            art_top = bottom if below else top + self.gap / 2
            x = self.left if below else right - self._art(row) + self.gap
            for index, mark in enumerate(row.marks):
                self.items.append(Art(x + index * (self._side + self.gap), round(art_top), self._side, mark))
            bottom = max(bottom, art_top + self._side)
        y = bottom
        if beside:
            # The first line of the text stands at about the height of the bin's.
            y = top + max(0.0, 0.35 * ASCENT * (bins[0].size - body[0].size)) if body else top
        for one in body:
            self._place(text_left, y, one)
            y += one.height
        self.y = math.ceil(max(bottom, y)) + self.gap // 2
        self.rule()

    def _title(self, width: int) -> tuple[Line, float]:
        """A title in full, if need be in smaller letters; only one that no page holds is shortened."""
        for share in (1, 0.85, 0.7, 0.6):
            size = self.points(self.sizes.title * share)
            for title in self._titles:
                if title.width * size <= width * EM:
                    return title.line(), size
        return self._titles[-1].shorten(int(width * EM / size)), size

    def finish(self) -> list[Page]:
        """All pages, with their header."""
        pages = []
        for index, items in enumerate(self._pages):
            count = self.words.page.format(page=index + 1, pages=len(self._pages))
            small = self.points(self.sizes.small)
            number = _Set(self.measured(count).line(), small, bold=False)
            wide = round(number.line.width * small / EM)
            title, size = self._title(self.right - self.left - wide - 2 * self.gap)
            baseline = round(self.margin + ASCENT * self.points(self.sizes.title))
            bottom = self.margin + self._header - self.gap // 2
            thick = max(self.mm(0.5), 2)
            head: list[Item] = [
                TextRun(self.left, baseline, size, title.text, True, title.width * size / EM),
                TextRun(self.right - wide, baseline, small, number.line.text, False, float(wide)),
                Rect(self.left, bottom - thick, self.right - self.left, thick),
            ]
            pages.append(
                Page(
                    width=self.width,
                    height=self.height,
                    dpi=self.dpi,
                    millimetres=self.millimetres,
                    items=(*head, *items),
                )
            )
        return pages
