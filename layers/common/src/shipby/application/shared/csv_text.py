"""Tables as CSV that a spreadsheet opens without running anything of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is run as a formula by spreadsheets (OWASP, CSV Injection)."""
_BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheets read Cyrillic and Chinese in the machine's old code page."""


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> str:
    """A table with a heading line, comma-separated, CRLF, with a byte order mark.

    A text that would be run as a formula gets an apostrophe before it; whole numbers stay numbers.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return _BYTE_ORDER_MARK + out.getvalue()


def _cell(value: str | int | None) -> str | int:
    if value is None or isinstance(value, int):
        return value if value is not None else ""
    # Spreadsheets strip spaces before they look for a formula.
    return f"'{value}" if value.lstrip().startswith(_FORMULA) or value.startswith(_FORMULA) else value
