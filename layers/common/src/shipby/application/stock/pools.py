"""Pools: made and opened to other shops by their owner; who may look into one."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import StockReads
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePool
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import Event, EventType, pool_aggregate
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.stock.pool import Pool, pool_ref

MOST_POOLS = 50
DEFAULT_POOL = "main"


def load_pool(shop: str, named: str, store: StockReads) -> Pool:
    """The pool that a shop names, its own or one that is open to it. Raises NotFoundError, with the same words whether
    there is none or it is not open to this shop, and InvalidInputError."""
    ref = pool_ref(named or DEFAULT_POOL, shop)
    pool = store.pool(ref.owner, ref.pool)
    if pool is None or not pool.open_to(shop):
        raise NotFoundError(
            f"there is no pool {ref.text} that is open to this shop; PUT /v1/stock-pools/{ref.pool} with If-Match: 0 "
            "makes one of your own"
        )
    return pool


def get_pool(shop: str, named: str, *, store: StockReads) -> dict[str, Json]:
    return pool_view(load_pool(shop, named, store), shop)


def list_pools(shop: str, *, limit: int, cursor: str | None, store: Store) -> dict[str, Json]:
    """A shop's own pools by id; on the first page behind them those of others that its settings name and that are open
    to it."""
    page = store.pools(shop, limit=limit, cursor=cursor)
    others: list[Json] = []
    if cursor is None:
        for named in _named(store, shop):
            ref = pool_ref(named, shop)
            found = store.pool(ref.owner, ref.pool) if ref.owner != shop else None
            if found is not None and found.open_to(shop):
                others.append(pool_view(found, shop))
    return {"items": [*(pool_view(pool, shop) for pool in page.items), *others], "next_cursor": page.cursor}


def _named(store: SellerReads, shop: str) -> list[str]:
    settings = store.settings(shop) or SellerSettings(seller=shop)
    return list(dict.fromkeys(settings.stock_pools.values()))


def put_pool(pool: Pool, if_match: int, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Create (`if_match` 0) or change an own pool; `pool.version` is not looked at.

    Raises PreconditionFailedError unless `if_match` is the stored version, InvalidInputError for one too many, and for
    a shop that is the owner itself.
    """
    if pool.seller in pool.shops:
        raise InvalidInputError("the owner needs no leave", errors=[("shops", "name other shops only")])

    def once() -> Answer:
        current = store.pool(pool.seller, pool.id)
        version = current.version if current else 0
        if version != if_match:
            raise PreconditionFailedError(f"pool {pool.id} is at version {version}, you have {if_match}: read it again")
        if current is None and len(store.pools(pool.seller, limit=MOST_POOLS).items) >= MOST_POOLS:
            raise InvalidInputError(f"{MOST_POOLS} pools are the most", errors=[("pool", "use one of those")])
        changed = replace(pool, version=version + 1)
        answer = Answer(200, pool_view(changed, pool.seller))
        data: dict[str, Json] = {"pool": pool.id, "shops": list(pool.shops)}
        event = Event(type=EventType.POOL_CHANGED, at=clock.now(), actor=actor, data=data)
        told = AppendEvents(pool.seller, pool_aggregate(pool.id), changed.version, (event,))
        store.commit([SavePool(changed), told, *remember(answer)])
        return answer

    return decide_anew(once)


def pool_view(pool: Pool, shop: str) -> dict[str, Json]:
    own = pool.seller == shop
    return {
        "pool": pool.id if own else pool.ref.text,
        "owner": pool.seller,
        "own": own,
        "version": pool.version,
        "name": pool.name,
        "shops": list(pool.shops) if own else [],
    }
