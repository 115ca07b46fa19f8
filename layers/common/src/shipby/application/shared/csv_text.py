"""Tables as CSV that a spreadsheet opens by a double click, without running anything of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is run as a formula by spreadsheets, by Asian ones full-width too (OWASP, CSV Injection)."""
_BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheets read Cyrillic and Chinese in the machine's old code page."""
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?")
"""Plain decimal numbers; a spreadsheet keeps 15 digits."""
_DIGITS = re.compile(r"\d+")
_MISTAKEN = re.compile(
    r"\d{1,2}[-/]\d{1,2}(?:[-/]\d{1,4})?|\d{1,2}[-./]\d{4}|\d{1,2}\.\d{1,2}\.\d{1,4}|\d+(?:[.,]\d*)?[eE][+-]?\d+"
    r"|\d+:\d\d(?::\d\d)?|\d+(?:[.,]\d+)? ?%|\d+ \d+/\d+|\d+,\d+",
    re.ASCII,
)
"""Articles that a spreadsheet would turn into a day (12-05, 12.05.26), a time (3:30), a power of ten (1E5), a share
(10%) or a number of its locale (12,05; 1 1/2)."""


class Separator(StrEnum):
    """What stands between cells. A spreadsheet splits at the list separator of its locale and has that locale's decimal
    sign: a table in another one is a single column, and 12.05 becomes the 12th of May."""

    SEMICOLON = "semicolon"
    """Russian and Kazakh spreadsheets; numbers have a decimal comma."""
    COMMA = "comma"
    """Chinese and English spreadsheets; numbers have a decimal point."""
    TAB = "tab"
    """For programs: numbers have a decimal point."""


_SIGNS = {Separator.SEMICOLON: (";", ","), Separator.COMMA: (",", "."), Separator.TAB: ("\t", ".")}


def separator_of(language: str) -> Separator:
    """What the spreadsheet of somebody who reads this language splits at."""
    return Separator.SEMICOLON if language in ("ru", "kk") else Separator.COMMA


def csv_text(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | int | None]],
    separator: Separator = Separator.SEMICOLON,
) -> str:
    """A table with a heading line, CRLF, with a byte order mark.

    Numbers stay numbers, negative ones too; a text that would be run as a formula gets an apostrophe before it; digits
    that a number would lose (leading zeros, more than 15) and what would become a day or a power of ten are text.
    """
    between, decimal = _SIGNS[separator]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=between)
    writer.writerow(headings)
    writer.writerows([_cell(value, decimal) for value in row] for row in rows)
    return _BYTE_ORDER_MARK + out.getvalue()


def _cell(value: str | int | None, decimal: str) -> str | int:
    if value is None or isinstance(value, int):
        return value if value is not None else ""
    if _NUMBER.fullmatch(value):
        return value.replace(".", decimal)
    if value.isascii() and (_DIGITS.fullmatch(value) or _MISTAKEN.fullmatch(value)):
        # Spreadsheets take this for a text; a program finds the digits all the same.
        return f'="{value}"'
    # Spreadsheets strip spaces before they look for a formula.
    return f"'{value}" if value.lstrip().startswith(_FORMULA) or value.startswith(_FORMULA) else value
