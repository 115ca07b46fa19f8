"""What is remembered of papers, of the bench, of goods, of carriers, and of what is for sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.availability.offers import Offer
    from shipby.domain.availability.places import Place
    from shipby.domain.availability.purchases import SupplyTerms
    from shipby.domain.carriages import Carriage
    from shipby.domain.carriers.carrier import Carrier
    from shipby.domain.events import StoredEvent
    from shipby.domain.labels.documents import Document
    from shipby.domain.labels.pages import RefusedPage
    from shipby.domain.labels.prints import PrintJob
    from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard
    from shipby.domain.packing.pick_claims import PickClaim
    from shipby.domain.packing.pool import PoolMark
    from shipby.domain.packing.quality import QualityFailure
    from shipby.domain.postings.posting import MarketplacePosting, Posting
    from shipby.domain.sellers.settings import SellerSettings
    from shipby.domain.stock.item import StockItem
    from shipby.domain.stock.pool import Pool
    from shipby.domain.stock.reservation import Reservation
    from shipby.domain.stock.waiting import Waiting
    from shipby.domain.tracking.number_job import NumberJob, NumberRows
    from shipby.domain.tracking.purchases import Purchase
    from shipby.domain.tracking.scans import Scan


class LabelReads(Protocol):
    """Labels and refused pages."""

    def document(self, seller: str, number: str, identifier: str) -> Document | None: ...
    def documents(self, seller: str, number: str) -> list[Document]: ...
    def refused_page(self, seller: str, day: date, identifier: str) -> RefusedPage | None: ...
    def refused_pages_on(
        self, seller: str, day: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[RefusedPage]:
        """Pages of label files that were set aside on a day (UTC), by id."""


class PrintJobs(Protocol):
    """Print jobs."""

    def print_job(self, seller: str, identifier: str) -> PrintJob | None: ...
    def note_progress(self, seller: str, job: str, done: int) -> None:
        """Raise a waiting print job's `done`; no new version, and nothing where it has ended or is further."""


class BenchScene(NamedTuple):
    """All that a scan into a parcel is judged by, but for the cards of its products."""

    posting: Posting
    detail: MarketplacePosting | None
    check: BenchCheck | None
    sheet: ExemplarSheet | None
    settings: SellerSettings | None
    labels: Mapping[str, Document]
    """Those of the ids asked for that there are."""


class BenchReads(Protocol):
    """What the bench knows and checked."""

    def bench_scene(self, seller: str, number: str, *, labels: Sequence[str] = ()) -> BenchScene | None:
        """A posting with everything beside it that a scan needs, in one request; strongly consistent, item by item.
        None where there is no such posting."""

    def product_card(self, seller: str, sku: str) -> ProductCard | None: ...
    def product_cards_of(self, seller: str, skus: Sequence[str]) -> Mapping[str, ProductCard]:
        """Those that there are, by SKU in the order given; strongly consistent, a hundred in one request."""

    def product_cards(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[ProductCard]:
        """All product cards, by SKU."""

    def bench_check(self, seller: str, number: str) -> BenchCheck | None: ...
    def exemplar_sheet(self, seller: str, number: str) -> ExemplarSheet | None: ...
    def pool_marks(
        self, seller: str, sku: str, *, used: bool, limit: int = 100, cursor: str | None = None
    ) -> Page[PoolMark]:
        """Free or used marks of a product's pool, by code; strongly consistent."""

    def pool_mark(self, seller: str, sku: str, identity: str) -> PoolMark | None:
        """A used mark of a product's pool, by GTIN and serial."""

    def pick_claims(self, seller: str, *, limit: int = 1000, cursor: str | None = None) -> Page[PickClaim]:
        """Lines that pickers have or had in the last hours, by posting; strongly consistent."""

    def quality_failures_in(
        self, seller: str, month: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[QualityFailure]:
        """Units that failed their inspection in the month (UTC) of a day, in order of their time."""


class StockReads(Protocol):
    """Pools, what they hold, how it moved, and what postings have of it.

    Strongly consistent, all of it: nothing here is read from an index."""

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


class CarrierReads(Protocol):
    """The seller's own carriers; presets are no rows."""

    def carrier(self, seller: str, code: str) -> Carrier | None: ...
    def carriers(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Carrier]:
        """All of them, by code."""


class PurchaseReads(Protocol):
    """Goods that were bought for orders."""

    def purchase(self, seller: str, identifier: str) -> Purchase | None: ...
    def purchases(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Purchase]:
        """All of them, by id."""


class ScanReads(Protocol):
    """Scans, by tracking number: a number that replaces another one has none of its scans."""

    def scans(self, seller: str, number: str, *, limit: int = 100, cursor: str | None = None) -> Page[Scan]:
        """What carriers said of a tracking number, in order of their time."""


class NumberJobReads(Protocol):
    """Jobs of many tracking numbers."""

    def number_job(self, seller: str, identifier: str) -> NumberJob | None: ...
    def number_rows(self, seller: str, job: str) -> list[NumberRows]:
        """All rows of a job, in order."""


class CarriageReads(Protocol):
    """Carriages."""

    def carriage(self, seller: str, identifier: str) -> Carriage | None: ...
    def carriages_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of carriages that still have to be looked at, oldest first, else the others.

        With `since` only those asked for from then on.
        """


class OfferReads(Protocol):
    """What shops say is for sale; all strongly consistent."""

    def offers_at(self, seller: str, places: Sequence[Place]) -> Mapping[Place, Offer]:
        """Those of the places that a shop has an offer at."""

    def offers_of(self, seller: str, *, limit: int = 500, cursor: str | None = None) -> Page[Offer]:
        """All offers of a shop, by warehouse and article."""

    def untold_offers(self, seller: str, *, limit: int) -> Sequence[Place]:
        """Places whose newest number waits to be told; at most so many."""

    def supply_terms(self, owner: str, pool: str, sku: str) -> SupplyTerms | None: ...
    def supply_in(self, owner: str, pool: str, *, limit: int = 50, cursor: str | None = None) -> Page[SupplyTerms]:
        """How a pool's articles are bought, by SKU."""
