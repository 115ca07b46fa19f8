"""Refunds and intents: what was asked of the marketplace, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import DESK, MANAGERS
from functions.seller_api.operations import Call, Operation, read
from shipby.application import queries
from shipby.application.idempotency import Answer
from shipby.application.settle_by_hand import Verdict, settle_by_hand
from shipby.contracts.requests import IntentsQuery, VerdictBody


def list_intents(call: Call) -> Mapping[str, object]:
    query = call.query_as(IntentsQuery)
    return queries.list_intents(
        call.seller, state=query.state, limit=query.limit, cursor=query.cursor, store=call.store
    )


def get_intent(call: Call) -> Mapping[str, object]:
    return queries.get_intent(call.seller, call.path["id"], store=call.store)


def list_refunds(call: Call) -> Mapping[str, object]:
    query = call.query_as(IntentsQuery)
    return queries.list_refunds(
        call.seller, state=query.state, limit=query.limit, cursor=query.cursor, store=call.store
    )


def get_refunds(call: Call) -> Mapping[str, object]:
    return queries.get_refunds(call.seller, call.path["number"], store=call.store)


def settle_intent(call: Call) -> Answer:
    body = call.body_as(VerdictBody)
    verdict = Verdict(
        seller=call.seller,
        intent_id=call.path["id"],
        happened=body.happened,
        actor=call.actor,
        reason=body.reason,
    )
    return settle_by_hand(verdict, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/refunds",
        list_refunds,
        id="listRefunds",
        summary="Decisions on returns that give money back, by their state",
        answers="Listing[IntentView]",
        roles=DESK,
        query=IntentsQuery,
        description="CONFIRMED ones are paid, REJECTED ones were not, the others have their amount reserved. What the "
        "marketplace pays back by itself after a cancel is no decision of yours: see the ledger of the posting.",
    ),
    read(
        "/v1/refunds/{number}",
        get_refunds,
        id="getRefunds",
        summary="The ledger of a posting: paid, reserved, refunded, every movement, and whose money it was",
        answers="LedgerView",
        roles=DESK,
    ),
    read(
        "/v1/intents",
        list_intents,
        id="listIntents",
        summary="Irreversible calls to the marketplace, oldest first within a state",
        answers="Listing[IntentView]",
        roles=DESK,
        query=IntentsQuery,
    ),
    read(
        "/v1/intents/{id}",
        get_intent,
        id="getIntent",
        summary="One call to the marketplace, from wish to proof",
        answers="IntentView",
        roles=DESK,
    ),
    Operation(
        id="settleIntent",
        method="POST",
        path="/v1/intents/{id}/settle",
        summary="End an intent that stays UNKNOWN: a person looked at the cabinet and says what happened",
        run=settle_intent,
        answers="IntentView",
        roles=MANAGERS,
        body=VerdictBody,
        description="Only once a person was called for. The amount is booked or released accordingly; nothing is sent.",
    ),
)
