"""Frequent replacements of tracking numbers, as figures and as a table."""

from __future__ import annotations

from functions.seller_api.operations import Call, Operation
from functions.seller_api.routes.tracking.tables import answer, days_of
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.replacement_report import ReplacementsWanted, replacement_csv, replacement_report
from shipby.contracts.tracking.replacements import ReplacementsQuery


def get_replacements(call: Call) -> Answer:
    query = call.query_as(ReplacementsQuery)
    first, last = days_of(call, query)
    wanted = ReplacementsWanted(first=first, last=last, by=query.cuts)
    return answer(
        call,
        query,
        "number-replacements",
        figures=lambda: replacement_report(call.seller, wanted, store=call.store),
        table=lambda sign: replacement_csv(call.seller, wanted, store=call.store, separator=sign),
    )


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
