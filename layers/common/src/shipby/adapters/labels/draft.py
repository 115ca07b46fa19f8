"""A label while it is laid out: dots, cleaned texts, codes, and every problem found on the way."""

from __future__ import annotations

import math
from functools import cache

from shipby.adapters.labels import codes
from shipby.adapters.labels.drawing import Art, Bars, Item, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.fonts import ASCENT, DESCENT, EM, Fonts
from shipby.adapters.labels.text import Line, Measured, clean, readable
from shipby.adapters.labels.words import words
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import HandlingMark, LabelSize, MatrixCode
from shipby.domain.labels.own_labels import LabelLook

LINE = ASCENT + DESCENT
"""Distance of two baselines in ems."""
SMALLEST_POINTS = 5.0
"""No text is ever smaller."""
LONGEST_TEXT = 1200
"""Characters that no size of label holds even at the smallest size: longer texts are refused without trying."""
MOST_KEPT = 2_000
"""Measured texts remembered."""
LEAST_MODULE = 2
"""Dots. A bar of one dot does not survive a worn print head."""
WIDEST_BAR_MM = 0.5

DOTS_PER_MM = {203: 8.0, 300: 300 / 25.4}
"""Printers called 203 dpi have 8 dots per millimetre, that is 203.2."""


@cache
def _paper(size: LabelSize, dpi: int) -> tuple[tuple[int, int], float, float, int, int]:
    """Sides in millimetres, dots per millimetre and per point, sides in dots."""
    width, height = size.millimetres
    per_mm = DOTS_PER_MM[dpi]
    return (width, height), per_mm, per_mm * 25.4 / 72, math.floor(width * per_mm), math.floor(height * per_mm)


