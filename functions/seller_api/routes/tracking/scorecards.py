"""Scorecards of carriers, as figures and as a table."""

from __future__ import annotations

from functions.seller_api.operations import Call, Operation
from functions.seller_api.routes.tracking.tables import answer, days_of
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.choosing.scorecard_report import ScoresWanted, scorecard_csv, scorecard_report
from shipby.contracts.tracking.scorecards import ScorecardsQuery


def get_scorecards(call: Call) -> Answer:
    query = call.query_as(ScorecardsQuery)
    first, last = days_of(call, query)
    wanted = ScoresWanted(first=first, last=last, by=query.cuts)
    return answer(
        call,
        query,
        "carriers",
        figures=lambda: scorecard_report(call.seller, wanted, store=call.store, clock=call.clock),
        table=lambda sign: scorecard_csv(call.seller, wanted, store=call.store, clock=call.clock, separator=sign),
    )


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
