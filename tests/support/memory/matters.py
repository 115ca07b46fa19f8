"""The part of the store in memory for matters of people, for carriers and for scans."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.rows import availability as offer_rows
from shipby.application.ports.pages import Page
from shipby.domain.availability.offers import Offer
from shipby.domain.availability.places import Place
from shipby.domain.availability.purchases import SupplyTerms
from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.events import number_job_ref
from shipby.domain.evidence.claims import Claim
from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload
from shipby.domain.packing.pick_claims import PickClaim
from shipby.domain.packing.pool import PoolMark
from shipby.domain.packing.quality import QualityFailure
from shipby.domain.shadow import ShadowDecision
from shipby.domain.tracking.number_job import NumberJob, NumberRows
from shipby.domain.tracking.scans import Scan
from tests.support.memory.index import worklist_id
from tests.support.memory.listings import MemoryListings

R = TypeVar("R")


class MemoryMatters(MemoryListings):
    """Listings and reads of these."""

    def number_job(self, seller: str, identifier: str) -> NumberJob | None:
        return self._get(keys.number_job(seller, identifier), NumberJob)

    def number_rows(self, seller: str, job: str) -> list[NumberRows]:
        return self._range(keys.aggregate_pk(seller, number_job_ref(job)), keys.ROWS_PREFIX, NumberRows)

    def offers_at(self, seller: str, places: Sequence[Place]) -> dict[Place, Offer]:
        found = {place: self._get(offer_rows.offer_key(seller, place), Offer) for place in places}
        return {place: offer for place, offer in found.items() if offer is not None}

    def offers_of(self, seller: str, *, limit: int = 500, cursor: str | None = None) -> Page[Offer]:
        return self._rows_of(offer_rows.offers_pk(seller), Offer, limit, cursor)

    def untold_offers(self, seller: str, *, limit: int) -> list[Place]:
        return self._range(offer_rows.untold_pk(seller), offer_rows.OFFER_PREFIX, Place)[:limit]

    def supply_terms(self, owner: str, pool: str, sku: str) -> SupplyTerms | None:
        return self._get(offer_rows.supply_key(owner, pool, sku), SupplyTerms)

    def supply_in(self, owner: str, pool: str, *, limit: int = 50, cursor: str | None = None) -> Page[SupplyTerms]:
        return self._rows_of(offer_rows.supplies_pk(owner, pool), SupplyTerms, limit, cursor)

    def cancel_request(self, seller: str, identifier: str) -> CancelRequest | None:
        return self._get(keys.cancel_request(seller, identifier), CancelRequest)

    def cancel_requests_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        partition = index_keys.cancel_requests_partition(seller, is_open=open_only)
        start = keys.sortable(since) if since else ""
        return self._page(partition, self._worklist, partition, worklist_id, limit=limit, cursor=cursor, start=start)

    def cases_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        partition = index_keys.cases_partition(seller, is_open=open_only)
        start = keys.sortable(since) if since else ""
        return self._page(partition, self._worklist, partition, worklist_id, limit=limit, cursor=cursor, start=start)

    def carriages_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        partition = index_keys.carriages_partition(seller, is_open=open_only)
        start = keys.sortable(since) if since else ""
        return self._page(partition, self._worklist, partition, worklist_id, limit=limit, cursor=cursor, start=start)

    def claim(self, seller: str, identifier: str) -> Claim | None:
        return self._get(keys.claim(seller, identifier), Claim)

    def claims_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        partition = index_keys.claims_partition(seller, is_open=open_only)
        start = keys.sortable(since) if since else ""
        return self._page(partition, self._worklist, partition, worklist_id, limit=limit, cursor=cursor, start=start)

    def evidence_chain(self, seller: str, number: str) -> EvidenceChain | None:
        return self._get(keys.evidence_chain(seller, number), EvidenceChain)

    def evidence(self, seller: str, number: str) -> list[EvidenceItem]:
        return self._range(keys.posting_pk(seller, number), keys.PIECE_PREFIX, EvidenceItem)

    def evidence_upload(self, seller: str, number: str, identifier: str) -> EvidenceUpload | None:
        return self._get(keys.evidence_upload(seller, number, identifier), EvidenceUpload)

    def evidence_pack(self, seller: str, identifier: str) -> EvidencePack | None:
        return self._get(keys.evidence_pack(seller, identifier), EvidencePack)

    def pool_marks(
        self, seller: str, sku: str, *, used: bool, limit: int = 100, cursor: str | None = None
    ) -> Page[PoolMark]:
        return self._rows_of(keys.pool_pk(seller, sku, used=used), PoolMark, limit, cursor)

    def pool_mark(self, seller: str, sku: str, identity: str) -> PoolMark | None:
        return self._get(keys.pool_mark(seller, sku, identity, used=True), PoolMark)

    def pick_claims(self, seller: str, *, limit: int = 1000, cursor: str | None = None) -> Page[PickClaim]:
        return self._rows_of(keys.picks_pk(seller), PickClaim, limit, cursor)

    def quality_failures_in(
        self, seller: str, month: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[QualityFailure]:
        return self._rows_of(keys.failures_pk(seller, month), QualityFailure, limit, cursor)

    def shadows_on(
        self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[ShadowDecision]:
        return self._rows_of(keys.shadows_pk(seller, day), ShadowDecision, limit, cursor)

    def scans(self, seller: str, number: str, *, limit: int = 100, cursor: str | None = None) -> Page[Scan]:
        return self._rows_of(keys.scans_pk(seller, number), Scan, limit, cursor)

    def carrier(self, seller: str, code: str) -> Carrier | None:
        return self._get(keys.carrier(seller, code), Carrier)

    def carriers(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Carrier]:
        return self._rows_of(keys.carriers_pk(seller), Carrier, limit, cursor)
