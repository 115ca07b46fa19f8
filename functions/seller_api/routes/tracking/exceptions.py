"""Parcels that are late or lost: the card, one decision, what the carrier paid."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking import exception_card
from shipby.application.tracking.exception_card import Decision
from shipby.contracts.tracking.exceptions import ExceptionDecisionBody, ExceptionQuery, ReceivedBody
from shipby.domain.money import Money


def get_card(call: Call) -> Mapping[str, object]:
    query = call.query_as(ExceptionQuery)
    return exception_card.exception_card(
        call.seller,
        call.path["number"],
        grams=query.grams,
        language=query.language,
        store=call.store,
        clock=call.clock,
    )


def decide(call: Call) -> Answer:
    body = call.body_as(ExceptionDecisionBody)
    decision = Decision(
        seller=call.seller,
        number=call.path["number"],
        remedy=body.remedy,
        actor=call.actor,
        reason=body.reason,
        instead=body.instead,
    )
    return exception_card.decide_exception(decision, call.remember, store=call.store, clock=call.clock)


def note_received(call: Call) -> Answer:
    told = call.body_as(ReceivedBody).received
    money = Money.parse(told.amount, told.currency)
    return exception_card.note_received(
        call.seller, call.path["number"], money, call.actor, call.remember, store=call.store, clock=call.clock
    )


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/exception",
        get_card,
        id="getParcelException",
        summary="A late or lost parcel: letters to carrier and buyer, claim deadline, documents, money, both remedies",
        answers="ParcelExceptionView",
        query=ExceptionQuery,
    ),
    Operation(
        id="decideParcelException",
        method="POST",
        path="/v1/postings/{number}/exception",
        summary="Choose compensation or sending it again: one of the two, kept in the parcel's case",
        run=decide,
        answers="ParcelExceptionView",
        body=ExceptionDecisionBody,
    ),
    Operation(
        id="noteCompensation",
        method="POST",
        path="/v1/postings/{number}/exception/received",
        summary="Note what the carrier has paid on a claim",
        run=note_received,
        answers="ParcelExceptionView",
        body=ReceivedBody,
    ),
)
