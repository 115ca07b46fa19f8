"""What a row of a pick list or packing slip is made of."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.domain.labels.options import HandlingMark


@dataclass(frozen=True, slots=True)
class Words:
    """A text of a row: in what size, and whether bold."""

    text: str
    points: float
    bold: bool = False
    tokens: tuple[str, ...] = ()
    """Instead of `text`: things that are never broken over two lines."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something to fetch or to put in."""

    bin: str
    quantity: int
    body: tuple[Words, ...]
    marks: tuple[HandlingMark, ...] = ()
