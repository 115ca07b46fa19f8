"""A table of tracking numbers, from CSV or a workbook, as rows of a job: what is wrong with the file is told at once,
what is wrong with a row stays with the row.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shipby.application.shared.tables import BYTE_ORDER_MARK, Cell, Lines
from shipby.domain.errors import InvalidInputError
from shipby.domain.tracking.number_job import NumberRow, RowState

COLUMNS = ("posting_number", "old_number", "tracking_number", "carrier", "kind", "reason")
NEEDED = ("tracking_number", "reason")
_KNOWN_AS: Mapping[str, str] = {
    "номер отправления": "posting_number",
    "старый трек-номер": "old_number",
    "трек-номер": "tracking_number",
    "перевозчик": "carrier",
    "вид причины": "kind",
    "причина": "reason",
    "货件编号": "posting_number",
    "原运单号": "old_number",
    "运单号": "tracking_number",
    "物流商": "carrier",
    "原因类型": "kind",
    "原因": "reason",
}
"""Headings in the words of the marketplace's own tables, beside the names above."""
_LONGEST: Mapping[str, int] = {"reason": 500}
_LONG = 100
"""Signs of any other cell; more is no value of its column."""
_INVISIBLE = frozenset({"Cf", "Cc"})
_ID_COLUMNS = ("posting_number", "old_number")


def rows_of(lines: Lines, *, field: str, most: int) -> list[NumberRow]:
    """The rows under the heading, empty lines left out; each still to be judged, or refused for what its cells hold.

    `field` is what the problem of a whole file is told of. Raises InvalidInputError without the columns that are
    needed, with columns that nobody knows, without rows or with more than `most`.
    """
    filled = [(number, cells) for number, cells in lines if any(cell.text.strip() for cell in cells)]
    names = _heading(filled[0][1] if filled else (), field)
    rows = filled[1:]
    if not rows:
        raise InvalidInputError("the file has no rows under its heading", errors=[(field, "0 rows")])
    if len(rows) > most:
        files = -(-len(rows) // most)
        told = f"the file has {len(rows)} rows and at most {most} are taken at once: split it into {files} files"
        raise InvalidInputError(told, errors=[(field, f"{len(rows)} rows")])
    return [_row(number, dict(zip(names, cells, strict=False)), cells[len(names) :]) for number, cells in rows]


def _heading(cells: Sequence[Cell], field: str) -> list[str]:
    told = [" ".join(cell.text.removeprefix(BYTE_ORDER_MARK).split()).casefold() for cell in cells]
    while told and not told[-1]:
        told.pop()
    names = [_KNOWN_AS.get(name, name) for name in told]
    problems = [(field, f"the heading has no column {name}") for name in NEEDED if name not in names]
    if "posting_number" not in names and "old_number" not in names:
        problems.append((field, "the heading has no column posting_number or old_number"))
    strange = [name for name in names if name not in COLUMNS]
    problems += [(field, f"there is no column {name[:40]!r}; known are {', '.join(COLUMNS)}") for name in strange]
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    problems += [(field, f"the heading has the column {name} twice") for name in twice]
    if problems:
        raise InvalidInputError("the file's heading line is not as needed", errors=problems)
    return names


def _row(line: int, cells: Mapping[str, Cell], beyond: Sequence[Cell]) -> NumberRow:
    def text(name: str) -> str:
        cell = cells.get(name)
        return shown(cell.text)[: _LONGEST.get(name, _LONG)] if cell else ""

    number = cells["tracking_number"].text.strip() if "tracking_number" in cells else ""
    row = NumberRow(
        line=line,
        posting=text("posting_number"),
        old="".join(text("old_number").split()).upper(),
        # Kept as it stands, so that what judges it sees every sign.
        number=number[:_LONG],
        carrier=text("carrier"),
        kind=text("kind"),
        reason=text("reason"),
    )
    problem = _problem(cells, beyond)
    return replace(row, state=RowState.REFUSED, problem=problem) if problem else row


def _problem(cells: Mapping[str, Cell], beyond: Sequence[Cell]) -> str:
    """What of a row's cells cannot be used whatever else is said of it; "" where all can."""
    for name, cell in cells.items():
        if cell.problem:
            return f"{name} {cell.problem}"
        if len(cell.text.strip()) > _LONGEST.get(name, _LONG):
            return f"{name} has {len(cell.text.strip())} signs, at most {_LONGEST.get(name, _LONG)} are taken"
        if name in _ID_COLUMNS and (odd := odd_sign(shown(cell.text))):
            return f"{name} holds {odd}: type it anew in Latin letters, digits and '-'"
    if any(cell.text.strip() for cell in beyond):
        return "the row has more cells than the heading: a cell holds the sign that columns are split at, quote it"
    return ""


def shown(text: str) -> str:
    """A cell's text without what nobody sees at its ends."""
    signs = list(text.strip())
    while signs and _unseen(signs[0]):
        signs.pop(0)
    while signs and _unseen(signs[-1]):
        signs.pop()
    return "".join(signs)


def _unseen(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in _INVISIBLE


def odd_sign(text: str) -> str:
    """The first sign that no id is written with, with its name."""
    for sign in text:
        if not (sign.isascii() and sign.isprintable()):
            return f"{sign if sign.isprintable() else '?'} ({unicodedata.name(sign, 'an unknown sign')})"
    return ""
