"""The store's half for matters of people: wishes to cancel, claims, evidence and its packs, shadowed decisions."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import index_keys, keys, rows
from shipby.adapters.dynamodb.listings import Listings
from shipby.adapters.dynamodb.paging import Listing, query
from shipby.application.ports.pages import Page
from shipby.domain.events import posting_ref

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from shipby.adapters.dynamodb.keys import Key
    from shipby.adapters.dynamodb.rows.kind import Kind, T
    from shipby.adapters.dynamodb.values import Item
    from shipby.domain.availability.offers import Offer
    from shipby.domain.availability.places import Place
    from shipby.domain.availability.purchases import SupplyTerms
    from shipby.domain.cancels.requests import CancelRequest
    from shipby.domain.evidence.claims import Claim
    from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload
    from shipby.domain.packing.pick_claims import PickClaim
    from shipby.domain.packing.pool import PoolMark
    from shipby.domain.packing.quality import QualityFailure
    from shipby.domain.shadow import ShadowDecision


class Matters(Listings):
    """The other half gives it `_read`."""

    if TYPE_CHECKING:

        def _read(self, kind: Kind[T], key: Key) -> T | None: ...
        def _get_many(self, wanted: Sequence[Key], columns: Sequence[str] = ()) -> dict[Key, Item]: ...

    def cancel_request(self, seller: str, identifier: str) -> CancelRequest | None:
        return self._read(rows.cancels.cancel_requests(), keys.cancel_request(seller, identifier))

    def cancel_requests_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of buyers' wishes to cancel, earliest automatic approval first (open), else those decided."""
        partition = index_keys.cancel_requests_partition(seller, is_open=open_only)
        return self._ids(seller, f"cancel-requests/{open_only}", partition, limit, cursor, since=since)

    def offers_at(self, seller: str, places: Sequence[Place]) -> dict[Place, Offer]:
        """Those of the places that a shop has an offer at."""
        wanted = {place: rows.availability.offer_key(seller, place) for place in dict.fromkeys(places)}
        found = self._get_many(list(wanted.values()))
        kind = rows.availability.offers()
        return {place: kind.read(found[key]) for place, key in wanted.items() if key in found}

    def offers_of(self, seller: str, *, limit: int = 500, cursor: str | None = None) -> Page[Offer]:
        """All offers of a shop, by warehouse and article."""
        items, following = self._rows_of(seller, "offers", rows.availability.offers_pk(seller), limit, cursor)
        return Page(tuple(rows.availability.offers().read(item) for item in items), following)

    def untold_offers(self, seller: str, *, limit: int) -> list[Place]:
        """Places whose newest number waits to be told; at most so many."""
        listing = Listing(name="untold", partition=("PK", rows.availability.untold_pk(seller)), sort="SK")
        found = query(self._client, self._table, listing, limit=limit)
        return [rows.availability.place_of(item) for item in islice(found, limit)]

    def supply_terms(self, owner: str, pool: str, sku: str) -> SupplyTerms | None:
        return self._read(rows.availability.supplies(), rows.availability.supply_key(owner, pool, sku))

    def supply_in(self, owner: str, pool: str, *, limit: int = 50, cursor: str | None = None) -> Page[SupplyTerms]:
        """How a pool's articles are bought, by SKU."""
        items, following = self._rows_of(
            owner, f"supply/{pool}", rows.availability.supplies_pk(owner, pool), limit, cursor
        )
        return Page(tuple(rows.availability.supplies().read(item) for item in items), following)

    def claim(self, seller: str, identifier: str) -> Claim | None:
        return self._read(rows.evidence.claims(), keys.claim(seller, identifier))

    def claims_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of claims, earliest answer first (open), else those that ended."""
        partition = index_keys.claims_partition(seller, is_open=open_only)
        return self._ids(seller, f"claims/{open_only}", partition, limit, cursor, since=since)

    def evidence_chain(self, seller: str, number: str) -> EvidenceChain | None:
        return self._read(rows.evidence.chains(), keys.evidence_chain(seller, number))

    def evidence(self, seller: str, number: str) -> list[EvidenceItem]:
        """All evidence of a posting in its order."""
        found = self._begin_with(seller, posting_ref(number), keys.PIECE_PREFIX)
        return [rows.evidence.evidence().read(item) for item in found]

    def evidence_upload(self, seller: str, number: str, identifier: str) -> EvidenceUpload | None:
        key = keys.evidence_upload(seller, number, identifier)
        return self._read(rows.evidence.uploads(), key)

    def evidence_pack(self, seller: str, identifier: str) -> EvidencePack | None:
        return self._read(rows.evidence.packs(), keys.evidence_pack(seller, identifier))

    def pool_marks(
        self, seller: str, sku: str, *, used: bool, limit: int = 100, cursor: str | None = None
    ) -> Page[PoolMark]:
        """Free or used marks of a product's pool, by code."""
        partition = keys.pool_pk(seller, sku, used=used)
        items, following = self._rows_of(seller, f"pool/{sku}/{used}", partition, limit, cursor)
        return Page(tuple(rows.packing.pool_marks().read(item) for item in items), following)

    def pool_mark(self, seller: str, sku: str, identity: str) -> PoolMark | None:
        """A used mark of a product's pool, by GTIN and serial."""
        return self._read(rows.packing.pool_marks(), keys.pool_mark(seller, sku, identity, used=True))

    def pick_claims(self, seller: str, *, limit: int = 1000, cursor: str | None = None) -> Page[PickClaim]:
        """Lines that pickers have or had in the last hours, by posting."""
        items, following = self._rows_of(seller, "picks", keys.picks_pk(seller), limit, cursor)
        return Page(tuple(rows.packing.pick_claims().read(item) for item in items), following)

    def quality_failures_in(
        self, seller: str, month: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[QualityFailure]:
        """Units that failed their inspection in a UTC month, in order."""
        partition = keys.failures_pk(seller, month)
        items, following = self._rows_of(seller, f"failures/{month:%Y%m}", partition, limit, cursor)
        return Page(tuple(rows.packing.quality_failures().read(item) for item in items), following)

    def shadows_on(
        self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[ShadowDecision]:
        """What automatic actions would have done on a UTC day, in order; kept for 90 days."""
        items, following = self._rows_of(seller, f"shadows/{day}", keys.shadows_pk(seller, day), limit, cursor)
        return Page(tuple(rows.shadow.shadows().read(item) for item in items), following)
