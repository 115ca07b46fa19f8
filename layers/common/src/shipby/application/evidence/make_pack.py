"""Make an evidence pack: one document for people, one archive with every file and a manifest of hashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shipby.application.evidence.pack_contents import Files, moments, pretty, take_papers, take_piece
from shipby.application.evidence.packs import carriages_of
from shipby.application.evidence.views import check_chain, load_chain
from shipby.application.ports.clock import Clock
from shipby.application.ports.evidence import Archives, PackGood, PackPaper, PackPiece, PackPress, PackSheet
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveEvidencePack
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain import actors
from shipby.domain.errors import InvalidInputError, NotFoundError
from shipby.domain.events import Event, EventType, StoredEvent, evidence_pack_ref
from shipby.domain.evidence.chain import RULE, Broken, hashed_fields
from shipby.domain.evidence.files import kept_days, pack_key
from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, PackState
from shipby.domain.evidence.shapes import PDF
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings

FORMAT = "shipby-evidence-1"
CLAIM_LANGUAGE = "ru"
"""What the marketplace's support reads."""
ZIP = "application/zip"
DOCUMENT = "evidence.pdf"
MANIFEST = "manifest.json"
TICKET = "ticket.txt"


@dataclass(frozen=True, slots=True)
class PackTools:
    """What making a pack needs."""

    store: Store
    documents: DocumentStore
    press: PackPress
    archives: Archives
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything known of the posting when the pack was asked for."""

    pack: EvidencePack
    settings: SellerSettings
    items: Sequence[EvidenceItem]
    events: list[StoredEvent]
    broken: Broken | None
    carriages: tuple[str, ...]


def make_pack(seller: str, identifier: str, tools: PackTools) -> EvidencePack:
    """Make both files and end the pack READY, or FAILED with what is wrong.

    A pack that is READY or over stays as it is; one that failed is tried again. The files have fixed names, so a
    repeated message leaves none behind. Raises NotFoundError, StoreUnavailableError, VersionConflictError: the message
    comes again.
    """
    pack = _load(seller, identifier, tools)
    if pack.state not in (PackState.WAITING, PackState.FAILED):
        return pack
    scene = _scene(pack, tools.store)
    days = kept_days(scene.settings.evidence_kept)
    pdf_key, zip_key = (pack_key(days, seller, pack.id, content_type) for content_type in (PDF, ZIP))
    archive = tools.archives.begin()
    try:
        files = Files(archive, tools.documents, tools.press)
        pieces = [take_piece(item, files) for item in scene.items]
        papers = take_papers(pack, scene.events, scene.carriages, files, store=tools.store)
        document = tools.press.document(_sheet(scene, pieces, papers, tools.store))
        pdf_sha256 = files.write(DOCUMENT, document)
        if pack.ticket:
            files.write(TICKET, pack.ticket.encode())
        files.write(MANIFEST, pretty(_manifest(scene, pieces, papers, files)))
        content, zip_sha256 = archive.finish()
        tools.documents.put(pdf_key, document, content_type=PDF)
        tools.documents.put_file(zip_key, content, content_type=ZIP)
    except InvalidInputError as error:
        return _end(pack, tools, state=PackState.FAILED, problem=str(error)[:300])
    finally:
        archive.close()
    return _end(
        pack,
        tools,
        state=PackState.READY,
        problem="",
        pdf_key=pdf_key,
        zip_key=zip_key,
        pdf_sha256=pdf_sha256,
        zip_sha256=zip_sha256,
        # Never later than the store deletes them by its own rule.
        next_alarm=Alarm(
            due=tools.clock.now() + min(scene.settings.evidence_kept, timedelta(days=days)), kind=RungKind.EXPIRE_AT
        ),
    )


def drop_pack(seller: str, identifier: str, tools: PackTools) -> bool:
    """Delete the files of a pack whose time is over; False if it has none, or is not over. Raises NotFoundError."""
    pack = _load(seller, identifier, tools)
    if pack.state is not PackState.EXPIRED or not pack.pdf_key:
        return False
    tools.documents.delete(pack.pdf_key)
    tools.documents.delete(pack.zip_key)
    return True


def _load(seller: str, identifier: str, tools: PackTools) -> EvidencePack:
    pack = tools.store.evidence_pack(seller, identifier)
    if pack is None:
        raise NotFoundError(f"there is no evidence pack {identifier}")
    return pack


def _end(pack: EvidencePack, tools: PackTools, **changes: object) -> EvidencePack:
    def once() -> EvidencePack:
        stored = _load(pack.seller, pack.id, tools)
        if stored.state not in (PackState.WAITING, PackState.FAILED):
            return stored  # the same message came twice, and the other worker was quicker
        ended = replace(stored, version=stored.version + 1, **changes)  # type: ignore[arg-type]  # fields of the record
        data: dict[str, Json] = {"state": ended.state, "items": ended.items}
        event = Event(
            type=EventType.PACK_FINISHED,
            at=tools.clock.now(),
            actor=actors.LABEL_GENERATION,
            reason=ended.problem,
            data=data,
        )
        appended = AppendEvents(pack.seller, evidence_pack_ref(pack.id), ended.version, (event,))
        tools.store.commit([SaveEvidencePack(ended), appended])
        return ended

    return decide_anew(once)


def _scene(pack: EvidencePack, store: Store) -> _Scene:
    """As it stood when the pack was asked for; a chain that is broken anywhere is told all the same."""
    items, head, events = load_chain(pack.seller, pack.posting_number, store=store)
    broken = check_chain(items, head, events)
    before = [item for item in items if item.sequence <= pack.items]
    if broken is None:
        # The pack's own head must lead to the same items: what was cut off and added anew since would show here.
        asked = EvidenceChain(
            seller=pack.seller, posting_number=pack.posting_number, version=pack.items, hash=pack.chain_hash
        )
        told = [stored for stored in events if stored.event.data.get("sequence") in range(1, pack.items + 1)]
        broken = check_chain(before, asked, told)
    return _Scene(
        pack=pack,
        settings=store.settings(pack.seller) or SellerSettings(seller=pack.seller),
        items=before,
        events=[stored for stored in events if _was_told(stored, pack)],
        broken=broken,
        carriages=carriages_of(pack, store),
    )


def _was_told(stored: StoredEvent, pack: EvidencePack) -> bool:
    """Whether an event stood in the history when the pack was asked for: versions say so, not the clocks of workers."""
    if pack.posting_version:
        return stored.version <= pack.posting_version
    return stored.event.at <= pack.asked_at


def _sheet(scene: _Scene, pieces: Sequence[PackPiece], papers: Sequence[PackPaper], store: Store) -> PackSheet:
    pack = scene.pack
    posting = store.posting(pack.seller, pack.posting_number)
    detail = store.detail(pack.seller, pack.posting_number)
    check = store.bench_check(pack.seller, pack.posting_number)
    return PackSheet(
        # A claim or a ticket is read by the marketplace, whatever language the seller reads.
        language=CLAIM_LANGUAGE if pack.claim_id or pack.ticket else scene.settings.language,
        zone=scene.settings.time_zone,
        pack_id=pack.id,
        seller=pack.seller,
        posting_number=pack.posting_number,
        order_number=detail.order_number if detail else "",
        scheme=posting.scheme.value if posting else "",
        status=posting.status if posting else "",
        tracking_number=posting.tracking_number if posting else "",
        purpose=pack.purpose,
        claim_id=pack.claim_id,
        return_id=pack.return_id,
        asked_at=pack.asked_at,
        asked_by=pack.asked_by,
        chain_hash=pack.chain_hash,
        broken_at=scene.broken.sequence if scene.broken else None,
        goods=tuple(
            PackGood(
                offer=line.offer_id or line.sku,
                name=line.name,
                quantity=line.quantity,
                scanned=check.scanned.get(line.sku, 0) if check else None,
            )
            for line in (detail.lines if detail else ())
        ),
        pieces=tuple(pieces),
        papers=tuple(papers),
        moments=moments(scene.events),
    )


def _manifest(scene: _Scene, pieces: Sequence[PackPiece], papers: Sequence[PackPaper], files: Files) -> dict[str, Json]:
    pack = scene.pack
    return {
        "format": FORMAT,
        "pack": pack.id,
        "seller": pack.seller,
        "posting_number": pack.posting_number,
        "purpose": pack.purpose,
        "claim_id": pack.claim_id,
        "return_id": pack.return_id,
        "asked_at": time_text(pack.asked_at),
        "asked_by": pack.asked_by,
        "chain": {
            "items": pack.items,
            "hash": pack.chain_hash,
            "intact": scene.broken is None,
            "broken_at": scene.broken.sequence if scene.broken else None,
            "problem": scene.broken.why if scene.broken else None,
            "rule": RULE,
        },
        "items": [
            {
                "item": hashed_fields(item),
                "hash": item.hash,
                "file": piece.name or None,
                "problem": piece.problem or None,
            }
            for item, piece in zip(scene.items, pieces, strict=True)
        ],
        "records": [
            {
                "what": paper.what,
                "sha256": paper.sha256 or None,
                "file": paper.name or None,
                "at": time_text(paper.at),
                "problem": paper.problem or None,
            }
            for paper in papers
        ],
        "files": dict(files.hashes),
    }
