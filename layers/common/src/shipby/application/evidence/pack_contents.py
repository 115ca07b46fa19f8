"""What goes into an evidence pack: the chain's files, what the product knows by itself, and the history.

The pack is as its posting was when it was asked for: later items and events are left out, so that a repeated message
makes the same pack again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shipby.application.carriages.papers import ACT as CARRIAGE_ACT
from shipby.application.ports.evidence import (
    ACT,
    BENCH,
    CHANGED,
    GONE,
    HISTORY,
    LABEL,
    NOT_SHOWN,
    TOO_LARGE,
    TRACKING,
    Archive,
    PackMoment,
    PackPaper,
    PackPiece,
    PackPress,
    Picture,
)
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.papers import CarriageReads, LabelReads
from shipby.application.ports.store import Store
from shipby.application.postings.tracking_history import change_view
from shipby.application.postings.views import event_view
from shipby.application.shared.views import time_text
from shipby.domain.errors import InvalidInputError, NotFoundError
from shipby.domain.events import Event, EventType, StoredEvent
from shipby.domain.evidence.files import ENDINGS, MIB, TEXT
from shipby.domain.evidence.pieces import EvidenceItem, EvidenceKind, EvidencePack
from shipby.domain.evidence.shapes import HEIC, PDF
from shipby.domain.json_types import Json

MOST_BYTES = 220 * MIB
"""Of all files in the archive: two videos of the largest size and some pictures. It is made on the worker's disk."""
MOST_PICTURES = 120
"""Drawn in the document; the others are in the archive."""
_TOLD = frozenset(
    {
        EventType.POSTING_RECEIVED,
        EventType.POSTING_CONFIRMED,
        EventType.POSTING_PICKED,
        EventType.POSTING_INSPECTED,
        EventType.BENCH_SCANNED,
        EventType.BENCH_COMPLETED,
        EventType.EXEMPLARS_ENTERED,
        EventType.POSTING_PACKED,
        EventType.POSTING_ASSEMBLED,
        EventType.LABEL_READY,
        EventType.LABEL_PRINTED,
        EventType.LABEL_VOIDED,
        EventType.POSTING_HANDED_OVER,
        EventType.POSTING_IN_TRANSIT,
        EventType.POSTING_DELIVERED,
        EventType.POSTING_CLOSED,
        EventType.POSTING_CANCELLED,
        EventType.TRACKING_CHANGED,
        EventType.EVIDENCE_ADDED,
    }
)
"""What the document's timeline tells; the whole history is in the archive."""
_DETAILS = ("sku", "code", "quantity", "copy", "carriage", "old", "new", "carrier", "by")


@dataclass(slots=True)
class Files:
    """Puts files into the archive as far as there is room, and says what became of each."""

    archive: Archive
    documents: DocumentStore
    press: PackPress
    hashes: dict[str, str] = field(default_factory=dict)
    """Name in the archive -> SHA-256."""
    _room: int = MOST_BYTES
    _pictures: int = 0

    def write(self, name: str, content: bytes) -> str:
        """Something made here; returns its SHA-256."""
        self.hashes[name] = self.archive.add(name, (content,)).sha256
        return self.hashes[name]

    def take(self, name: str, key: str, *, size: int, sha256: str, content_type: str) -> _Taken:
        """A file of the store."""
        if size > self._room:
            return _Taken("", TOO_LARGE)
        drawn = content_type != HEIC and not content_type.startswith("video/")
        kept = bytearray()

        def parts() -> Iterator[bytes]:
            for chunk in self.documents.chunks(key):
                if drawn:
                    kept.extend(chunk)
                yield chunk

        try:
            # Looked for first: a file that is gone must not leave an empty one in the archive.
            self.documents.size(key)
            stored = self.archive.add(name, parts())
        except NotFoundError:
            return _Taken("", GONE)
        self._room -= stored.size
        self.hashes[name] = stored.sha256
        if stored.sha256 != sha256:
            return _Taken(name, CHANGED)
        content = bytes(kept)
        if content_type == TEXT:
            return _Taken(name, text=content.decode())
        if not drawn:
            return _Taken(name, NOT_SHOWN)
        picture = self._picture(content, content_type)
        return _Taken(name, "" if picture else NOT_SHOWN, picture=picture)

    def _picture(self, content: bytes, content_type: str) -> Picture | None:
        if self._pictures >= MOST_PICTURES:
            return None
        try:
            drawn = self.press.first_page(content) if content_type == PDF else self.press.picture(content, content_type)
        except InvalidInputError:
            return None  # the document says so beside it; the file itself is in the archive
        self._pictures += 1
        return drawn


@dataclass(frozen=True, slots=True)
class _Taken:
    name: str
    problem: str = ""
    text: str = ""
    picture: Picture | None = None


