"""What a shop says is for sale, and how that compares with what the marketplace shows."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.availability import compare, offers_view
from shipby.application.shared.idempotency import Answer
from shipby.contracts.availability.offers import OffersQuery, ReconcileQuery, TellAgainBody
from shipby.contracts.base import NoBody
from shipby.domain.availability.places import Place


def list_offers(call: Call) -> Mapping[str, object]:
    query = call.query_as(OffersQuery)
    return offers_view.list_offers(call.seller, query.state, limit=query.limit, cursor=query.cursor, store=call.store)


def tell_again(call: Call) -> Answer:
    body = call.body_as(TellAgainBody)
    place = Place(body.warehouse, body.offer_id)
    return offers_view.tell_again(
        call.seller, place, call.actor, body.reason, call.remember, store=call.store, clock=call.clock
    )


def ask_reconcile(call: Call) -> Answer:
    return compare.ask(call.seller, call.actor, call.remember, store=call.store, clock=call.clock)


def get_reconcile(call: Call) -> Mapping[str, object]:
    day = call.query_as(ReconcileQuery).date or call.clock.now().date()
    return compare.get_report(call.seller, day, store=call.store)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/stock-offers",
        list_offers,
        id="listStockOffers",
        summary="What the marketplace is told is for sale, by warehouse and article",
        answers="Listing[OfferView]",
        query=OffersQuery,
    ),
    Operation(
        id="tellStockAgain",
        method="POST",
        path="/v1/stock-offers/tell",
        summary="Have our number told again, whatever the marketplace shows",
        run=tell_again,
        answers="OfferView",
        body=TellAgainBody,
        status=202,
        description="Corrects a difference in our favour; where the marketplace is right, move the goods instead.",
    ),
    Operation(
        id="reconcileStock",
        method="POST",
        path="/v1/stock/reconcile",
        summary="Have our numbers of what is for sale compared with the marketplace's",
        run=ask_reconcile,
        answers="AskedView",
        body=NoBody,
        status=202,
        description="Done by itself once a day. A difference counts when two looks, two minutes apart, both see it. "
        "Nothing is corrected by it.",
    ),
    read(
        "/v1/stock/reconcile",
        get_reconcile,
        id="getStockReconcile",
        summary="The newest comparison of a day: each difference with its likely cause",
        answers="ReconcileView",
        query=ReconcileQuery,
    ),
)
