"""What to buy: how articles are bought, and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.availability import purchasing
from shipby.application.shared.idempotency import Answer
from shipby.contracts.availability.supply import ProposalsQuery, SupplyQuery, TermsBody
from shipby.domain.availability.purchases import SupplyTerms


def list_proposals(call: Call) -> Mapping[str, object]:
    query = call.query_as(ProposalsQuery)
    return purchasing.list_proposals(
        call.seller,
        query.pool,
        every=query.every,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
        clock=call.clock,
    )


def get_terms(call: Call) -> Mapping[str, object]:
    return purchasing.get_terms(call.seller, call.query_as(SupplyQuery).pool, call.path["sku"], store=call.store)


def put_terms(call: Call) -> Answer:
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    body = call.body_as(TermsBody)
    terms = SupplyTerms(
        seller=call.seller,
        pool=body.pool,
        sku=call.path["sku"],
        version=0,
        supplier=body.supplier,
        lead_days=body.lead_days,
        moq=body.moq,
        pack=body.pack,
        safety_days=body.safety_days,
        cover_days=body.cover_days,
        reorder_point=body.reorder_point,
        on_order=body.on_order,
    )
    return purchasing.put_terms(terms, call.if_match, call.actor, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/supply",
        list_proposals,
        id="listSupplyProposals",
        summary="What to buy: articles whose free and ordered pieces fell to their reorder point",
        answers="Listing[ProposalView]",
        query=ProposalsQuery,
        description="Worked out when it is asked for; nothing is ordered. Sales are those of the last 28 days.",
    ),
    read(
        "/v1/supply/terms/{sku}",
        get_terms,
        id="getSupplyTerms",
        summary="How an article is bought",
        answers="TermsView",
        query=SupplyQuery,
        etag=True,
    ),
    Operation(
        id="putSupplyTerms",
        method="PUT",
        path="/v1/supply/terms/{sku}",
        summary="Say how an article is bought: supplier, days of delivery, smallest order",
        run=put_terms,
        answers="TermsView",
        body=TermsBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description='If-Match: "0" creates it.',
    ),
)
