"""The store's half for goods."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys, rows
from shipby.adapters.dynamodb.matters import Matters
from shipby.adapters.dynamodb.paging import Listing, query
from shipby.application.ports.pages import Page
from shipby.domain.events import stock_ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipby.adapters.dynamodb.keys import Key
    from shipby.adapters.dynamodb.values import Item
    from shipby.domain.events import StoredEvent
    from shipby.domain.stock.item import StockItem
    from shipby.domain.stock.pool import Pool
    from shipby.domain.stock.reservation import Reservation
    from shipby.domain.stock.waiting import Waiting


class Stocks(Matters):
    """The other half gives it `_read` and `_get_many`."""

    if TYPE_CHECKING:

        def _get_many(self, wanted: Sequence[Key], columns: Sequence[str] = ()) -> dict[Key, Item]: ...

    def pool(self, owner: str, identifier: str) -> Pool | None:
        return self._read(rows.stock.pools(), keys.pool(owner, identifier))

    def pools(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page[Pool]:
        """An owner's pools, by id."""
        items, following = self._rows_of(owner, "pools", keys.pools_pk(owner), limit, cursor)
        return Page(tuple(rows.stock.pools().read(item) for item in items), following)

    def stock_items(self, owner: str, pool: str, skus: Sequence[str]) -> dict[str, StockItem]:
        """Those that are kept, in the order of `skus`."""
        wanted = {sku: keys.stock(owner, pool, sku) for sku in skus}
        found = self._get_many(list(wanted.values()))
        return {sku: rows.stock.stocks().read(found[key]) for sku, key in wanted.items() if key in found}

    def stock_in(self, owner: str, pool: str, *, limit: int = 50, cursor: str | None = None) -> Page[StockItem]:
        """All that a pool keeps, by SKU."""
        items, following = self._rows_of(owner, f"stock/{pool}", keys.stocks_pk(owner, pool), limit, cursor)
        return Page(tuple(rows.stock.stocks().read(item) for item in items), following)

    def stock_movements(
        self, owner: str, pool: str, sku: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[StoredEvent]:
        """How a SKU moved, oldest first."""
        partition = keys.aggregate_pk(owner, stock_ref(pool, sku))
        items, following = self._rows_of(owner, f"movements/{pool}/{sku}", partition, limit, cursor)
        return Page(tuple(rows.events.read_event(item) for item in items), following)

    def reservation(self, seller: str, number: str) -> Reservation | None:
        return self._read(rows.stock.reservations(), keys.reservation(seller, number))

    def waiting(self, owner: str, pool: str, sku: str, *, limit: int = 50) -> list[Waiting]:
        """Postings that lack pieces of a SKU, by shop and number."""
        listing = Listing(
            name="waiting",
            partition=("PK", keys.waiting_pk(owner, pool)),
            sort="SK",
            condition="begins_with(#sort, :sku)",
            values={":sku": keys.waiting_prefix(sku)},
        )
        found = query(self._client, self._table, listing, limit=limit)
        return [rows.stock.waits().read(item) for item in islice(found, limit)]
