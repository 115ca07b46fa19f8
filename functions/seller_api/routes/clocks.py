"""Clocks that no event of the marketplace starts, and the buyer's answer: entered by hand or by an ERP."""

from __future__ import annotations

from functions.seller_api.operations import Call, IfMatch, Operation
from shipby.application.deadlines.clocks import BuyerAnswer, ClockCommand, answer_for_buyer, set_clock
from shipby.application.shared.idempotency import Answer
from shipby.contracts.cases import BuyerAnswerBody, ClockBody, ClockStopBody


def start(call: Call) -> Answer:
    body = call.body_as(ClockBody)
    command = ClockCommand(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        since=body.since,
        reason=body.reason,
        if_match=call.if_match,
    )
    return set_clock(command, call.remember, store=call.store, clock=call.clock)


def stop(call: Call) -> Answer:
    body = call.body_as(ClockStopBody)
    command = ClockCommand(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        since=None,
        reason=body.reason,
        if_match=call.if_match,
    )
    return set_clock(command, call.remember, store=call.store, clock=call.clock)


def buyer_answer(call: Call) -> Answer:
    body = call.body_as(BuyerAnswerBody)
    answer = BuyerAnswer(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        wanted=body.wanted,
        note=body.comment,
        if_match=call.if_match,
    )
    return answer_for_buyer(answer, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="startClock",
        method="POST",
        path="/v1/postings/{number}/clocks",
        summary="Start or move a clock that no event of the marketplace starts",
        run=start,
        answers="PostingView",
        body=ClockBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
    ),
    Operation(
        id="stopClock",
        method="POST",
        path="/v1/postings/{number}/clocks/stop",
        summary="Stop such a clock: the request was answered or withdrawn",
        run=stop,
        answers="PostingView",
        body=ClockStopBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
    ),
    Operation(
        id="answerForBuyer",
        method="POST",
        path="/v1/postings/{number}/buyer-answer",
        summary="Whether the buyer of a late posting still wants it",
        run=buyer_answer,
        answers="PostingView",
        body=BuyerAnswerBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="Not wanted: the choices are shown to a person, or the seller's policy cancels it.",
    ),
)
