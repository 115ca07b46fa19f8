"""What a label is made of, in whole printer dots from the top left corner: the layout says it once, and PDF and ZPL
are two ways of writing it down.

Nothing here changes once it is drawn. It is not frozen, as making a frozen object takes several times as long, and a
label is made of some dozens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shipby.domain.labels.options import HandlingMark, MatrixCode


@dataclass(slots=True)
class Rect:
    """Ink."""

    x: int
    y: int
    width: int
    height: int


@dataclass(slots=True)
class TextRun:
    """One line of text, never clipped: the layout has measured it."""

    x: int
    baseline: int
    size: float
    """Em size in dots."""
    text: str
    bold: bool = False
    width: float = 0
    """Measured width in dots."""


@dataclass(slots=True)
class Bars:
    """A Code 128 symbol without its quiet zones, which the layout keeps free."""

    x: int
    y: int
    height: int
    module: int
    """Width of the narrowest bar in dots."""
    widths: tuple[int, ...]
    """Bar, space, bar, … in modules."""
    content: str


@dataclass(slots=True)
class Matrix:
    """A QR or Data Matrix symbol without its quiet zone."""

    x: int
    y: int
    module: int
    rows: tuple[str, ...]
    """One text of 0 and 1 per row."""
    kind: MatrixCode
    content: str


@dataclass(slots=True)
class Art:
    """A pictogram in a square."""

    x: int
    y: int
    size: int
    mark: HandlingMark


Item: TypeAlias = Rect | TextRun | Bars | Matrix | Art


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One label, drawn."""

    width: int
    height: int
    """In dots."""
    dpi: int
    millimetres: tuple[int, int]
    """The paper's size, exactly: width and height."""
    items: tuple[Item, ...]
