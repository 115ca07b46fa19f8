"""Pools, what they hold, what postings have of it, and who waits."""

import functools

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import Reservation
from shipby.domain.stock.waiting import Waiting


@functools.cache
def pools() -> Kind[Pool]:
    return Kind("POOL", Record(Pool))


@functools.cache
def stocks() -> Kind[StockItem]:
    return Kind("STOCK", Record(StockItem))


@functools.cache
def reservations() -> Kind[Reservation]:
    return Kind("RESERVED", Record(Reservation))


@functools.cache
def waits() -> Kind[Waiting]:
    return Kind("WAITING", Record(Waiting))


def pool_item(pool: Pool) -> Item:
    return pools().item(keys.pool(pool.seller, pool.id), pool)


def stock_item(item: StockItem) -> Item:
    return stocks().item(keys.stock(item.seller, item.pool, item.sku), item)


def reservation_item(held: Reservation) -> Item:
    return reservations().item(keys.reservation(held.seller, held.posting_number), held)


def waiting_item(waiting: Waiting) -> Item:
    key = keys.waiting(waiting.seller, waiting.pool, waiting.sku, waiting.shop, waiting.posting_number)
    return waits().item(key, waiting)
