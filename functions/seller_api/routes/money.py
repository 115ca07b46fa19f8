"""Refunds and intents: what was asked of the marketplace, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Download, Operation, read, separator_for
from shipby.application.intents import queries as intents
from shipby.application.refunds import approvals
from shipby.application.refunds import queries as refunds
from shipby.application.refunds.export import refund_rows, refunds_csv
from shipby.application.settling.by_hand import Verdict, settle_by_hand
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared.idempotency import Answer
from shipby.contracts.intents import IntentsQuery, IntentStateQuery, VerdictBody
from shipby.contracts.money import ApproveBody, RefundsExportQuery
from shipby.contracts.postings import ReasonBody
from shipby.domain.json_types import Json


def list_intents(call: Call) -> Mapping[str, object]:
    query = call.query_as(IntentsQuery)
    if query.posting:
        return intents.intents_of_posting(
            call.seller, query.posting, state=query.state, cursor=query.cursor, store=call.store
        )
    return intents.list_intents(
        call.seller, state=query.state, limit=query.limit, cursor=query.cursor, store=call.store
    )


def get_intent(call: Call) -> Mapping[str, object]:
    return intents.get_intent(call.seller, call.path["id"], store=call.store)


def list_refunds(call: Call) -> Mapping[str, object]:
    query = call.query_as(IntentStateQuery)
    return refunds.list_refunds(
        call.seller, state=query.state, limit=query.limit, cursor=query.cursor, store=call.store
    )


def get_refunds(call: Call) -> Mapping[str, object]:
    return refunds.get_refunds(call.seller, call.path["number"], store=call.store)


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


def export_refunds(call: Call) -> Answer:
    query = call.query_as(RefundsExportQuery)
    rows = refund_rows(call.seller, since=query.since, until=query.until, store=call.store)
    if query.format == "csv":
        name = f"refunds-{query.since:%Y%m%d}-{query.until:%Y%m%d}.csv"
        return Download(200, {}, text=refunds_csv(rows, separator_for(call, query.separator)), name=name)
    items: list[Json] = [*rows]
    return Answer(200, {"items": items, "next_cursor": None})


def approve_refund(call: Call) -> Answer:
    word = SecondWord(
        seller=call.seller, intent_id=call.path["id"], actor=call.actor, reason=call.body_as(ApproveBody).reason
    )
    return approvals.approve_refund(word, call.remember, store=call.store, clock=call.clock)


def reject_refund(call: Call) -> Answer:
    word = SecondWord(
        seller=call.seller, intent_id=call.path["id"], actor=call.actor, reason=call.body_as(ReasonBody).reason
    )
    return approvals.reject_refund(word, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/refunds",
        list_refunds,
        id="listRefunds",
        summary="Decisions on returns that give money back, by their state",
        answers="Listing[IntentView]",
        query=IntentStateQuery,
        description="CONFIRMED ones are paid, REJECTED ones were not, the others have their amount reserved. What the "
        "marketplace pays back by itself after a cancel is no decision of yours: see the ledger of the posting.",
    ),
    read(
        "/v1/refunds/{number}",
        get_refunds,
        id="getRefunds",
        summary="The ledger of a posting: paid, reserved, refunded, every movement, and whose money it was",
        answers="LedgerView",
    ),
    Operation(
        id="exportRefunds",
        method="GET",
        path="/v1/refunds/export",
        summary="Decisions on returns with money of a period, each with its proof, as a table",
        run=export_refunds,
        answers="Listing[RefundRowView]",
        query=RefundsExportQuery,
        csv=True,
        description="A table (CSV) unless `format=json` is asked for. At most 92 days and 2000 refunds a call.",
    ),
    Operation(
        id="approveRefund",
        method="POST",
        path="/v1/refunds/{id}/approve",
        summary="A second person lets a refund above the limit go",
        run=approve_refund,
        answers="IntentView",
        body=ApproveBody,
        status=202,
        description="Never the person who asked for it: another key, made for another name. "
        "From then on it is carried out.",
    ),
    Operation(
        id="rejectRefund",
        method="POST",
        path="/v1/refunds/{id}/reject",
        summary="A second person ends a refund above the limit; its money is free again",
        run=reject_refund,
        answers="IntentView",
        body=ReasonBody,
    ),
    read(
        "/v1/intents",
        list_intents,
        id="listIntents",
        summary="Irreversible calls to the marketplace, oldest first within a state",
        answers="Listing[IntentView]",
        query=IntentsQuery,
    ),
    read(
        "/v1/intents/{id}",
        get_intent,
        id="getIntent",
        summary="One call to the marketplace, from wish to proof",
        answers="IntentView",
    ),
    Operation(
        id="settleIntent",
        method="POST",
        path="/v1/intents/{id}/settle",
        summary="End an intent that stays UNKNOWN: a person looked at the cabinet and says what happened",
        run=settle_intent,
        answers="IntentView",
        body=VerdictBody,
        description="Only once a person was called for. The amount is booked or released accordingly; nothing is sent.",
    ),
)
