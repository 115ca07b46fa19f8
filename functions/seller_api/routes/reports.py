"""Reports that are put together from daily aggregates."""

from __future__ import annotations

from datetime import date

from functions.seller_api.operations import Call, Download, Operation, separator_for
from shipby.application.returns import reason_report
from shipby.application.shared.idempotency import Answer
from shipby.contracts.reports import ReasonsQuery

_REPORT_DAYS = 30
"""Days of a report whose first day is left out."""


def get_reasons(call: Call) -> Answer:
    query = call.query_as(ReasonsQuery)
    last = query.last or call.clock.now().date()
    first = query.first or date.fromordinal(max(1, last.toordinal() - _REPORT_DAYS + 1))
    wanted = reason_report.Wanted(first=first, last=last, by=query.dimensions, limit=query.limit)
    if query.format == "csv":
        text = reason_report.reason_csv(
            call.seller, wanted, store=call.store, separator=separator_for(call, query.separator)
        )
        return Download(200, {}, text=text, name=f"returns-{first}-{last}.csv")
    return Answer(200, reason_report.reason_report(call.seller, wanted, store=call.store))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getReturnReasons",
        method="GET",
        path="/v1/reports/returns",
        summary="Returns and cancels by reason, SKU, carrier and supplier, with rates and their denominators",
        run=get_reasons,
        answers="ReasonReportView",
        query=ReasonsQuery,
        csv=True,
        description="At most 92 days. Days are added up by the poll, the young ones again and again, because reasons "
        "and money come later: `made_at` says how old the figures are, `definitions` what each of them means.",
    ),
)
