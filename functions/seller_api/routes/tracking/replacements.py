"""Frequent replacements of tracking numbers, as figures and as a table."""

from __future__ import annotations

from datetime import timedelta

from functions.seller_api.operations import Call, Download, Operation, separator_for
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.replacement_report import ReplacementsWanted, replacement_csv, replacement_report
from shipby.contracts.tracking.replacements import ReplacementsQuery

_DAYS = 30
"""Of a report whose first day is left out."""


def get_replacements(call: Call) -> Answer:
    query = call.query_as(ReplacementsQuery)
    last = query.last or call.clock.now().date()
    first = query.first or last - timedelta(days=_DAYS - 1)
    wanted = ReplacementsWanted(first=first, last=last, by=query.cuts)
    if query.format == "csv":
        separator = separator_for(call, query.separator)
        text = replacement_csv(call.seller, wanted, store=call.store, separator=separator)
        return Download(200, {}, text=text, name=f"number-replacements-{first}-{last}.csv")
    return Answer(200, replacement_report(call.seller, wanted, store=call.store))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getNumberReplacements",
        method="GET",
        path="/v1/reports/number-replacements",
        summary="How often tracking numbers had to be replaced, by carrier, person and cause, with 95 % intervals",
        run=get_replacements,
        answers="ReplacementReportView",
        query=ReplacementsQuery,
        csv=True,
        description="At most 92 days. Groups of fewer than 20 numbers are shown with their interval, not ranked: they "
        "are for finding causes, not for judging people.",
    ),
)
