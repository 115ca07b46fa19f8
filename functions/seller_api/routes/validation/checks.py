"""Can it ship, who lets it go on, and what was changed in an order."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.postings import amendments
from shipby.application.shared.idempotency import Answer
from shipby.application.validation import allow, views
from shipby.contracts.validation.checks import AllowBody, SeenBody


def get_check(call: Call) -> Mapping[str, object]:
    return views.get_check(call.seller, call.path["number"], store=call.store, clock=call.clock)


def allow_it(call: Call) -> Answer:
    wish = allow.Allowance(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        reason=call.body_as(AllowBody).reason,
        if_match=call.if_match,
    )
    return allow.allow(wish, call.remember, store=call.store, clock=call.clock)


def list_amendments(call: Call) -> Mapping[str, object]:
    return amendments.amendments_of(call.seller, call.path["number"], store=call.store)


def seen(call: Call) -> Answer:
    look = amendments.Look(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        reason=call.body_as(SeenBody).reason,
        if_match=call.if_match,
    )
    return amendments.seen_by(look, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/check",
        get_check,
        id="getCheck",
        summary="Can it ship; if not, because of what, what to do about each, and before when",
        answers="CheckedView",
        etag=True,
        description="Held against what the marketplace wants of the pieces and against your check_rules as they are "
        "now; what stops it was decided when it, a card or a rule last changed.",
    ),
    Operation(
        id="allowPosting",
        method="POST",
        path="/v1/postings/{number}/check/allow",
        summary="Let a stopped posting go on as it is, with a reason",
        run=allow_it,
        answers="CheckedView",
        body=AllowBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description="Holds for exactly what does not fit in the version that you have seen: anything else stops it "
        "again. What the marketplace refuses it goes on refusing.",
    ),
    read(
        "/v1/postings/{number}/amendments",
        list_amendments,
        id="listAmendments",
        summary="What the marketplace changed in an order: what, old, new, since when",
        answers="AmendmentsView",
    ),
    Operation(
        id="seeAmendment",
        method="POST",
        path="/v1/postings/{number}/amendments/seen",
        summary="Say that the change was seen and the parcel is put right: work goes on",
        run=seen,
        answers="PostingView",
        body=SeenBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="Until then pick, pack, hand-over, ship and scans are refused with `amended`.",
    ),
)
