"""Files of numbers: what is no such table, what spreadsheets and keyboards spoil, and the rows that come out."""

import pytest

from shipby.application.shared.csv_text import Separator
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking import number_jobs
from shipby.application.tracking.number_jobs import NumberFile, take_file
from shipby.domain.errors import InvalidInputError
from shipby.domain.tracking.number_job import MAX_ROWS
from tests.support import builders as a
from tests.unit.tracking.test_number_jobs import HEADING, number, rows, shop, taken, verdicts, worked
from tests.unit.world_support import World, forget


@pytest.fixture
def world() -> World:
    return World()


# What is no such file, and what comes out


def test_100_000_rows_are_refused_with_what_to_do(world: World) -> None:
    text = HEADING + "\n" + "n,RB000000005CN,first\n" * 100_000
    with pytest.raises(InvalidInputError, match=f"100000 rows and at most {MAX_ROWS} .* 100 files"):
        take_file(
            NumberFile(seller=a.SELLER, lines=csv_lines(text), field="csv", actor="key:k1"),
            forget,
            store=world.store,
            clock=world.clock,
        )


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("n–0000", "EN DASH"),
        ("n-00\u200b00", "ZERO WIDTH SPACE"),
        ("п-0000", "CYRILLIC SMALL LETTER PE"),
        ("=A1", "formula"),
        ("n" * 101, "101 signs"),
    ],
)
def test_a_posting_number_that_a_sheet_or_a_keyboard_spoilt_is_told(world: World, cell: str, problem: str) -> None:
    shop(world, 1)
    job = taken(world, f"{cell},{number(1)},first")
    worked(world, job)
    [row] = rows(world, job)
    assert (row["verdict"], problem in row["problem"]) == ("refused", True), row


@pytest.mark.parametrize("cell", [" n-0000 ", "n-0000\u00a0", "\u200bn-0000", "\ufeffn-0000"])
def test_what_nobody_sees_at_the_ends_of_a_posting_number_is_left_out(world: World, cell: str) -> None:
    shop(world, 1)
    job = taken(world, f"{cell},{number(1)}\u00a0,first", heading="Номер отправления,Трек-номер,Причина")
    worked(world, job)
    assert verdicts(world, job) == ["good"]


def test_a_row_of_too_many_cells_is_refused_alone(world: World) -> None:
    shop(world, 2)
    job = taken(world, f"n-0000,{number(1)},torn, and wet", f'n-0001,{number(2)},"torn, and wet"')
    worked(world, job)
    assert verdicts(world, job) == ["refused", "good"]


def test_rows_come_in_pages_and_as_a_table_for_either_spreadsheet(world: World) -> None:
    numbers = shop(world, 5)
    job = taken(world, *(f"{each},{number(row)},first" for row, each in enumerate(numbers, 1)))
    worked(world, job)
    page = number_jobs.get_rows(a.SELLER, job, limit=3, cursor=None, store=world.store)
    rest = number_jobs.get_rows(a.SELLER, job, limit=3, cursor=str(page["next_cursor"]), store=world.store)
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)  # type: ignore[arg-type]  # lists
    with pytest.raises(InvalidInputError):
        number_jobs.get_rows(a.SELLER, job, limit=3, cursor="x", store=world.store)
    for separator, sign in ((Separator.SEMICOLON, ";"), (Separator.COMMA, ",")):
        text = number_jobs.rows_csv(a.SELLER, job, store=world.store, separator=separator)
        assert text.startswith("\ufeffrow" + sign)
        assert f"n-0000{sign}{number(1)}{sign}" in text
    listed = number_jobs.list_jobs(a.SELLER, a.NOW.date(), limit=50, cursor=None, store=world.store)
    assert [item["id"] for item in listed["items"]] == [job]  # type: ignore[union-attr,index,call-overload]  # a list of jobs