class Draft:
    """Collects items in dots from the top left corner, and (field, problem) pairs."""

    def __init__(self, look: LabelLook, fonts: Fonts) -> None:
        if look.dpi not in DOTS_PER_MM:
            raise InvalidInputError(f"no label printer profile has {look.dpi} dpi", errors=[("dpi", "take 203 or 300")])
        self.look = look
        self.words = words(look.language)
        self.fonts = fonts
        self.millimetres, self.per_mm, self.per_point, self.width, self.height = _paper(look.size, look.dpi)
        self.items: list[Item] = []
        self.problems: list[tuple[str, str]] = []

    def mm(self, millimetres: float) -> int:
        """In dots."""
        return round(millimetres * self.per_mm)

    def points(self, points: float) -> float:
        """An em size in dots, never below the smallest."""
        return max(points, SMALLEST_POINTS) * self.per_point

    def clean(self, field: str, text: str) -> str:
        """The text as drawn; "" and a problem if it cannot be."""
        if len(text) > LONGEST_TEXT:
            self.too_long(field, text)
            return ""
        cleaned, problem = clean(self.fonts, text)
        if problem:
            self.problems.append((field, problem))
        return cleaned

    def readable(self, text: str) -> str:
        """A text that only helps, as drawn: it may be shortened, and no sign of it costs the label."""
        return readable(self.fonts, text[:LONGEST_TEXT])

    def too_long(self, field: str, text: str) -> None:
        """A text that must be shown whole and cannot."""
        self.problems.append(
            (
                field,
                f"{len(text)} characters do not fit on a label of {self.look.size.value} mm even at "
                f"{SMALLEST_POINTS:g} points; shorten it or take a larger label",
            )
        )

    def measured(self, text: str, *, bold: bool = False, keep: bool = True) -> Measured:
        """A cleaned text, ready to be wrapped. With `keep` it is remembered for the labels to come, which mostly say
        the same again; never a recipient."""
        kept = self.fonts.kept
        found = kept.get((bold, text))
        if found is None:
            found = Measured(self.fonts.typeface(bold=bold), text)
            if keep:
                if len(kept) >= MOST_KEPT:
                    kept.clear()
                kept[bold, text] = found
        return found

    def lines(self, x: int, y: int, lines: list[Line], size: float, *, bold: bool = False, right: int = 0) -> int:
        """Place lines below `y`, from `x` on or ending at `right`; returns where the next thing may begin."""
        top = float(y)
        for line in lines:
            width = line.width * size / EM
            left = x if not right else math.floor(right - width)
            self.items.append(TextRun(left, round(top + ASCENT * size), size, line.text, bold, width))
            top += LINE * size
        return math.ceil(top)

    def rule(self, y: int, thickness: int, margin: int) -> None:
        """A line across the label."""
        self.items.append(Rect(margin, y, self.width - 2 * margin, thickness))

    def frame(self, x: int, y: int, width: int, height: int, thickness: int) -> None:
        """A box around something."""
        self.items.extend(
            (
                Rect(x, y, width, thickness),
                Rect(x, y + height - thickness, width, thickness),
                Rect(x, y + thickness, thickness, height - 2 * thickness),
                Rect(x + width - thickness, y + thickness, thickness, height - 2 * thickness),
            )
        )

    def code128(self, field: str, content: str, room: int) -> tuple[tuple[int, ...], int]:
        """Widths and module of a Code 128 symbol that fits into `room` dots with its quiet zones; module 0 and a
        problem if none does."""
        try:
            widths = codes.code128(content)
        except codes.UnencodableError as error:
            self.problems.append((field, str(error)))
            return (), 0
        modules = sum(widths) + 2 * codes.QUIET_CODE128
        module = min(room // modules, int(WIDEST_BAR_MM * self.per_mm))
        if module < LEAST_MODULE:
            self.problems.append(
                (
                    field,
                    f"its Code 128 does not fit on a label of {self.look.size.value} mm with bars of "
                    f"{LEAST_MODULE} dots; take a larger label",
                )
            )
            return (), 0
        return widths, module

    def bars(self, widths: tuple[int, ...], module: int, y: int, height: int, content: str) -> None:
        """Place a Code 128 symbol in the middle of the label."""
        left = (self.width - sum(widths) * module) // 2
        self.items.append(Bars(left, y, height, module, widths, content))

    def matrix(self, content: str, room: int) -> tuple[tuple[str, ...], int, int]:
        """Rows, module and quiet zone in dots of the two-dimensional code, at most `room` dots wide with its quiet
        zones where a module of two dots allows; module 0 if there is none."""
        if not content:
            return (), 0, 0
        kind = self.look.matrix
        try:
            rows = codes.matrix(kind, content)
        except codes.UnencodableError as error:
            self.problems.append(("code", str(error)))
            return (), 0, 0
        quiet = codes.QUIET[kind]
        module = room // (len(rows[0]) + 2 * quiet)
        if module < LEAST_MODULE:
            self.problems.append(
                ("code", f"it does not fit on a label of {self.look.size.value} mm; take a larger one")
            )
            return (), 0, 0
        return rows, module, max(quiet * module, self.mm(0.5))

    def put_matrix(self, x: int, y: int, rows: tuple[str, ...], module: int, content: str) -> None:
        """Place the two-dimensional code."""
        self.items.append(Matrix(x, y, module, rows, MatrixCode(self.look.matrix), content))

    def marks(self, marks: tuple[HandlingMark, ...], x: int, y: int, size: int, gap: int) -> int:
        """Place pictograms side by side; returns where the next thing may begin."""
        for mark in marks:
            self.items.append(Art(x, y, size, mark))
            x += size + gap
        return x

    def page(self) -> Page:
        """The finished label. Raises InvalidInputError with every problem found."""
        if self.problems:
            raise InvalidInputError("the label cannot be printed as asked", errors=self.problems)
        return Page(
            width=self.width,
            height=self.height,
            dpi=self.look.dpi,
            millimetres=self.millimetres,
            items=tuple(self.items),
        )
