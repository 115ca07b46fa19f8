"""Returns: receive, inspect, decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.seller_api.access import DESK
from functions.seller_api.operations import Call, Operation, read
from shipby.application import queries
from shipby.application.idempotency import Answer
from shipby.application.request_intent import ReturnDecision, decide_return
from shipby.application.work_return import ReturnStep, work_return
from shipby.contracts.base import MoneyBody
from shipby.contracts.requests import DecideBody, NoBody, ReturnInspectBody, ReturnsQuery
from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money


def list_returns(call: Call) -> Mapping[str, object]:
    query = call.query_as(ReturnsQuery)
    return queries.list_returns(
        call.seller, open_only=query.open, limit=query.limit, cursor=query.cursor, store=call.store
    )


def get_return(call: Call) -> Mapping[str, object]:
    return queries.get_return(call.seller, call.path["id"], store=call.store)


def _step(command: str) -> Callable[[Call], Answer]:
    def run(call: Call) -> Answer:
        step = ReturnStep(
            seller=call.seller,
            return_id=call.path["id"],
            command=command,
            actor=call.actor,
            condition=call.body.condition if isinstance(call.body, ReturnInspectBody) else "",
            if_match=call.if_match,
        )
        return work_return(step, call.remember, store=call.store, clock=call.clock)

    return run


def decide(call: Call) -> Answer:
    body = call.body_as(DecideBody)
    decision = ReturnDecision(
        seller=call.seller,
        return_id=call.path["id"],
        action_id=body.action_id,
        actor=call.actor,
        refund=body.refund,
        amount=_money(body.amount) if body.amount else None,
        rejection_reason_id=body.rejection_reason_id,
        comment=body.comment,
        reason=body.reason,
        if_match=call.if_match,
    )
    return decide_return(decision, call.remember, store=call.store, clock=call.clock)


def _money(body: MoneyBody) -> Money:
    try:
        return Money.parse(body.amount, body.currency)
    except InvalidInputError as error:
        raise InvalidInputError(str(error), errors=[("amount/amount", str(error))]) from error


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/returns",
        list_returns,
        id="listReturns",
        summary="Open returns, earliest decision date first, or those decided and closed",
        answers="Listing[ReturnView]",
        roles=DESK,
        query=ReturnsQuery,
    ),
    read(
        "/v1/returns/{id}",
        get_return,
        id="getReturn",
        summary="A return and what the marketplace offers to do about it",
        answers="ReturnView",
        roles=DESK,
        etag=True,
    ),
    Operation(
        id="receiveReturn",
        method="POST",
        path="/v1/returns/{id}/receive",
        summary="opened -> received",
        run=_step("receive"),
        answers="ReturnView",
        roles=DESK,
        body=NoBody,
        etag=True,
        if_match="optional",
    ),
    Operation(
        id="inspectReturn",
        method="POST",
        path="/v1/returns/{id}/inspect",
        summary="received -> inspected",
        run=_step("inspect"),
        answers="ReturnView",
        roles=DESK,
        body=ReturnInspectBody,
        etag=True,
        if_match="optional",
    ),
    Operation(
        id="decideReturn",
        method="POST",
        path="/v1/returns/{id}/decide",
        summary="Take one of the actions the marketplace offers",
        run=decide,
        answers="IntentView",
        roles=DESK,
        body=DecideBody,
        status=202,
        if_match="optional",
        description="The amount is reserved in the posting's ledger in the same transaction: what is reserved and "
        "refunded together is never more than what was paid.",
    ),
)