def take_piece(item: EvidenceItem, files: Files) -> PackPiece:
    """An item of the chain, with its file in the archive."""
    taken = _Taken("")
    if item.key:
        name = f"evidence/{item.sequence:03d}-{item.kind}.{ENDINGS.get(item.content_type, 'bin')}"
        taken = files.take(name, item.key, size=item.size, sha256=item.sha256, content_type=item.content_type)
    return PackPiece(
        sequence=item.sequence,
        kind=item.kind,
        at=item.at,
        actor=item.actor,
        sha256=item.sha256,
        hash=item.hash,
        content_type=item.content_type,
        size=item.size,
        data=item.data,
        return_id=item.return_id,
        name=taken.name,
        problem=taken.problem,
        text=taken.text,
        picture=taken.picture,
    )


def take_papers(
    pack: EvidencePack, events: Sequence[StoredEvent], carriages: Sequence[str], files: Files, *, store: Store
) -> list[PackPaper]:
    """What the product itself knows of the posting; each with its SHA-256, none of it in the chain."""
    seller, number = pack.seller, pack.posting_number
    papers = [*_labels(seller, number, files, store), *_acts(seller, carriages, files, store)]
    check = store.bench_check(seller, number)
    if check is not None:
        bench: dict[str, Json] = {
            "posting_number": number,
            "scanned": dict(check.scanned),
            "started_at": time_text(check.started_at),
            "completed_at": time_text(check.completed_at),
            "by": check.by,
        }
        detail = ", ".join(f"{sku} × {count}" for sku, count in sorted(check.scanned.items()))
        papers.append(_written(BENCH, bench, files, at=check.completed_at or check.started_at, detail=detail))
    # Each change of the number has its event: what the history tells of was there, whatever its time says.
    known = sum(stored.event.type is EventType.TRACKING_CHANGED for stored in events)
    numbers = store.tracking_history(seller, number)
    if numbers:
        there = [change for change in numbers if change.sequence <= known or change.at <= pack.asked_at]
        told: list[Json] = [change_view(change, events, store) for change in there]
        detail = " → ".join(change.new for change in there)
        papers.append(_written(TRACKING, {"changes": told}, files, detail=detail))
    history: list[Json] = [event_view(stored) for stored in events]
    last = events[-1].version if events else 0
    papers.append(_written(HISTORY, {"events": history}, files, detail=f"1–{last}"))
    return papers


def pretty(value: Json) -> bytes:
    """JSON for people and machines, the same every time."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=dict).encode()


def _written(what: str, value: Json, files: Files, *, at: datetime | None = None, detail: str = "") -> PackPaper:
    name = f"records/{what}.json"
    return PackPaper(what=what, sha256=files.write(name, pretty(value)), name=name, at=at, detail=detail)


def _labels(seller: str, number: str, files: Files, store: LabelReads) -> Iterator[PackPaper]:
    for document in store.documents(seller, number):
        if not document.sha256:
            continue
        name, problem, picture = "", GONE, None
        if document.key and document.gone_at is None:
            taken = files.take(
                f"papers/{document.id}.pdf", document.key, size=0, sha256=document.sha256, content_type=PDF
            )
            name, problem, picture = taken.name, taken.problem, taken.picture
        yield PackPaper(
            what=LABEL,
            sha256=document.sha256,
            name=name,
            at=document.ready_at,
            detail=" · ".join(filter(None, [document.form, *document.barcodes[:3]])),
            problem=problem,
            picture=picture,
        )


def _acts(seller: str, carriages: Sequence[str], files: Files, store: CarriageReads) -> Iterator[PackPaper]:
    for identifier in carriages:
        carriage = store.carriage(seller, identifier)
        key = carriage.documents.get(CARRIAGE_ACT, "") if carriage else ""
        if carriage is None or not key:
            continue
        try:
            content = files.documents.get(key)
        except NotFoundError:
            yield PackPaper(what=ACT, sha256="", name="", at=carriage.approved_at, detail=identifier, problem=GONE)
            continue
        digest = hashlib.sha256(content).hexdigest()
        taken = files.take(f"papers/act-{identifier}.pdf", key, size=len(content), sha256=digest, content_type=PDF)
        yield PackPaper(
            what=ACT,
            sha256=digest,
            name=taken.name,
            at=carriage.approved_at,
            detail=carriage.marketplace_id or identifier,
            problem=taken.problem,
            picture=taken.picture,
        )


def moments(events: Sequence[StoredEvent]) -> tuple[PackMoment, ...]:
    """The timeline: what concerns the parcel, in order."""
    return tuple(_moment(stored.event) for stored in events if stored.event.type in _TOLD)


def _moment(event: Event) -> PackMoment:
    shown = [str(event.data[name]) for name in _DETAILS if event.data.get(name) not in (None, "")]
    sequence, kind = event.data.get("sequence"), event.data.get("kind")
    return PackMoment(
        at=event.at,
        type=event.type,
        actor=event.actor,
        detail=" · ".join(shown),
        piece=(
            (sequence, EvidenceKind(str(kind)))
            if event.type is EventType.EVIDENCE_ADDED and isinstance(sequence, int)
            else None
        ),
    )
