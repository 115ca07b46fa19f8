"""What is remembered of goods: pools, what they hold, how it moved, and what postings have of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipby.application.ports.pages import Page
    from shipby.domain.events import StoredEvent
    from shipby.domain.stock.item import StockItem
    from shipby.domain.stock.pool import Pool
    from shipby.domain.stock.reservation import Reservation
    from shipby.domain.stock.waiting import Waiting


class StockReads(Protocol):
    """Strongly consistent, all of it: nothing here is read from an index."""

    def pool(self, owner: str, identifier: str) -> Pool | None: ...
    def pools(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page[Pool]:
        """An owner's pools, by id."""

    def stock_items(self, owner: str, pool: str, skus: Sequence[str]) -> Mapping[str, StockItem]:
        """Those that are kept, by SKU in the order given; a hundred in one request."""

    def stock_in(self, owner: str, pool: str, *, limit: int = 50, cursor: str | None = None) -> Page[StockItem]:
        """All that a pool keeps, by SKU."""

    def stock_movements(
        self, owner: str, pool: str, sku: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[StoredEvent]:
        """How a SKU moved, oldest first; the version of each is its number."""

    def reservation(self, seller: str, number: str) -> Reservation | None: ...
    def waiting(self, owner: str, pool: str, sku: str, *, limit: int = 50) -> list[Waiting]:
        """Postings that lack pieces of a SKU, by shop and number."""
