"""Counts from a file."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from shipby.contracts.base import Request, Text, View
from shipby.domain.availability.counts import CountState

_MOST_SIGNS = 2_000_000


class CountFileBody(Request):
    """A table of counts: CSV as text, or a workbook (.xlsx) in Base64."""

    csv: Annotated[
        str,
        Field(
            max_length=_MOST_SIGNS,
            description="With a heading line: sku (or offer_id), quantity, and if you like version, as GET /v1/stock "
            "shows it; in Russian or Chinese as well. Split at ',', ';' or a tab.",
        ),
    ] = ""
    xlsx: Annotated[
        str, Field(max_length=_MOST_SIGNS, description="The same table on the first visible sheet, in Base64.")
    ] = ""
    pool: Annotated[str, Field(max_length=100, description="Left out: main, your own.")] = ""
    dry_run: Annotated[bool, Field(description="False books the counts, if no row is refused.")] = True
    reason: Text = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.csv) == bool(self.xlsx):
            raise ValueError("send either csv or xlsx")
        return self


class CountRowView(View):
    """A row of the file and what became of it."""

    row: Annotated[int, Field(description="Line of the file; the heading is 1.")]
    sku: str | None
    counted: int | None
    before: Annotated[int | None, Field(description="On the shelf, as far as was known.")]
    verdict: Annotated[
        CountState,
        Field(
            description="good, unchanged, refused; once booked: booked. left_out: it was good, but another row was "
            "refused, and nothing of the file was booked."
        ),
    ]
    problem: str | None


class CountFileView(View):
    """Every row with its verdict."""

    dry_run: bool
    counts: dict[CountState, int]
    items: list[CountRowView]
