"""Pools of marks: uploaded for a product, taken for the pieces of a posting."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.intents import mark_pool
from shipby.application.shared.idempotency import Answer
from shipby.contracts.bench.marks import MarksBody, PoolQuery


def upload_marks(call: Call) -> Answer:
    codes = call.body_as(MarksBody).codes
    upload = mark_pool.Upload(seller=call.seller, sku=call.path["sku"], codes=codes, actor=call.actor)
    return mark_pool.upload_marks(upload, call.remember, store=call.store, clock=call.clock)


def list_marks(call: Call) -> Mapping[str, object]:
    query = call.query_as(PoolQuery)
    used = query.state == "used"
    return mark_pool.list_marks(
        call.seller, call.path["sku"], used=used, limit=query.limit, cursor=query.cursor, store=call.store
    )


def take_marks(call: Call) -> Answer:
    return mark_pool.take_marks(
        call.seller, call.path["number"], call.actor, call.remember, store=call.store, clock=call.clock
    )


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/products/{sku}/marks",
        list_marks,
        id="listPoolMarks",
        summary="Marks of a product's pool: free ones, or used ones with their postings",
        answers="Listing[PoolMarkView]",
        query=PoolQuery,
    ),
    Operation(
        id="uploadMarks",
        method="POST",
        path="/v1/products/{sku}/marks",
        summary="Upload marks that are ready for pieces of a product",
        run=upload_marks,
        answers="UploadedMarksView",
        body=MarksBody,
        description="Each is read like a scan and has its own answer; the same again changes nothing.",
    ),
    Operation(
        id="takeMarks",
        method="POST",
        path="/v1/postings/{number}/exemplars/from-pool",
        summary="Enter free marks of the pools for all pieces that still need one",
        run=take_marks,
        answers="ExemplarsView",
        description="Print them and stick them on: the answer has them. At most 25, all or none (`pool_empty`). "
        "A cancel gives them back to the pool.",
    ),
)
