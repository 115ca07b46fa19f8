"""What a pool holds, as people see and move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import StockReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePool, SaveStock
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.application.stock.booking import LONGEST_SKU, Why, load_items, may_be_kept, movement_writes
from shipby.application.stock.pools import load_pool
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError, StageMismatchError
from shipby.domain.events import Event, EventType, StoredEvent, pool_aggregate, stock_ref
from shipby.domain.json_types import Json
from shipby.domain.stock.item import Movement, MovementKind, StockItem
from shipby.domain.stock.kits import check_holders, check_kit, free_of, height
from shipby.domain.stock.pool import Pool, PoolRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A movement that a person asks for. `quantity` is in pieces; only of a correction it may be negative, and of a
    stock-take it is what was counted on the shelf."""

    shop: str
    pool: str
    sku: str
    kind: MovementKind
    quantity: int
    actor: str
    reason: str = ""
    from_quarantine: bool = False
    """Of a write-off: the pieces lie in quarantine."""
    if_match: int | None = None


_PLAIN: Mapping[MovementKind, tuple[int, int]] = {
    MovementKind.RECEIPT: (1, 0),
    MovementKind.CORRECTION: (1, 0),
    MovementKind.WRITE_OFF: (-1, 0),
    MovementKind.QUARANTINE: (-1, 1),
    MovementKind.UNQUARANTINE: (1, -1),
}
"""Kind -> what one piece of it does on hand and in quarantine."""
BY_HAND = (*_PLAIN, MovementKind.STOCK_TAKE)
_SELF_EVIDENT = frozenset({MovementKind.RECEIPT, MovementKind.STOCK_TAKE})
MOST_AT_ONCE = 10_000_000


