"""Matters for a person: list them, read one, close it."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.cases import opening as cases
from shipby.application.shared.idempotency import Answer
from shipby.contracts.cases import CasesQuery, CloseCaseBody


def list_cases(call: Call) -> Mapping[str, object]:
    query = call.query_as(CasesQuery)
    return cases.list_cases(
        call.seller,
        open_only=query.open,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
        kind=query.kind,
        subject=query.subject,
    )


def get_case(call: Call) -> Mapping[str, object]:
    return cases.get_case(call.seller, call.path["id"], store=call.store)


def close_case(call: Call) -> Answer:
    body = call.body_as(CloseCaseBody)
    return cases.close_by_hand(
        call.seller, call.path["id"], body.reason, call.actor, call.remember, store=call.store, clock=call.clock
    )


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/cases",
        list_cases,
        id="listCases",
        summary="Matters for a person, oldest first: what no machine may leave in silence",
        answers="Listing[CaseView]",
        query=CasesQuery,
        description="Opened by the daily audit of open postings, by alarms that could not be fired and by a rejected "
        "key. An open case is told again every day.",
    ),
    read(
        "/v1/cases/{id}",
        get_case,
        id="getCase",
        summary="One matter for a person",
        answers="CaseView",
        etag=True,
    ),
    Operation(
        id="closeCase",
        method="POST",
        path="/v1/cases/{id}/close",
        summary="Close a matter with what was done about it",
        run=close_case,
        answers="CaseView",
        body=CloseCaseBody,
        etag=True,
        description="If the same thing is found wrong again, a new case is opened.",
    ),
)
