"""The part of the store in memory for goods."""

from collections.abc import Sequence

from shipby.adapters.dynamodb import keys
from shipby.application.ports.pages import Page
from shipby.domain.events import StoredEvent, stock_ref
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import Reservation
from shipby.domain.stock.waiting import Waiting
from tests.support.memory.matters import MemoryMatters


class MemoryStock(MemoryMatters):
    """Listings and reads of these."""

    def pool(self, owner: str, identifier: str) -> Pool | None:
        return self._get(keys.pool(owner, identifier), Pool)

    def pools(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page[Pool]:
        return self._rows_of(keys.pools_pk(owner), Pool, limit, cursor)

    def stock_items(self, owner: str, pool: str, skus: Sequence[str]) -> dict[str, StockItem]:
        found = {sku: self._get(keys.stock(owner, pool, sku), StockItem) for sku in dict.fromkeys(skus)}
        return {sku: item for sku, item in found.items() if item is not None}

    def stock_in(self, owner: str, pool: str, *, limit: int = 50, cursor: str | None = None) -> Page[StockItem]:
        return self._rows_of(keys.stocks_pk(owner, pool), StockItem, limit, cursor)

    def stock_movements(
        self, owner: str, pool: str, sku: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[StoredEvent]:
        return self._rows_of(keys.aggregate_pk(owner, stock_ref(pool, sku)), StoredEvent, limit, cursor)

    def reservation(self, seller: str, number: str) -> Reservation | None:
        return self._get(keys.reservation(seller, number), Reservation)

    def waiting(self, owner: str, pool: str, sku: str, *, limit: int = 50) -> list[Waiting]:
        return self._range(keys.waiting_pk(owner, pool), keys.waiting_prefix(sku), Waiting)[:limit]
