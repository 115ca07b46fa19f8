"""A shop that keeps stock, and what must hold of it at any moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from shipby.application.ports.store import Store
from shipby.application.ports.writes import SavePool
from shipby.application.shared.paging import every
from shipby.application.stock.ledger import Wish, move_by_hand
from shipby.domain.events import StoredEvent
from shipby.domain.stock.item import MovementKind, StockItem
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import pieces_of
from tests.support import builders as a
from tests.unit.world_support import World, forget

MUG, SPOON = "TEA-CUP-02", "SPOON-1"
"""Articles; the marketplace's SKU of the mug is in `builders.line`."""


def keeping(world: World, *shops: str, **stock: int) -> World:
    """The world with a pool `main` that its seller and others sell from, and goods in it."""
    world.write(SavePool(Pool(seller=a.SELLER, id="main", version=1, shops=shops)))
    world.policy(stock_pools={"*": "main"})
    for sku, count in stock.items():
        receive(world, count, sku.replace("_", "-"))
    return world


def receive(world: World, count: int, sku: str = MUG, **more: Any) -> StockItem:
    return move(world, MovementKind.RECEIPT, count, sku, **more)


def move(world: World, kind: MovementKind, count: int, sku: str = MUG, **more: Any) -> StockItem:
    wish: dict[str, Any] = {
        "shop": a.SELLER,
        "pool": "main",
        "sku": sku,
        "kind": kind,
        "quantity": count,
        "actor": "key:k1",
        "reason": "counted",
    }
    asked = Wish(**{**wish, **more})
    move_by_hand(asked, forget, store=world.store, clock=world.clock)
    return world.store.stock_items(asked.shop, "main", [sku])[sku]


def item(store: Store, sku: str = MUG) -> StockItem:
    return store.stock_items(a.SELLER, "main", [sku])[sku]


def numbers(store: Store, sku: str = MUG) -> tuple[int, int, int]:
    """On hand, reserved, free."""
    found = item(store, sku)
    return found.on_hand, found.reserved, found.free


def movements_of(store: Store, item: StockItem) -> list[StoredEvent]:
    return list(every(lambda cursor: store.stock_movements(item.seller, item.pool, item.sku, limit=200, cursor=cursor)))


def check_books(store: Store, postings: Iterable[tuple[str, str]], owner: str = a.SELLER, pool: str = "main") -> None:
    """Of every SKU the sum of movements is what the pool holds, and what is reserved is what postings hold."""
    held: Counter[str] = Counter()
    off_shelf: Counter[str] = Counter()
    for shop, number in postings:
        reservation = store.reservation(shop, number)
        if reservation is not None and reservation.pool_ref.owner == owner and reservation.pool == pool:
            for sku, pieces in pieces_of(reservation.lines).items():
                held[sku] += pieces.held
                off_shelf[sku] += pieces.picked
    for one in every(lambda cursor: store.stock_in(owner, pool, cursor=cursor)):
        moves = movements_of(store, one)
        assert [move.version for move in moves] == list(range(1, one.version + 1)), one.sku
        sums: Counter[str] = Counter()
        for move_ in moves:
            change = move_.event.data.get("change") or {}
            assert isinstance(change, dict)
            for name, count in change.items():
                assert isinstance(count, int)
                sums[name] += count
        state = {"on_hand": one.on_hand, "reserved": one.reserved, "picked": one.picked, "quarantine": one.quarantine}
        assert {name: sums[name] for name in state} == state, one.sku
        assert (one.reserved, one.picked) == (held[one.sku], off_shelf[one.sku]), one.sku
        assert min(one.on_hand, one.free, one.quarantine, one.on_shelf) >= 0, one.sku
