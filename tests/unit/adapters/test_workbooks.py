"""Workbooks: what Excel does to numbers is told cell by cell, and no file takes more than it may."""

import io
import zipfile

import pytest

from shipby.adapters.workbooks import workbook_lines
from shipby.application.shared.tables import Cell
from shipby.application.tracking.number_table import rows_of
from shipby.domain.errors import InvalidInputError
from shipby.domain.tracking.number_job import NumberRow, RowState
from tests.support.workbook import TRUE, WRONG, day, formula, number, sheet, text, workbook

HEADING = [text("posting_number"), text("tracking_number"), text("reason")]


def one_cell(inside: str, *, places: bool = True) -> Cell:
    lines = workbook_lines(workbook(sheet({1: [inside]}, places=places)))
    return lines[0][1][0]


def rows(*cells: list[str]) -> list[NumberRow]:
    content = workbook(sheet({1: HEADING, **dict(enumerate(cells, 2))}))
    return rows_of(workbook_lines(content), field="xlsx", most=100)


@pytest.mark.parametrize("value", ["RB000000005CN", " RB 5 CN ", "00123456789012", "'123", "8,00880E+13", "ВЫДАН"])
def test_a_cell_of_text_is_its_text_whatever_it_looks_like(value: str) -> None:
    assert one_cell(text(value)) == Cell(value)


def test_a_number_keeps_its_digits_as_long_as_excel_does() -> None:
    assert one_cell(number("80087654321234")) == Cell("80087654321234")
    assert one_cell(number("8.0087654321234E13")) == Cell("80087654321234")
    assert one_cell(number("999999999999999")) == Cell("999999999999999")


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        (number("1.234567890123457E+17"), "15 digits"),
        (number("1000000000000000"), "15 digits"),
        (number("12.5"), "is the number 12.5"),
        (day(46024), "2026-01-02"),
        (TRUE, "true or false"),
        (formula('A1&"x"', "RB000000005CN"), "formula"),
        ("><f>1+1</f><v>2</v>", "formula"),
        (' t="str"><f t="shared" si="0"/><v>RB000000005CN</v>', "formula"),
    ],
)
@pytest.mark.parametrize("places", [True, False])
def test_what_excel_did_to_a_cell_is_told(inside: str, problem: str, places: bool) -> None:
    assert problem in one_cell(inside, places=places).problem


def test_a_row_is_refused_for_its_own_cells_alone_and_keeps_its_line() -> None:
    found = rows(
        [text("n-1"), number("80087654321234"), text("first")],
        [text("n-2"), day(46024), text("first")],
        [text("n-3"), formula("B2", "RB000000005CN"), text("first")],
        [text("n-4"), WRONG, text("first")],
        [number("12.5"), text("RB000000005CN"), text("first")],
    )
    assert [row.line for row in found] == [2, 3, 4, 5, 6]
    assert [row.state for row in found] == [
        RowState.UNREAD,
        RowState.REFUSED,
        RowState.REFUSED,
        RowState.UNREAD,
        RowState.REFUSED,
    ]
    assert found[0].number == "80087654321234"
    assert [row.problem.partition(" ")[0] for row in found if row.problem] == [
        "tracking_number",
        "tracking_number",
        "posting_number",
    ]


def test_empty_lines_and_columns_move_nothing() -> None:
    content = workbook(
        sheet({3: HEADING, 7: [text("n-1"), text("RB000000005CN"), text("first")], 9: [None, text(" ")]})
    )
    [found] = rows_of(workbook_lines(content), field="xlsx", most=100)
    assert (found.line, found.posting, found.number) == (7, "n-1", "RB000000005CN")


def test_the_first_sheet_that_is_seen_is_read_with_its_own_formulas() -> None:
    first = sheet({1: [text("hidden")], 2: [formula("A1", "x")]})
    second = sheet({1: [text("seen")], 2: [text("plain")], 3: [formula("A1", "seen")]})
    lines = workbook_lines(workbook(first, second, hidden=[0]))
    assert [cells[0].text for _, cells in lines] == ["seen", "plain", "seen"]
    assert [bool(cells[0].problem) for _, cells in lines] == [False, False, True]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no workbook"),
        (b"posting_number,tracking_number\n", "no workbook"),
        (b"PK\x03\x04 and no more", "no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (workbook(sheet({1: HEADING}))[:-40], "no workbook"),
        (workbook(sheet({1: HEADING}), hidden=[0]), "no visible sheet"),
        (workbook(), "no visible sheet"),
        (workbook(sheet({1: HEADING, 1_048_576: [text("far")]})), "line 1048576"),
        (workbook(f'{sheet({1: HEADING})[:-12]}<c r="XFD2" t="b"><v>1</v></c></worksheet>'), "column 16384"),
    ],
)
def test_what_is_no_workbook_of_a_table_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why) as refused:
        workbook_lines(content)
    assert refused.value.errors[0][0] == "xlsx"


def test_a_zip_of_anything_else_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(InvalidInputError, match="no workbook"):
        workbook_lines(out.getvalue())


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = workbook(sheet({1: HEADING}), extra={"xl/sharedStrings.xml": b"0" * 70_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(InvalidInputError, match="60 MB"):
        workbook_lines(bomb)


def test_pictures_and_other_parts_are_never_unpacked() -> None:
    content = workbook(sheet({1: HEADING}), extra={"xl/media/picture.png": b"0" * 70_000_000})
    assert [cell.text for cell in workbook_lines(content)[0][1]] == ["posting_number", "tracking_number", "reason"]
