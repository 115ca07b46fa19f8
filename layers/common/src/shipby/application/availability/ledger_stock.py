"""Free numbers from the ledger of stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shipby.application.ports.store import Store
from shipby.application.stock.ledger import free_stock
from shipby.domain.errors import InvalidInputError
from shipby.domain.stock.pool import Pool, PoolRef, pool_ref

_PAGE = 1000
_POOLS_KNOWN = 100
"""Pools whose kits a process remembers."""


class LedgerStock:
    """Implements `FreeStock`. Which kits an SKU is in is worked out once for each version of a pool: a kit that is
    changed gives its pool a new one. Safe to share; it may work out the same twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kits: dict[tuple[PoolRef, int], Mapping[str, Sequence[str]]] = {}

    def shops(self, owner: str, pool: str) -> dict[str, tuple[str, ...]]:
        found = self._store.pool(owner, pool)
        if found is None:
            return {}
        sellers = dict.fromkeys((found.seller, *found.shops))
        houses = {shop: self._houses(shop, found.ref) for shop in sellers}
        return {shop: named for shop, named in houses.items() if named}

    def _houses(self, shop: str, ref: PoolRef) -> tuple[str, ...]:
        return tuple(house for house, named in self._pools_by_house(shop).items() if named == ref)

    def _pools_by_house(self, shop: str) -> dict[str, PoolRef]:
        settings = self._store.settings(shop)
        found: dict[str, PoolRef] = {}
        for house, text in (settings.stock_pools if settings else {}).items():
            try:
                found[house] = pool_ref(text, shop)
            except InvalidInputError:  # of another release; reservations say so
                continue
        return found

    def named(self, shop: str) -> tuple[str, ...]:
        return tuple(house for house in self._pools_by_house(shop) if house != "*")

    def pools_of(self, shop: str) -> list[tuple[str, str]]:
        refs = dict.fromkeys(self._pools_by_house(shop).values())
        found = [(ref, self._store.pool(ref.owner, ref.pool)) for ref in refs]
        return [(ref.owner, ref.pool) for ref, pool in found if pool is not None and pool.open_to(shop)]

    def free(self, owner: str, pool: str, skus: Sequence[str]) -> dict[str, int]:
        return free_stock(PoolRef(owner, pool), list(skus), store=self._store)

    def reserved(self, owner: str, pool: str, skus: Sequence[str]) -> dict[str, int]:
        found = self._store.stock_items(owner, pool, skus)
        return {sku: item.reserved for sku, item in found.items() if not item.is_kit}

    def with_kits(self, owner: str, pool: str, sku: str) -> list[str]:
        found = self._store.pool(owner, pool)
        if found is None:
            return [sku]
        kits = self._kits_of(found)
        affected = [sku]
        for each in affected:  # grows: kits may be in kits
            affected += [kit for kit in kits.get(each, ()) if kit not in affected]
        return affected

    def _kits_of(self, pool: Pool) -> Mapping[str, Sequence[str]]:
        key = pool.ref, pool.version
        if key not in self._kits:
            if len(self._kits) >= _POOLS_KNOWN:
                self._kits.clear()
            kits: dict[str, list[str]] = {}
            cursor: str | None = None
            while True:
                page = self._store.stock_in(pool.seller, pool.id, limit=_PAGE, cursor=cursor)
                for item in page.items:
                    for part in item.components:
                        kits.setdefault(part, []).append(item.sku)
                cursor = page.cursor
                if cursor is None:
                    break
            self._kits[key] = kits
        return self._kits[key]

    def skus(self, owner: str, pool: str) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = self._store.stock_in(owner, pool, limit=_PAGE, cursor=cursor)
            found += [item.sku for item in page.items]
            cursor = page.cursor
            if cursor is None:
                return found
