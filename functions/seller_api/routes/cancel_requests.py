"""Buyers who want to cancel (rFBS): list their requests, approve or reject one."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.cancels import views as cancel_request_views
from shipby.application.cancels.decide import CancelRequestDecision, decide_cancel_request
from shipby.application.shared.idempotency import Answer
from shipby.contracts.cancel_requests import ApproveCancelRequestBody, CancelRequestsQuery, RejectCancelRequestBody
from shipby.domain.cancels.requests import APPROVE, REJECT


def list_cancel_requests(call: Call) -> Mapping[str, object]:
    query = call.query_as(CancelRequestsQuery)
    return cancel_request_views.list_cancel_requests(
        call.seller,
        open_only=query.open,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
        posting=query.posting,
        due_before=query.due_before,
    )


def get_cancel_request(call: Call) -> Mapping[str, object]:
    return cancel_request_views.get_cancel_request(call.seller, call.path["id"], store=call.store)


def approve(call: Call) -> Answer:
    body = call.body_as(ApproveCancelRequestBody)
    return _decide(call, APPROVE, body.comment, body.reason)


def reject(call: Call) -> Answer:
    body = call.body_as(RejectCancelRequestBody)
    return _decide(call, REJECT, body.comment, body.reason)


def _decide(call: Call, answer: str, comment: str, reason: str) -> Answer:
    decision = CancelRequestDecision(
        seller=call.seller,
        request_id=call.path["id"],
        decision=answer,
        actor=call.actor,
        comment=comment,
        reason=reason,
        if_match=call.if_match,
    )
    return decide_cancel_request(decision, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/cancel-requests",
        list_cancel_requests,
        id="listCancelRequests",
        summary="Buyers who want to cancel, the earliest automatic approval first",
        answers="Listing[CancelRequestView]",
        query=CancelRequestsQuery,
        description="rFBS only, found by polling. What nobody answers is approved by the marketplace at its time.",
    ),
    read(
        "/v1/cancel-requests/{id}",
        get_cancel_request,
        id="getCancelRequest",
        summary="A buyer's request to cancel, with the suggested answer and the facts behind it",
        answers="CancelRequestView",
        etag=True,
    ),
    Operation(
        id="approveCancelRequest",
        method="POST",
        path="/v1/cancel-requests/{id}/approve",
        summary="Let the buyer cancel; this cannot be taken back",
        run=approve,
        answers="IntentView",
        body=ApproveCancelRequestBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="The marketplace cancels the posting and pays the buyer back itself: no refund is made here.",
    ),
    Operation(
        id="rejectCancelRequest",
        method="POST",
        path="/v1/cancel-requests/{id}/reject",
        summary="Do not let the buyer cancel: the posting must be delivered",
        run=reject,
        answers="IntentView",
        body=RejectCancelRequestBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
    ),
)
