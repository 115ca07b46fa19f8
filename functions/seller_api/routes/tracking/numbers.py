"""Tracking numbers: set, replaced, agreed to by a second person, many at once."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.intents.replace_tracking import NewTracking, replace_tracking
from shipby.application.postings.tracking_history import tracking_numbers
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.approve_number import approve_number, reject_number
from shipby.application.tracking.import_numbers import import_numbers
from shipby.application.tracking.support_ticket import TicketWish, support_ticket, ticket_files
from shipby.contracts.postings import ReasonBody
from shipby.contracts.tracking.numbers import AgreeBody, NumbersImportBody, TicketBody, TicketQuery, TrackingBody


def set_number(call: Call) -> Answer:
    body = call.body_as(TrackingBody)
    new = NewTracking(
        seller=call.seller,
        number=call.path["number"],
        tracking_number=body.tracking_number,
        carrier=body.carrier,
        kind=body.kind,
        reason=body.reason,
        evidence=tuple(body.evidence),
        seen_again=body.seen_again,
        replaces=body.replaces,
        actor=call.actor,
        if_match=call.if_match,
    )
    return replace_tracking(new, call.remember, store=call.store, clock=call.clock)


def list_numbers(call: Call) -> Mapping[str, object]:
    return tracking_numbers(call.seller, call.path["number"], store=call.store)


def import_table(call: Call) -> Answer:
    body = call.body_as(NumbersImportBody)
    return import_numbers(
        call.seller,
        body.csv,
        call.actor,
        call.remember,
        dry_run=body.dry_run,
        store=call.store,
        clock=call.clock,
    )


def get_ticket(call: Call) -> Mapping[str, object]:
    query = call.query_as(TicketQuery)
    wish = TicketWish(
        seller=call.seller,
        number=call.path["number"],
        tracking_number=query.tracking_number,
        reason=query.reason,
        language=query.language,
    )
    return support_ticket(wish, store=call.store)


def make_ticket_files(call: Call) -> Answer:
    body = call.body_as(TicketBody)
    wish = TicketWish(
        seller=call.seller,
        number=call.path["number"],
        tracking_number=body.tracking_number,
        reason=body.reason,
        language=body.language,
    )
    return ticket_files(wish, call.actor, call.remember, store=call.store, clock=call.clock)


def approve(call: Call) -> Answer:
    word = SecondWord(
        seller=call.seller, intent_id=call.path["id"], actor=call.actor, reason=call.body_as(AgreeBody).reason
    )
    return approve_number(word, call.remember, store=call.store, clock=call.clock)


def reject(call: Call) -> Answer:
    word = SecondWord(
        seller=call.seller, intent_id=call.path["id"], actor=call.actor, reason=call.body_as(ReasonBody).reason
    )
    return reject_number(word, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="setTrackingNumber",
        method="PUT",
        path="/v1/postings/{number}/tracking-number",
        summary="Set or replace the tracking number, where the marketplace offers it",
        run=set_number,
        answers="IntentView",
        body=TrackingBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="The number is judged first: what can only be wrong (check digit, damaged by a spreadsheet, "
        "another posting's number now or formerly) is refused. What is doubtful waits as PROPOSED for a second person.",
    ),
    read(
        "/v1/postings/{number}/tracking-numbers",
        list_numbers,
        id="listTrackingNumbers",
        summary="Every change of the tracking number, oldest first: who, why, who agreed, when the buyer was told",
        answers="Listing[TrackingChangeView]",
    ),
    read(
        "/v1/postings/{number}/tracking-ticket",
        get_ticket,
        id="getTrackingTicket",
        summary="A ticket to the marketplace's support where it refuses a number or offers no change of it",
        answers="TicketView",
        query=TicketQuery,
    ),
    Operation(
        id="makeTrackingTicketFiles",
        method="POST",
        path="/v1/postings/{number}/tracking-ticket",
        summary="Have the ticket's evidence made into a PDF and a ZIP: its words, the number's history, all files",
        run=make_ticket_files,
        answers="EvidencePackView",
        body=TicketBody,
        status=202,
    ),
    Operation(
        id="importTrackingNumbers",
        method="POST",
        path="/v1/tracking-changes/import",
        summary="Set or replace many numbers from a spreadsheet's CSV, with a dry run",
        run=import_table,
        answers="NumbersImportView",
        body=NumbersImportBody,
        description="At most 200 rows, each with its own verdict and change. Send the same file again after a failure: "
        "it goes on.",
    ),
    Operation(
        id="approveTrackingNumber",
        method="POST",
        path="/v1/tracking-changes/{id}/approve",
        summary="A second person lets a number go to the marketplace",
        run=approve,
        answers="IntentView",
        body=AgreeBody,
        status=202,
        description="Never the person who asked for it: another key, made for another name.",
    ),
    Operation(
        id="rejectTrackingNumber",
        method="POST",
        path="/v1/tracking-changes/{id}/reject",
        summary="A second person ends a number that waits; it is free again",
        run=reject,
        answers="IntentView",
        body=ReasonBody,
    ),
)
