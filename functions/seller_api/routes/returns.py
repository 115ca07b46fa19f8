"""Returns: receive (by id or by scan), inspect, decide, say what becomes of the goods, exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.returns import policies as return_policies
from shipby.application.returns import views as return_views
from shipby.application.returns.decisions import decide_return
from shipby.application.returns.exchange import Exchange, exchange_return
from shipby.application.returns.followups import Disposal, dispose_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.returns.work import ReturnStep, scan_return, work_return
from shipby.application.shared.idempotency import Answer
from shipby.contracts.base import MoneyBody, NoBody
from shipby.contracts.returns import (
    DecideBody,
    DispositionBody,
    ExchangeBody,
    ReturnInspectBody,
    ReturnScanBody,
    ReturnsQuery,
)
from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money


def list_returns(call: Call) -> Mapping[str, object]:
    query = call.query_as(ReturnsQuery)
    return return_views.list_returns(
        call.seller,
        open_only=query.open,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
        posting=query.posting,
        due_before=query.due_before,
    )


def get_return(call: Call) -> Mapping[str, object]:
    return return_views.get_return(call.seller, call.path["id"], store=call.store)


def get_options(call: Call) -> Mapping[str, object]:
    return return_views.get_options(call.seller, call.path["id"], store=call.store)


def get_policies(call: Call) -> Mapping[str, object]:
    return return_policies.get_policies(call.seller, store=call.store)


def _step(command: str) -> Callable[[Call], Answer]:
    def run(call: Call) -> Answer:
        body = call.body if isinstance(call.body, ReturnInspectBody) else None
        step = ReturnStep(
            seller=call.seller,
            return_id=call.path["id"],
            command=command,
            actor=call.actor,
            condition=body.condition if body else "",
            note=body.comment if body else "",
            evidence=body.evidence if body else (),
            if_match=call.if_match,
        )
        return work_return(step, call.remember, store=call.store, clock=call.clock)

    return run


def scan(call: Call) -> Answer:
    code = call.body_as(ReturnScanBody).code
    return scan_return(call.seller, code, call.actor, call.remember, store=call.store, clock=call.clock)


def dispose(call: Call) -> Answer:
    body = call.body_as(DispositionBody)
    wish = Disposal(
        seller=call.seller,
        return_id=call.path["id"],
        disposition=body.disposition,
        actor=call.actor,
        note=body.comment,
        supplier=body.supplier,
        marks=tuple(body.marks),
        if_match=call.if_match,
    )
    return dispose_return(wish, call.remember, store=call.store, clock=call.clock)


def exchange(call: Call) -> Answer:
    body = call.body_as(ExchangeBody)
    wish = Exchange(
        seller=call.seller,
        return_id=call.path["id"],
        actor=call.actor,
        number=body.posting_number or "",
        note=body.comment or "",
        if_match=call.if_match,
    )
    return exchange_return(wish, call.remember, store=call.store, clock=call.clock)


def decide(call: Call) -> Answer:
    body = call.body_as(DecideBody)
    decision = ReturnDecision(
        seller=call.seller,
        return_id=call.path["id"],
        action_id=body.action_id,
        actor=call.actor,
        refund=body.refund,
        amount=_money(body.amount) if body.amount else None,
        pieces=body.pieces,
        postage=_money(body.postage, "postage") if body.postage else None,
        rejection_reason_id=body.rejection_reason_id,
        comment=body.comment,
        reason=body.reason,
        if_match=call.if_match,
    )
    return decide_return(decision, call.remember, store=call.store, clock=call.clock)


def _money(body: MoneyBody, field: str = "amount") -> Money:
    try:
        return Money.parse(body.amount, body.currency)
    except InvalidInputError as error:
        raise InvalidInputError(str(error), errors=[(f"{field}/amount", str(error))]) from error


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/returns",
        list_returns,
        id="listReturns",
        summary="Open returns, earliest decision date first, or those decided and closed",
        answers="Listing[ReturnView]",
        query=ReturnsQuery,
    ),
    read(
        "/v1/returns/{id}",
        get_return,
        id="getReturn",
        summary="A return and what the marketplace offers to do about it",
        answers="ReturnView",
        etag=True,
    ),
    read(
        "/v1/returns/{id}/options",
        get_options,
        id="getReturnOptions",
        summary="The ways out of a return side by side: what each costs and needs, and what your policy suggests",
        answers="ReturnOptionsView",
    ),
    read(
        "/v1/return-policies",
        get_policies,
        id="getReturnPolicies",
        summary="Your return policies per kind of product, for people and machines",
        answers="ReturnPoliciesView",
    ),
    Operation(
        id="scanReturn",
        method="POST",
        path="/v1/returns/scan",
        summary="Receive a return by what is scanned off the parcel",
        run=scan,
        answers="ReturnScanView",
        body=ReturnScanBody,
        description="The return's barcode, number or tracking number, or the posting's number or label. Where several "
        "returns fit, none is touched and they are listed.",
    ),
    Operation(
        id="receiveReturn",
        method="POST",
        path="/v1/returns/{id}/receive",
        summary="opened -> received",
        run=_step("receive"),
        answers="ReturnView",
        body=NoBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
    ),
    Operation(
        id="inspectReturn",
        method="POST",
        path="/v1/returns/{id}/inspect",
        summary="received -> inspected",
        run=_step("inspect"),
        answers="ReturnView",
        body=ReturnInspectBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
    ),
    Operation(
        id="disposeReturn",
        method="POST",
        path="/v1/returns/{id}/disposition",
        summary="Say what becomes of inspected goods; everything that follows is done by itself",
        run=dispose,
        answers="ReturnView",
        body=DispositionBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="Each follow-up is an event return.followed_up: the stock for your own systems, a task for the "
        "supplier's claim, the marketplace's action as auto_return allows, and the closing of the return.",
    ),
    Operation(
        id="exchangeReturn",
        method="POST",
        path="/v1/returns/{id}/exchange",
        summary="Link the posting that goes to the buyer instead",
        run=exchange,
        answers="ReturnView",
        body=ExchangeBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
    ),
    Operation(
        id="decideReturn",
        method="POST",
        path="/v1/returns/{id}/decide",
        summary="Take one of the actions the marketplace offers",
        run=decide,
        answers="IntentView",
        body=DecideBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="The amount is reserved in the posting's ledger in the same transaction: what is reserved and "
        "refunded together is never more than what was paid.",
    ),
)
