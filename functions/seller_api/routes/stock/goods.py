"""Pools and what they hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.shared.idempotency import Answer
from shipby.application.stock import ledger, pools
from shipby.contracts.base import Paged
from shipby.contracts.stock.goods import KitBody, MovementBody, MovementsQuery, OfPool, PoolBody, PoolId, StockQuery
from shipby.domain.errors import InvalidInputError
from shipby.domain.stock.item import MovementKind
from shipby.domain.stock.pool import Pool


def list_stock(call: Call) -> Mapping[str, object]:
    query = call.query_as(StockQuery)
    shown = ledger.Shown(free_at_most=query.free_at_most, quarantined=query.quarantined, kits=query.kits)
    return ledger.list_items(call.seller, query.pool, shown, limit=query.limit, cursor=query.cursor, store=call.store)


def get_stock(call: Call) -> Mapping[str, object]:
    return ledger.get_item(call.seller, call.query_as(OfPool).pool, call.path["sku"], store=call.store)


def list_movements(call: Call) -> Mapping[str, object]:
    query = call.query_as(MovementsQuery)
    return ledger.list_movements(
        call.seller, query.pool, call.path["sku"], limit=query.limit, cursor=query.cursor, store=call.store
    )


def move(call: Call) -> Answer:
    body = call.body_as(MovementBody)
    wish = ledger.Wish(
        shop=call.seller,
        pool=call.query_as(OfPool).pool,
        sku=call.path["sku"],
        kind=MovementKind(body.kind),
        quantity=body.quantity,
        actor=call.actor,
        reason=body.reason,
        from_quarantine=body.from_quarantine,
        if_match=call.if_match,
    )
    return ledger.move_by_hand(wish, call.remember, store=call.store, clock=call.clock)


def put_kit(call: Call) -> Answer:
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    place = (call.seller, call.query_as(OfPool).pool, call.path["sku"])
    components = call.body_as(KitBody).components
    return ledger.put_kit(
        place, components, call.if_match, call.actor, call.remember, store=call.store, clock=call.clock
    )


def list_pools(call: Call) -> Mapping[str, object]:
    query = call.query_as(Paged)
    return pools.list_pools(call.seller, limit=query.limit, cursor=query.cursor, store=call.store)


def get_pool(call: Call) -> Mapping[str, object]:
    return pools.get_pool(call.seller, call.path["pool"], store=call.store)


def put_pool(call: Call) -> Answer:
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    body = call.body_as(PoolBody)
    pool = Pool(
        seller=call.seller,
        id=_pool_id(call.path["pool"]),
        version=1,
        name=body.name,
        shops=tuple(dict.fromkeys(body.shops)),
    )
    return pools.put_pool(pool, call.if_match, call.actor, call.remember, store=call.store, clock=call.clock)


def _pool_id(text: str) -> str:
    try:
        found: str = TypeAdapter(PoolId).validate_python(text, strict=True)
    except ValidationError as error:
        problem = "1 to 40 of a-z, 0-9, '-', '_'; only pools of your own are changed"
        raise InvalidInputError(f"{text[:60]!r} is no pool of yours", errors=[("pool", problem)]) from error
    return found


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/stock",
        list_stock,
        id="listStock",
        summary="What a pool holds, by SKU",
        answers="Listing[StockItemView]",
        query=StockQuery,
    ),
    read(
        "/v1/stock/{sku}",
        get_stock,
        id="getStock",
        summary="What a pool holds of an SKU: on hand, reserved, free, in quarantine",
        answers="StockItemView",
        query=OfPool,
        etag=True,
    ),
    read(
        "/v1/stock/{sku}/movements",
        list_movements,
        id="listMovements",
        summary="How an SKU moved, oldest first: who, when, why, for which posting",
        answers="Listing[MovementView]",
        query=MovementsQuery,
    ),
    Operation(
        id="moveStock",
        method="POST",
        path="/v1/stock/{sku}/movements",
        summary="Move goods by hand: receipt, correction, write-off, quarantine, stock-take",
        run=move,
        answers="StockItemView",
        query=OfPool,
        body=MovementBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="The first receipt or stock-take of an SKU begins to keep it. No number falls below nothing and no "
        "reserved piece is moved away: 409 not_in_stock says what is free. A stock-take needs If-Match: of two at once "
        "the second is answered 412 and counts again.",
    ),
    Operation(
        id="putKit",
        method="PUT",
        path="/v1/stock/{sku}/kit",
        summary="Say what a kit is made of",
        run=put_kit,
        answers="StockItemView",
        query=OfPool,
        body=KitBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description='If-Match: "0" makes it. Its components must be kept in the same pool; a kit that is in itself, '
        "however far down, is refused. A kit of one component is another name of it: for shops whose articles differ.",
    ),
    read(
        "/v1/stock-pools",
        list_pools,
        id="listStockPools",
        summary="Your pools, and those of other shops that you sell from",
        answers="Listing[PoolView]",
        query=Paged,
    ),
    read(
        "/v1/stock-pools/{pool}",
        get_pool,
        id="getStockPool",
        summary="A pool",
        answers="PoolView",
        etag=True,
    ),
    Operation(
        id="putStockPool",
        method="PUT",
        path="/v1/stock-pools/{pool}",
        summary="Create or change a pool of your own, and say which other shops may sell from it",
        run=put_pool,
        answers="PoolView",
        body=PoolBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description='If-Match: "0" creates it. Nothing is reserved before the settings of a shop name it in '
        "stock_pools: from then on postings reserve what the pool keeps.",
    ),
)
