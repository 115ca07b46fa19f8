"""Stock of the seller's own warehouses: set, and read by warehouse."""

from __future__ import annotations

from datetime import timedelta

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Body, Call, Method
from shipby_local.simulator.desks.stock_model import Stock
from shipby_local.simulator.errors import ApiError, invalid
from shipby_local.simulator.words import Json

_PAIRS, _CALLS, _MINUTE = 100, 80, timedelta(minutes=1)
"""official, /v2/products/stocks."""
_TEXTS = {"TOO_MANY_REQUESTS": "Stock is updated too frequently"}
"""Published with its code; the messages of the others are their codes: no example shows one."""


def set_stocks(call: Call) -> Json:
    wanted = call.body.parts("stocks")
    if not 1 <= len(wanted) <= _PAIRS:
        raise invalid(
            "Request validation error: invalid ProductsStocksRequest.Stocks: value must contain between 1 and"
            f" {_PAIRS} items, inclusive"
        )
    pairs = [_pair(place, each) for place, each in enumerate(wanted)]
    _count(call)
    return {"result": [_set(call, *pair) for pair in pairs]}


def _pair(place: int, body: Body) -> tuple[str, int, int, int]:
    """Offer, product, warehouse and amount. What is no pair at all spoils the whole call."""
    offer, product = body.text("offer_id", ""), body.integer("product_id", 0)
    warehouse, amount = body.integer("warehouse_id", 0), body.integer("stock", -1)
    if not warehouse or not (offer or product) or amount < 0:
        raise invalid(
            f"Request validation error: invalid ProductsStocksRequest.Stocks[{place}]: embedded message failed"
            " validation"
        )
    return offer, product, warehouse, amount


def _count(call: Call) -> None:
    """80 calls of an account in any minute; how a call beyond them is told is not published."""
    world, name = call.world, f"stock_calls:{call.seller.client_id}"
    now = world.now()
    recent = [at for at in call.market.stock_calls.get(name, []) if now - at < _MINUTE]
    if len(recent) >= _CALLS:
        world.tally(f"rate_limited:{call.seller.client_id}")
        raise ApiError(429, 8, words.RATE_LIMIT_TEXT)
    call.market.stock_calls[name] = [*recent, now]


def _set(call: Call, offer: str, product_id: int, warehouse: int, amount: int) -> Json:
    desk = call.market.stocks
    product = desk.find(call.seller.client_id, offer, product_id)
    code = desk.refusal(call.seller, product, warehouse, amount)
    if product is not None and not code:
        desk.set(product, warehouse, amount)
    return {
        "warehouse_id": warehouse,
        "product_id": product.product_id if product else product_id,
        "offer_id": product.offer_id if product else offer,
        "updated": not code,
        "errors": [{"code": code, "message": _TEXTS.get(code, code)}] if code else [],
    }


def by_warehouse(call: Call) -> Json:
    limit = call.body.limit(1000)
    skus, offers = call.body.integers("sku"), call.body.texts("offer_id")
    if not skus and not offers:
        raise invalid("Request validation error: invalid Sku: value is required")
    if max(len(skus), len(offers)) > 1000:
        raise invalid("Request validation error: invalid Sku: value must contain no more than 1000 items")
    found = sorted(
        (stock for stock in call.world.stocks.all() if stock.client_id == call.seller.client_id),
        key=lambda stock: stock.key,
    )
    # Both given: the SKUs count, as the first version of the method says.
    found = [stock for stock in found if (stock.sku in skus if skus else stock.offer_id in offers)]
    start = _start(call.body.text("cursor", ""))
    page = found[start : start + limit]
    more = start + limit < len(found)
    cursor = str(start + limit) if more else ""
    return {"products": [_stock(stock) for stock in page], "has_next": more, "cursor": cursor}


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.isdigit():
        raise invalid("Request validation error: invalid Cursor")
    return int(cursor)


def _stock(stock: Stock) -> Json:
    return {
        "sku": stock.sku,
        "product_id": stock.product_id,
        "offer_id": stock.offer_id,
        "warehouse_id": stock.warehouse_id,
        "warehouse_name": "Склад Софьино",
        "present": stock.present,
        "reserved": stock.reserved,
        "free_stock": stock.free,
    }


METHODS: dict[str, Method] = {
    "/v2/products/stocks": set_stocks,
    "/v2/product/info/stocks-by-warehouse/fbs": by_warehouse,
}
