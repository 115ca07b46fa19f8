"""Tables that people send, as cells: CSV here, workbooks by an adapter."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from shipby.domain.errors import InvalidInputError

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""What spreadsheets write first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as text; `problem` says what a spreadsheet did to it."""

    text: str
    problem: str = ""


Lines = Sequence[tuple[int, Sequence[Cell]]]
"""Lines of a table with their numbers in the file, from 1; empty ones may be left out."""


def csv_lines(text: str) -> Lines:
    """The lines of a CSV text, split at ',', ';' or a tab. Raises InvalidInputError if it is none."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().casefold() in ("sep=;", "sep=,", "sep=\t", "sep="):
        text, skipped = rest, 1
    heading = text.partition("\n")[0]
    between = max(",;\t", key=heading.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise InvalidInputError(f"the file cannot be read as CSV: {error}", errors=[("csv", str(error))]) from error
    return [(number, [_of_csv(cell) for cell in cells]) for number, cells in enumerate(table, 1 + skipped)]


def _of_csv(text: str) -> Cell:
    """Tables of ours write long digits as ="80087…", so that spreadsheets leave them be; no other formula is read."""
    bare = text.strip()
    if bare.startswith('="') and bare.endswith('"') and bare[2:-1].isalnum():
        return Cell(bare[2:-1])
    if bare.startswith(("=", "+", "@")):
        return Cell(text, f"holds a formula, {bare[:40]!r}: paste its value")
    return Cell(text)
