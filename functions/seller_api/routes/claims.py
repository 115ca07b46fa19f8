"""Claims: requests for proof, entered by hand or found in chats, answered and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.evidence import claims
from shipby.application.shared.idempotency import Answer
from shipby.contracts.evidence import AnswerClaimBody, ClaimBody, ClaimsQuery, WithdrawClaimBody
from shipby.domain.evidence.claims import BY_HAND, Asked


def list_claims(call: Call) -> Mapping[str, object]:
    query = call.query_as(ClaimsQuery)
    return claims.list_claims(
        call.seller,
        open_only=query.open,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
        posting=query.posting,
        due_before=query.due_before,
    )


def get_claim(call: Call) -> Mapping[str, object]:
    return claims.get_claim(call.seller, call.path["id"], store=call.store)


def open_claim(call: Call) -> Answer:
    body = call.body_as(ClaimBody)
    asked = Asked(
        seller=call.seller,
        posting_number=body.posting_number,
        kind=body.kind,
        at=body.asked_at or call.clock.now(),
        source=BY_HAND,
        return_id=body.return_id,
        note=body.comment,
        answer_by=body.answer_by,
    )
    return claims.open_claim(asked, call.actor, call.remember, store=call.store, clock=call.clock)


def answer_claim(call: Call) -> Answer:
    body = call.body_as(AnswerClaimBody)
    given = claims.ClaimAnswer(
        seller=call.seller,
        claim_id=call.path["id"],
        actor=call.actor,
        pack_id=body.pack_id,
        note=body.comment,
        if_match=call.if_match,
    )
    return claims.answer_claim(given, call.remember, store=call.store, clock=call.clock)


def withdraw_claim(call: Call) -> Answer:
    return claims.withdraw_claim(
        call.seller,
        call.path["id"],
        call.body_as(WithdrawClaimBody).reason,
        call.actor,
        call.remember,
        store=call.store,
        clock=call.clock,
        if_match=call.if_match,
    )


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/claims",
        list_claims,
        id="listClaims",
        summary="Requests for proof, earliest answer first",
        answers="Listing[ClaimView]",
        query=ClaimsQuery,
        description="The marketplace asks for a video of the packing and waits about two days; no event of its API "
        "tells of it. Requests are looked for in its chats with you, as far as their words are known, and can be "
        "entered by hand.",
    ),
    Operation(
        id="openClaim",
        method="POST",
        path="/v1/claims",
        summary="Enter a request for proof",
        run=open_claim,
        answers="ClaimView",
        body=ClaimBody,
        etag=True,
        description="Its time to answer: the one named, else `answer_claim_within` of your settings, else the "
        "market's dated period, which is not certain. One claim of a kind is open per posting.",
    ),
    read(
        "/v1/claims/{id}",
        get_claim,
        id="getClaim",
        summary="One request for proof, and where its time comes from",
        answers="ClaimDetailView",
        etag=True,
    ),
    Operation(
        id="answerClaim",
        method="POST",
        path="/v1/claims/{id}/answer",
        summary="It was answered: with which evidence pack, or how",
        run=answer_claim,
        answers="ClaimView",
        body=AnswerClaimBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="Also after its time; it is noted as late then. Nothing is sent: the marketplace takes proof in "
        "its chat only.",
    ),
    Operation(
        id="withdrawClaim",
        method="POST",
        path="/v1/claims/{id}/withdraw",
        summary="Nobody wants an answer any more, or it was no request at all",
        run=withdraw_claim,
        answers="ClaimView",
        body=WithdrawClaimBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
    ),
)