def move_by_hand(wish: Wish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Move goods; the first receipt or stock-take of an SKU begins to keep it.

    Raises NotFoundError (pool, or an SKU that is not kept), InvalidInputError, NotInStockError, and
    PreconditionFailedError where `if_match` is an older version: of two stock-takes the second counted what the first
    has changed.
    """
    _check(wish)

    def once() -> Answer:
        pool = load_pool(wish.shop, wish.pool, store)
        item = store.stock_items(pool.seller, pool.id, [wish.sku]).get(wish.sku)
        version = item.version if item is not None else 0
        if wish.if_match is not None and version != wish.if_match:
            raise PreconditionFailedError(
                f"the stock of {wish.sku} is at version {version}, you have {wish.if_match}: somebody moved it since "
                "you counted. Read it again; count again if the number still differs"
            )
        if item is None:
            if wish.kind not in _SELF_EVIDENT:
                raise _unknown(wish.sku, pool)
            item = StockItem(seller=pool.seller, pool=pool.id, sku=wish.sku, version=0)
        movement = _movement(wish, item)
        if movement.nothing and wish.kind is not MovementKind.STOCK_TAKE:
            raise InvalidInputError("nothing would move", errors=[("quantity", "must not be 0")])
        why = Why(at=clock.now(), actor=wish.actor, reason=wish.reason)
        changed, writes = movement_writes(item, movement, why)
        answer = Answer(200, item_view(changed))
        store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def _check(wish: Wish) -> None:
    check_sku(wish.sku)
    if wish.kind not in BY_HAND:
        problem = f"one of {', '.join(BY_HAND)}"
        raise InvalidInputError(f"{wish.kind} is not moved by hand", errors=[("kind", problem)])
    least = -MOST_AT_ONCE if wish.kind is MovementKind.CORRECTION else 0
    if not least <= wish.quantity <= MOST_AT_ONCE:
        problem = f"{wish.quantity} of {wish.sku}: {wish.kind} takes {least} to {MOST_AT_ONCE} pieces"
        raise InvalidInputError(problem, errors=[("quantity", f"{least} to {MOST_AT_ONCE}")])
    if wish.kind not in _SELF_EVIDENT and not wish.reason:
        raise InvalidInputError(f"a {wish.kind} needs a reason", errors=[("reason", "say why")])
    if wish.kind is MovementKind.STOCK_TAKE and wish.if_match is None:
        told = "a stock-take names the version that was counted, so that nobody's movement is counted away"
        raise InvalidInputError(told, errors=[("If-Match", 'send the ETag of the SKU, "0" where it is not kept yet')])


def check_sku(sku: str) -> None:
    """Raises InvalidInputError for a name that no pool can keep goods under."""
    if not may_be_kept(sku):
        problem = f"1 to {LONGEST_SKU} characters, without '/', '#' and signs that nobody sees"
        raise InvalidInputError(f"{sku[:40]!r} cannot be kept in a pool", errors=[("sku", problem)])


def _movement(wish: Wish, item: StockItem) -> Movement:
    if wish.kind is MovementKind.STOCK_TAKE:
        return Movement(kind=wish.kind, on_hand=wish.quantity - item.on_shelf)
    on_hand, quarantine = (0, -1) if wish.from_quarantine else _PLAIN[wish.kind]
    return Movement(kind=wish.kind, on_hand=on_hand * wish.quantity, quarantine=quarantine * wish.quantity)


def _unknown(sku: str, pool: Pool) -> NotFoundError:
    return NotFoundError(
        f"pool {pool.id} does not keep SKU {sku}: check it; a receipt or a stock-take begins to keep one"
    )


def put_kit(
    place: tuple[str, str, str],
    components: Mapping[str, int],
    if_match: int,
    actor: str,
    remember: Remember,
    *,
    store: Store,
    clock: Clock,
) -> Answer:
    """Say what a kit is made of (`place`: shop, pool, SKU); no components: it is none any more, and may hold goods.

    Kits of a pool change one at a time, so that no two changes together make a kit that is in itself. Raises
    NotFoundError, InvalidInputError, StageMismatchError (it holds goods), PreconditionFailedError.
    """
    shop, named, sku = place
    check_sku(sku)

    def once() -> Answer:
        pool = load_pool(shop, named, store)
        items = load_items(pool.ref, [sku, *components], store)
        known = items.get(sku)
        version = known.version if known is not None else 0
        if version != if_match:
            raise PreconditionFailedError(
                f"the stock of {sku} is at version {version}, you have {if_match}: read it again"
            )
        if known is not None and not known.empty:
            raise StageMismatchError(
                f"{sku} holds goods itself ({known.on_hand} on hand, {known.quarantine} in quarantine): write them off "
                "or sell them before it becomes a kit"
            )
        check_kit(sku, components, items.get)
        tall = height(components, items.get)
        if known is not None and tall > height(known.components, items.get):
            # Only then may a kit above it have become too deep, and nothing but the whole pool says which are above.
            kept = every(lambda cursor: store.stock_in(pool.seller, pool.id, limit=100, cursor=cursor))
            check_holders(sku, tall, kept)
        base = known or StockItem(seller=pool.seller, pool=pool.id, sku=sku, version=0)
        changed = replace(base, version=version + 1, components=dict(components))
        now = clock.now()
        data: dict[str, Json] = {"pool": pool.id, "sku": sku, "kind": "kit", "components": dict(components)}
        event = Event(type=EventType.STOCK_CHANGED, at=now, actor=actor, data=data | {"free_before": 0, "free": 0})
        answer = Answer(200, item_view(changed, free=free_of(sku, {**items, sku: changed})))
        serial = replace(pool, version=pool.version + 1)
        noted = Event(type=EventType.POOL_CHANGED, at=now, actor=actor, data={"pool": pool.id, "kit": sku})
        store.commit(
            [
                SaveStock(changed),
                AppendEvents(pool.seller, stock_ref(pool.id, sku), changed.version, (event,)),
                SavePool(serial),
                AppendEvents(pool.seller, pool_aggregate(pool.id), serial.version, (noted,)),
                *remember(answer),
            ]
        )
        return answer

    return decide_anew(once)


def get_item(shop: str, named: str, sku: str, *, store: StockReads) -> dict[str, Json]:
    """Raises NotFoundError."""
    pool = load_pool(shop, named, store)
    items = load_items(pool.ref, [sku], store)
    if sku not in items:
        raise _unknown(sku, pool)
    return item_view(items[sku], free=free_of(sku, items))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which SKUs of a pool a list shows; those of a page that it does not are left out of the page."""

    free_at_most: int | None = None
    quarantined: bool | None = None
    kits: bool | None = None

    def shows(self, item: StockItem, free: int) -> bool:
        return (
            (self.free_at_most is None or free <= self.free_at_most)
            and (self.quarantined is None or bool(item.quarantine) is self.quarantined)
            and (self.kits is None or item.is_kit is self.kits)
        )


def list_items(
    shop: str, named: str, shown: Shown, *, limit: int, cursor: str | None, store: StockReads
) -> dict[str, Json]:
    """What a pool keeps, by SKU. Raises NotFoundError, InvalidInputError for a cursor of another listing."""
    pool = load_pool(shop, named, store)
    page = store.stock_in(pool.seller, pool.id, limit=limit, cursor=cursor)
    free = free_stock(pool.ref, [item.sku for item in page.items], store=store, known=page.items)
    views: list[Json] = [
        item_view(item, free=free[item.sku]) for item in page.items if shown.shows(item, free[item.sku])
    ]
    return {"items": views, "next_cursor": page.cursor}


def free_stock(
    ref: PoolRef, skus: Sequence[str], *, store: StockReads, known: Sequence[StockItem] = ()
) -> dict[str, int]:
    """SKU -> how many may still be promised, for those that the pool keeps; of a kit what its components make.

    The numbers that a marketplace may be told. `known`: items read already; others are read.
    """
    items = {item.sku: item for item in known}
    wanted = [sku for sku in skus if sku not in items]
    wanted += [part for item in known for part in item.components if part not in items]
    items |= load_items(ref, wanted, store)
    return {sku: free_of(sku, items) for sku in skus if sku in items}


def list_movements(
    shop: str, named: str, sku: str, *, limit: int, cursor: str | None, store: StockReads
) -> dict[str, Json]:
    """How an SKU moved, oldest first. Raises NotFoundError, InvalidInputError."""
    pool = load_pool(shop, named, store)
    if sku not in store.stock_items(pool.seller, pool.id, [sku]):
        raise _unknown(sku, pool)
    page = store.stock_movements(pool.seller, pool.id, sku, limit=limit, cursor=cursor)
    return {"items": [movement_view(stored) for stored in page.items], "next_cursor": page.cursor}


def item_view(item: StockItem, *, free: int | None = None) -> dict[str, Json]:
    return {
        "sku": item.sku,
        "pool": item.pool,
        "owner": item.seller,
        "version": item.version,
        "on_hand": item.on_hand,
        "reserved": item.reserved,
        "picked": item.picked,
        "on_shelf": item.on_shelf,
        "free": item.free if free is None else free,
        "quarantine": item.quarantine,
        "components": dict(item.components),
    }


def movement_view(stored: StoredEvent) -> dict[str, Json]:
    data = stored.event.data
    return {
        "number": stored.version,
        "kind": data.get("kind"),
        "at": time_text(stored.event.at),
        "actor": stored.event.actor,
        "reason": stored.event.reason or None,
        "shop": data.get("shop"),
        "posting_number": data.get("posting"),
        "cause": data.get("cause"),
        "change": data.get("change") or {},
        "after": data.get("after") or {},
        "free_before": data.get("free_before"),
        "free": data.get("free"),
        "components": data.get("components"),
    }
