"""Purchases: which goods are bought for which orders, and where they are."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.shared.idempotency import Answer
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking import purchases
from shipby.application.tracking.purchase_table import PurchaseTable, import_purchases
from shipby.contracts.tracking.purchases import PurchaseBody, PurchaseId, PurchasesQuery, PurchaseTableBody
from shipby.domain.errors import InvalidInputError
from shipby.domain.tracking.purchases import Hop


def put_purchase(call: Call) -> Answer:
    body = call.body_as(PurchaseBody)
    hops = [
        Hop(kind=hop.kind, number=hop.number, carrier=hop.carrier, expected_by=hop.expected_by, done_at=hop.done_at)
        for hop in body.hops
    ]
    wish = purchases.PurchaseWish(
        seller=call.seller,
        id=_id(call.path["id"]),
        actor=call.actor,
        supplier=body.supplier,
        comment=body.comment,
        postings=body.postings,
        hops=hops,
    )
    return purchases.put_purchase(wish, call.if_match, call.remember, store=call.store, clock=call.clock)


def _id(text: str) -> str:
    try:
        return TypeAdapter(PurchaseId).validate_python(text, strict=True)
    except ValidationError as error:
        told = "letters, digits, dots, dashes and underscores, at most 60"
        raise InvalidInputError("that is no id of a purchase", errors=[("id", told)]) from error


def get_purchase(call: Call) -> Mapping[str, object]:
    return purchases.get_purchase(call.seller, call.path["id"], store=call.store, clock=call.clock)


def list_purchases(call: Call) -> Mapping[str, object]:
    query = call.query_as(PurchasesQuery)
    return purchases.list_purchases(
        call.seller, late=query.late, limit=query.limit, cursor=query.cursor, store=call.store, clock=call.clock
    )


def take_table(call: Call) -> Answer:
    body = call.body_as(PurchaseTableBody)
    table = PurchaseTable(seller=call.seller, lines=csv_lines(body.csv), actor=call.actor, dry_run=body.dry_run)
    return import_purchases(table, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/purchases",
        list_purchases,
        id="listPurchases",
        summary="All purchases, or the late ones with the orders they make late",
        answers="Listing[PurchaseView]",
        query=PurchasesQuery,
    ),
    Operation(
        id="importPurchases",
        method="POST",
        path="/v1/purchases/import",
        summary="Purchases, their orders and steps from a table, with a verdict per row",
        run=take_table,
        answers="PurchaseTableView",
        body=PurchaseTableBody,
        description="A dry run unless you say otherwise. Rows add to what is there; the same table again changes "
        "nothing.",
    ),
    read(
        "/v1/purchases/{id}",
        get_purchase,
        id="getPurchase",
        summary="A purchase, where its goods are, and which orders it makes late",
        answers="PurchaseView",
        etag=True,
    ),
    Operation(
        id="putPurchase",
        method="PUT",
        path="/v1/purchases/{id}",
        summary="Create or replace a purchase and the clocks of its orders",
        run=put_purchase,
        answers="PurchaseView",
        body=PurchaseBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description='If-Match: "0" creates it. Each step that is still to come is a clock (goods_by) of its orders.',
    ),
)
