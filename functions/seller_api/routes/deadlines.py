"""Deadlines in the order of work, the risk of missing them, and what lateness cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from functions.seller_api.operations import Call, Operation, read
from shipby.application.deadlines import due_soon as deadlines
from shipby.application.deadlines import impact, risk
from shipby.application.shared.idempotency import Answer
from shipby.contracts.deadlines import DeadlinesQuery, ImpactQuery, RiskQuery, WhatIfBody

_REPORT_DAYS = 30
"""Days of a report whose first day is left out."""


def list_deadlines(call: Call) -> Mapping[str, object]:
    query = call.query_as(DeadlinesQuery)
    wanted = deadlines.Wanted(
        within=query.within,
        warehouse=query.warehouse,
        limit=query.limit,
        cursor=query.cursor,
        by_order=query.by_order,
    )
    return deadlines.deadlines(call.seller, wanted, store=call.store, clock=call.clock)


def get_risk(call: Call) -> Mapping[str, object]:
    query = call.query_as(RiskQuery)
    asked = risk.Asked(within=query.within, warehouse=query.warehouse, seed=query.seed)
    return risk.lamp(call.seller, asked, store=call.store, clock=call.clock)


def ask_what_if(call: Call) -> Answer:
    body = call.body_as(WhatIfBody)
    asked = risk.Asked(within=body.within, warehouse=body.warehouse, seed=body.seed)
    change = risk.Change(
        packers=body.packers, packers_now=body.packers_now, courier=timedelta(minutes=body.courier_minutes)
    )
    answer = Answer(200, risk.what_if(call.seller, change, asked, store=call.store, clock=call.clock))
    if remembered := call.remember(answer):
        call.store.commit(remembered)
    return answer


def get_impact(call: Call) -> Mapping[str, object]:
    query = call.query_as(ImpactQuery)
    last = query.last or call.clock.now().date()
    first = query.first or date.fromordinal(max(1, last.toordinal() - _REPORT_DAYS + 1))
    return impact.impact(call.seller, first, last, store=call.store)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/deadlines",
        list_deadlines,
        id="listDeadlines",
        summary="What is due within a time, most money saved per minute of work first",
        answers="DeadlinesView",
        query=DeadlinesQuery,
        description="Every posting before hand-over whose next cut-off, tariff step or line of the error index lies "
        "within the time, late ones too. Currencies are neither mixed nor converted: the one most postings have comes "
        "first, then the others by name, last what has no price. Among equals the earlier date comes first. At most "
        "300 postings are read whole: the late ones, then those on which by the worklist most money hangs per minute.",
    ),
    read(
        "/v1/risk",
        get_risk,
        id="getRisk",
        summary="The chance that each cut-off is met, by warehouse",
        answers="RiskView",
        query=RiskQuery,
        description="Simulated from the open postings and from what was packed in the hours of the last 7 whole days. "
        "Green from 95 %, yellow from 70 %. What is open is read anew each time; what was packed on days that are "
        "over may be five minutes old. With fewer than 30 packed postings only the lamp is told, worked out from "
        "the minutes in your settings. A cut-off is met when everything is packed `hand_over_before` it. Orders "
        "still to come and blocked postings are not in it.",
    ),
    Operation(
        id="askWhatIf",
        method="POST",
        path="/v1/risk/what-if",
        summary="The same with more packers or a later courier",
        run=ask_what_if,
        answers="WhatIfView",
        body=WhatIfBody,
        description="Changes nothing. Both halves use the same draws, so the difference is the change's alone: more "
        "packers or a later courier never make it worse.",
    ),
    read(
        "/v1/reports/impact",
        get_impact,
        id="getImpact",
        summary="What lateness cost and what reminders saved, day by day",
        answers="ImpactView",
        query=ImpactQuery,
        description="At most 92 days. If `next_from` is set, ask again from there for the rest.",
    ),
)
