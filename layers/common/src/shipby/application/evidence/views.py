"""How evidence and its packs look to API clients, and whether a posting's chain is whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore, UploadLink
from shipby.application.ports.matters import EvidenceReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.printing.views import LINK_SECONDS
from shipby.application.shared.retry import ATTEMPTS
from shipby.application.shared.views import time_text
from shipby.domain.errors import NotFoundError
from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.evidence.chain import Broken, verify
from shipby.domain.evidence.files import days_of, identifier_of
from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload, PackState
from shipby.domain.json_types import Json


def check_chain(
    items: Sequence[EvidenceItem], head: EvidenceChain | None, events: Sequence[StoredEvent]
) -> Broken | None:
    """Whether a posting's evidence is what was added: by its own hashes, its head and the posting's history."""
    told: dict[int, str] = {}
    for stored in events:
        if stored.event.type is EventType.EVIDENCE_ADDED:
            sequence = stored.event.data.get("sequence")
            told[sequence if isinstance(sequence, int) else 0] = str(stored.event.data.get("hash"))
    return verify(items, head, told=told)


def load_chain(
    seller: str, number: str, *, store: Store
) -> tuple[list[EvidenceItem], EvidenceChain | None, list[StoredEvent]]:
    """Items, head and history, as they belong together: rows are read one after the other while others add to them."""
    for _ in range(ATTEMPTS):
        head = store.evidence_chain(seller, number)
        items = store.evidence(seller, number)
        events = store.events(seller, posting_ref(number))
        if store.evidence_chain(seller, number) == head:
            break
    return items, head, events


def kept_until(item: EvidenceItem) -> datetime | None:
    """When the store deletes an item's file; None where it has none."""
    days = days_of(item.key)
    return item.at + timedelta(days=days) if days else None


def item_view(item: EvidenceItem, link: str = "") -> dict[str, Json]:
    return {
        "sequence": item.sequence,
        "id": identifier_of(item.key) or None,
        "kind": item.kind,
        "at": time_text(item.at),
        "actor": item.actor,
        "sha256": item.sha256,
        "previous": item.previous or None,
        "hash": item.hash,
        "content_type": item.content_type or None,
        "size": item.size or None,
        "data": dict(item.data),
        "return_id": item.return_id or None,
        "kept_until": time_text(kept_until(item)),
        "link": link or None,
    }


def added_view(item: EvidenceItem) -> dict[str, Json]:
    """The answer to adding a piece: it is in the chain."""
    return {
        "id": identifier_of(item.key) or None,
        "posting_number": item.posting_number,
        "kind": item.kind,
        "state": "added",
        "upload": None,
        "item": item_view(item),
    }


def announced_view(upload: EvidenceUpload, link: UploadLink) -> dict[str, Json]:
    """The answer to announcing a file: where it is to be sent."""
    return {
        "id": upload.id,
        "posting_number": upload.posting_number,
        "kind": upload.kind,
        "state": "waiting",
        "upload": {
            "method": link.method,
            "url": link.url,
            "headers": dict(link.headers),
            "expires_at": time_text(upload.expires_at),
        },
        "item": None,
    }


def get_evidence(seller: str, number: str, *, store: Store, documents: DocumentStore, clock: Clock) -> dict[str, Json]:
    """All evidence of a posting with links to its files, and whether its chain is whole. Raises NotFoundError."""
    load_posting(store, seller, number)
    items, head, events = load_chain(seller, number, store=store)
    broken = check_chain(items, head, events)
    now = clock.now()

    def view(item: EvidenceItem) -> dict[str, Json]:
        until = kept_until(item)
        there = until is not None and now < until
        return item_view(item, documents.link(item.key, seconds=LINK_SECONDS) if there else "")

    return {
        "items": [view(item) for item in items],
        "next_cursor": None,
        "count": len(items),
        "hash": head.hash if head else None,
        "intact": broken is None,
        "broken_at": broken.sequence if broken else None,
        "problem": broken.why if broken else None,
    }


def pack_view(pack: EvidencePack, pdf_link: str = "", zip_link: str = "") -> dict[str, Json]:
    return {
        "id": pack.id,
        "version": pack.version,
        "posting_number": pack.posting_number,
        "state": pack.state,
        "purpose": pack.purpose or None,
        "claim_id": pack.claim_id or None,
        "return_id": pack.return_id or None,
        "asked_at": time_text(pack.asked_at),
        "asked_by": pack.asked_by,
        "items": pack.items,
        "chain_hash": pack.chain_hash or None,
        "pdf_sha256": pack.pdf_sha256 or None,
        "zip_sha256": pack.zip_sha256 or None,
        "pdf_link": pdf_link or None,
        "zip_link": zip_link or None,
        "problem": pack.problem or None,
        "expires_at": time_text(pack.next_alarm.due) if pack.next_alarm else None,
    }


def get_pack(
    seller: str, identifier: str, *, store: EvidenceReads, documents: DocumentStore, clock: Clock
) -> dict[str, Json]:
    """A pack, with links to its files while they are there. Raises NotFoundError."""
    pack = store.evidence_pack(seller, identifier)
    if pack is None:
        told = "ask for one with POST /v1/postings/{number}/evidence-packs"
        raise NotFoundError(f"there is no evidence pack {identifier}; {told}")
    over = pack.next_alarm is not None and pack.next_alarm.due <= clock.now()
    if pack.state is not PackState.READY or over:
        return pack_view(pack)
    return pack_view(
        pack,
        documents.link(pack.pdf_key, seconds=LINK_SECONDS),
        documents.link(pack.zip_key, seconds=LINK_SECONDS),
    )
