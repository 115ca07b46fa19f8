"""A row of a file of counts: what a number in it is, or why it is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

MOST_PIECES = 10_000_000
"""Of one article: more is a code in the wrong column."""
_ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eEеЕ][+-]?\d+")
"""How spreadsheets write what is too long for a cell; in Cyrillic ones the letter may be Cyrillic too."""
_WHOLE = re.compile(r"[0-9]{1,12}")
_FRACTION = re.compile(r"[+-]?[0-9]*[.,][0-9]+")
_ERRORS = re.compile(r"#[A-ZА-Я/0-9]+[!?]?")


class CountState(StrEnum):
    """What is to be thought of a row, then what became of it."""

    GOOD = "good"
    UNCHANGED = "unchanged"
    """As many lie on the shelf already, as far as is known."""
    REFUSED = "refused"
    BOOKED = "booked"
    LEFT_OUT = "left_out"
    """It was good, but another row is not: nothing of the file was booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """One row: an article, and how many of it were counted on the shelf."""

    line: int
    """In the file; the heading is 1."""
    sku: str
    counted: int | None = None
    seen: int | None = None
    """The version that was counted, where the file names one."""
    before: int | None = None
    """On the shelf as far as is known."""
    state: CountState = CountState.GOOD
    problem: str = ""


def read_row(line: int, sku: str, quantity: str, version: str) -> CountRow:
    """A row with its number, or refused for what stands in its cells."""
    name = _shown(sku)
    row = CountRow(line=line, sku=name[:100])
    if problem := _sku_problem(name):
        return refused(row, problem)
    told = _shown(quantity)
    if problem := _quantity_problem(told):
        return refused(row, f"quantity {problem}")
    seen = _shown(version)
    if seen and not _WHOLE.fullmatch(seen):
        return refused(row, f"version {seen[:20]!r} is none: copy it from GET /v1/stock, or leave the cell empty")
    return replace(row, counted=int(told), seen=int(seen) if seen else None)


def refused(row: CountRow, problem: str) -> CountRow:
    return replace(row, state=CountState.REFUSED, problem=problem)


def without_doubles(rows: Sequence[CountRow]) -> list[CountRow]:
    """Rows that name one article are all refused: nobody knows which of the numbers was counted."""
    lines: dict[str, list[int]] = {}
    for row in rows:
        if row.sku:
            lines.setdefault(row.sku, []).append(row.line)
    return [
        refused(row, f"lines {', '.join(map(str, lines[row.sku]))} name {row.sku}: add them up in one")
        if row.sku and len(lines[row.sku]) > 1
        else row
        for row in rows
    ]


def _sku_problem(text: str) -> str:
    if not text:
        return "sku is empty"
    if _ROUNDED.fullmatch(text):
        return f"sku {text} was rounded by a spreadsheet, its digits are lost: format the column as text and enter it"
    if _ERRORS.fullmatch(text):
        return f"sku {text} is an error of a spreadsheet: enter the article"
    if len(text) > 100:
        return f"sku has {len(text)} signs, at most 100 are taken"
    return ""


def _quantity_problem(text: str) -> str:
    """Why a text is no number of pieces; "" where it is one."""
    if not text:
        return "is empty: write 0 where nothing was found"
    if _ROUNDED.fullmatch(text):
        return f"{text} was rounded by a spreadsheet: format the column as text and enter it"
    if _ERRORS.fullmatch(text):
        return f"{text} is an error of a spreadsheet: enter the number"
    if text[0] in "-−–" and _WHOLE.fullmatch(text[1:].strip()):
        return f"{text} is negative: a shelf holds 0 or more"
    if _FRACTION.fullmatch(text):
        return f"{text} is no whole number: write pieces, without a dot or comma"
    if not _WHOLE.fullmatch(text):
        return f"{text[:20]!r} is no number: write digits only, thousands without a sign between them"
    if int(text) > MOST_PIECES:
        return f"{text} is more than {MOST_PIECES}: is it a code in the wrong column?"
    return ""


def _shown(text: str) -> str:
    """A cell without what nobody sees at its ends."""
    signs = text.strip()
    while signs and unicodedata.category(signs[0]) in ("Cf", "Cc", "Zs"):
        signs = signs[1:]
    while signs and unicodedata.category(signs[-1]) in ("Cf", "Cc", "Zs"):
        signs = signs[:-1]
    return signs
