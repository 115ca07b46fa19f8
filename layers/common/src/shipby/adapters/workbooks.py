"""Excel workbooks as tables of cells, with what Excel did to each. python-calamine reads the values; a sheet's own XML
tells which of them a formula made, which no reader of values shows.

Only the parts that are read are unpacked, and no more of them than fits; what they say of the table's size is looked at
before a table is made of it.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator, Sequence
from datetime import date, time

from shipby.application.shared.tables import Cell, Lines
from shipby.domain.errors import InvalidInputError

_MOST_BYTES = 60_000_000
"""Of all parts unpacked."""
_MOST_LINES, _MOST_COLUMNS = 110_000, 60
_PARTS = re.compile(r"\[Content_Types\]\.xml|_rels/\.rels|xl/[^/]+\.xml|xl/_rels/[^/]+\.rels|xl/worksheets/[^/]+\.xml")
_TAG = re.compile(rb"<(?:\w+:)?(row|c|f)(?=[\s/>])([^>]*)>")
_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_LINK = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_EXACT = 10**15
"""Excel keeps 15 digits of a number."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError, ValueError)
_OLD = b"\xd0\xcf\x11\xe0"
"""OLE files: workbooks of Excel 97 to 2003, and newer ones with a password."""


def workbook_lines(content: bytes, *, field: str = "xlsx") -> Lines:
    """The lines of the first visible sheet. Raises InvalidInputError, told of `field`, for what is no such workbook."""
    if content.startswith(_OLD):
        raise _refused(field, "it is an old workbook (.xls) or has a password: save it as .xlsx without a password")
    try:
        parts = _unpacked(content, field)
        sheet, formulas = _first_sheet(parts, field)
        values = _values(parts, sheet)
    except _DAMAGED as error:
        raise _refused(field, "it is no workbook, or it is damaged: save it as .xlsx, or send CSV") from error
    return [
        (line, [_cell(value, formula=(line, column) in formulas) for column, value in enumerate(cells, 1)])
        for line, cells in enumerate(values, 1)
    ]


def lines_of_base64(text: str, *, field: str = "xlsx") -> Lines:
    """As `workbook_lines`, of the workbook's bytes in Base64."""
    try:
        content = b64decode(text, validate=True)
    except (BadBase64, ValueError) as error:
        told = "send the workbook's bytes in Base64, without line breaks"
        raise InvalidInputError(f"{field} is no Base64", errors=[(field, told)]) from error
    return workbook_lines(content, field=field)


def _refused(field: str, why: str) -> InvalidInputError:
    return InvalidInputError(f"the workbook cannot be read: {why}", errors=[(field, why)])


def _unpacked(content: bytes, field: str) -> dict[str, bytes]:
    """The parts that make up sheets of values, by name."""
    parts: dict[str, bytes] = {}
    left = _MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not _PARTS.fullmatch(info.filename):
                continue
            if info.flag_bits & 1:
                raise _refused(field, "it has a password: save it without one")
            with archive.open(info) as packed:
                parts[info.filename] = packed.read(left + 1)
            left -= len(parts[info.filename])
            if left < 0:
                raise _refused(field, f"it holds more than {_MOST_BYTES // 1_000_000} MB: save the needed rows alone")
    return parts


def _first_sheet(parts: dict[str, bytes], field: str) -> tuple[int, frozenset[tuple[int, int]]]:
    """The index of the first visible sheet of values among all, and the places of its formulas."""
    links = {at["Id"]: at["Target"] for at in _tags(_LINK, parts["xl/_rels/workbook.xml.rels"])}
    for index, sheet in enumerate(_tags(_SHEET, parts["xl/workbook.xml"])):
        target = links[next((value for name, value in sheet.items() if name.rpartition(":")[2] == "id"), "")]
        name = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        if sheet.get("state", "visible") == "visible" and name.startswith("xl/worksheets/"):
            return index, _formulas(parts[name], field)
    raise _refused(field, "it has no visible sheet")


def _tags(pattern: re.Pattern[str], part: bytes) -> Iterator[dict[str, str]]:
    for tag in pattern.finditer(part.decode("utf-8-sig")):
        yield {name: one or other for name, one, other in _ATTRIBUTE.findall(tag[1])}


def _formulas(part: bytes, field: str) -> frozenset[tuple[int, int]]:
    """Line and column of every cell with a formula. Raises InvalidInputError if the sheet is larger than any table of
    numbers: two cells far apart are a table of everything between them.
    """
    found: set[tuple[int, int]] = set()
    line = column = 0
    for tag in _TAG.finditer(part):
        name, attributes = tag[1], {key: one or other for key, one, other in _ATTRIBUTE.findall(tag[2].decode())}
        if name == b"row":
            line, column = int(attributes.get("r", line + 1)), 0
        elif name == b"c":
            place = _PLACE.fullmatch(attributes.get("r", ""))
            line, column = (int(place[2]), _column(place[1])) if place else (line, column + 1)
        else:
            found.add((line, column))
        if line > _MOST_LINES or column > _MOST_COLUMNS:
            told = f"its first sheet has a cell in line {line}, column {column}: save the needed rows alone"
            raise _refused(field, told)
    return frozenset(found)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _values(parts: dict[str, bytes], sheet: int) -> Sequence[Sequence[object]]:
    from python_calamine import CalamineError, load_workbook

    checked = io.BytesIO()
    with zipfile.ZipFile(checked, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    checked.seek(0)
    try:
        with load_workbook(checked) as book:
            return book.get_sheet_by_index(sheet).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise zipfile.BadZipFile(str(error)) from error


def _cell(value: object, *, formula: bool) -> Cell:
    text, problem = _read(value)
    return Cell(text, "holds a formula: paste its value" if formula else problem)


def _read(value: object) -> tuple[str, str]:
    """A value as text, and what is wrong with it as a number or a name."""
    if isinstance(value, str):
        return value, ""
    if isinstance(value, bool):
        return str(value).upper(), "is true or false: format the column as text and enter the value again"
    if isinstance(value, int | float):
        if value != value // 1:
            return f"{value:g}", f"is the number {value:g}: format the column as text and enter the value again"
        if abs(value) >= _EXACT:
            why = "is a number of more than 15 digits, and Excel has lost the last ones: format the column as text"
            return f"{value:.15G}", f"{why} and enter it again"
        return f"{value:.0f}", ""
    if isinstance(value, date | time):
        return value.isoformat(), f"was made a date or time by Excel ({value.isoformat()}): format the column as text"
    return str(value), "is no text: format the column as text and enter the value again"
