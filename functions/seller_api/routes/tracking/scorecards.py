"""Scorecards of carriers, as figures and as a table."""

from __future__ import annotations

from datetime import date

from functions.seller_api.operations import Call, Download, Operation, separator_for
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.choosing.scorecard_report import ScoresWanted, scorecard_csv, scorecard_report
from shipby.contracts.tracking.scorecards import ScorecardsQuery

_DAYS = 30
"""Of a report whose first day is left out."""


def get_scorecards(call: Call) -> Answer:
    query = call.query_as(ScorecardsQuery)
    last = query.last or call.clock.now().date()
    first = query.first or date.fromordinal(max(1, last.toordinal() - _DAYS + 1))
    wanted = ScoresWanted(first=first, last=last, by=query.cuts)
    if query.format == "csv":
        separator = separator_for(call, query.separator)
        text = scorecard_csv(call.seller, wanted, store=call.store, clock=call.clock, separator=separator)
        return Download(200, {}, text=text, name=f"carriers-{first}-{last}.csv")
    return Answer(200, scorecard_report(call.seller, wanted, store=call.store, clock=call.clock))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getCarrierScorecards",
        method="GET",
        path="/v1/reports/carriers",
        summary="Carriers by first scan, transit, late, lost, returned, claims and cost, with samples and intervals",
        run=get_scorecards,
        answers="ScorecardsView",
        query=ScorecardsQuery,
        csv=True,
        description="At most 92 days, by the day on which orders were first seen, and 2,000 parcels of your own "
        "carriers. Open parcels are counted as such and are in no quantile; fewer than 20 parcels rank nobody.",
    ),
)
