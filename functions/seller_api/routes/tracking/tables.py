"""Reports over days as figures or as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from functions.seller_api.operations import Call, Download, separator_for
from shipby.application.shared.csv_text import Separator
from shipby.application.shared.idempotency import Answer
from shipby.contracts.tracking.tables import TableQuery
from shipby.domain.json_types import Json

DAYS = 30
"""Of a report whose first day is left out."""


def days_of(call: Call, query: TableQuery) -> tuple[date, date]:
    """First and last day (UTC) of a report, both included."""
    last = query.last or call.clock.now().date()
    return query.first or date.fromordinal(max(1, last.toordinal() - DAYS + 1)), last


def answer(
    call: Call,
    query: TableQuery,
    name: str,
    *,
    figures: Callable[[], Mapping[str, Json]],
    table: Callable[[Separator], str],
) -> Answer:
    """The figures, or the same as a table in a file of that name."""
    if query.format == "csv":
        first, last = days_of(call, query)
        text = table(separator_for(call, query.separator))
        return Download(200, {}, text=text, name=f"{name}-{first}-{last}.csv")
    return Answer(200, figures())
