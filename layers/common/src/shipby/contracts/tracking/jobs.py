"""Jobs of many tracking numbers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import ActorName, Paged, Request, Time, View
from shipby.domain.tracking.number_job import JobState, RowState

Day = date
"""Under another name: a field called date would hide its own type."""
_MOST_SIGNS = 4_500_000
"""A call may have six megabytes."""


class NumberFileBody(Request):
    """A table of numbers: CSV as text, or a workbook (.xlsx) in Base64."""

    csv: Annotated[
        str,
        Field(
            max_length=_MOST_SIGNS,
            description="With a heading line: posting_number (or old_number), tracking_number, reason, and if you like "
            "carrier and kind; in Russian or Chinese as well. Split at ',', ';' or a tab.",
        ),
    ] = ""
    xlsx: Annotated[
        str, Field(max_length=_MOST_SIGNS, description="The same table on the first visible sheet, in Base64.")
    ] = ""
    name: Annotated[str, Field(max_length=200, description="What you call the file.")] = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.csv) == bool(self.xlsx):
            raise ValueError("send either csv or xlsx")
        return self


class NumberJobsQuery(Paged):
    date: Annotated[Day | None, Field(description="The day (UTC) the file was sent on; left out: today.")] = None


class NumberRowsQuery(Paged):
    format: Annotated[Literal["json", "csv"], Field(description="csv: a table with all rows.")] = "json"
    separator: Annotated[
        Separator | None,
        Field(description="Between cells of a csv. Left out: what spreadsheets in your language split at."),
    ] = None


class NumberJobView(View):
    """A file of tracking numbers: how far it is, and how many of its rows stand where."""

    id: str
    version: int
    state: Annotated[
        JobState,
        Field(
            description="checking: rows are judged. checked: the dry run is done, look at it and start the run. "
            "running: changes are asked for. waiting: all asked for, some not read back or waiting for a second person."
        ),
    ]
    file: str | None
    rows: int
    counts: Annotated[dict[RowState, int], Field(description="Rows by verdict.")]
    asked_at: Time
    asked_by: str
    asked_by_name: ActorName = None
    started_at: Time | None
    started_by: str | None
    started_by_name: ActorName = None
    finished_at: Time | None


class NumberRowView(View):
    """A row of the file and what became of it."""

    row: Annotated[int, Field(description="Line of the file; the heading is 1.")]
    posting_number: str | None
    old_number: Annotated[str | None, Field(description="As the file says, or as it was when the row was judged.")]
    tracking_number: str | None
    carrier: str | None
    verdict: Annotated[
        RowState,
        Field(
            description="Dry run: good, doubtful (a second person will have to agree), refused, unchanged, under_way. "
            "Run: asked, waits_for_second, changed (the marketplace shows it), failed, left_out (cancelled before)."
        ),
    ]
    problem: str | None
    intent: str | None
    ticket: Annotated[str | None, Field(description="Where the ticket to the marketplace's support is.")]
