"""What a posting has of the stock."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.packing import posting_goods
from shipby.application.shared.idempotency import Answer
from shipby.contracts.stock.goods import MissingBody
from shipby.domain.stock.item import MovementKind


def get_goods(call: Call) -> Mapping[str, object]:
    return posting_goods.get_posting_goods(call.seller, call.path["number"], store=call.store, clock=call.clock)


def report_missing(call: Call) -> Answer:
    body = call.body_as(MissingBody)
    wish = posting_goods.Missing(
        seller=call.seller,
        number=call.path["number"],
        kind=MovementKind(body.kind),
        sku=body.sku,
        quantity=body.quantity,
        actor=call.actor,
        reason=body.reason,
        if_match=call.if_match,
    )
    return posting_goods.report_missing(wish, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/stock",
        get_goods,
        id="getPostingStock",
        summary="What a posting has reserved, and what may be done where it lacks pieces",
        answers="PostingGoodsView",
        etag=True,
    ),
    Operation(
        id="reportMissing",
        method="POST",
        path="/v1/postings/{number}/stock",
        summary="Reserved pieces are missing or bad: others take their place, or the posting is short",
        run=report_missing,
        answers="PostingGoodsView",
        body=MissingBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="One transaction: missing pieces are written off, bad ones set aside in quarantine, and what is "
        "free is reserved instead.",
    ),
)
