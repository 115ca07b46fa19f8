"""A label whose barcodes the marketplace has changed is void: its copies must not travel, and a new one is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shipby.application.labels.asks import is_there
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.labels.storing import MOST_POINTERS
from shipby.application.ports.papers import LabelReads
from shipby.application.ports.writes import ReleasePointer, SaveDocument, Write
from shipby.domain import pointers
from shipby.domain.deadlines.firing import MISSING, may_be_labelled
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.postings.posting import MarketplacePosting, Posting

AMENDED = "the order was changed: copies printed before are void, a new label is fetched"
REASON = "the marketplace has changed the posting's barcodes: copies printed before are void, a new label is fetched"


def void_labels(
    posting: Posting,
    facts: MarketplacePosting,
    before: MarketplacePosting | None,
    *,
    store: LabelReads,
    now: datetime,
    actor: str,
    amended: bool = False,
) -> tuple[Posting, list[Event], list[Write]]:
    """What a read that changed the posting's barcodes does to its labels; for the read's own transaction. `before` is
    what the read before has said. `amended`: goods, way or address of the parcel are other ones, which voids its labels
    too, and the files of them that are being made.

    Nothing where the barcodes stand, or nothing was fetched, or the parcel has left. A code that is named for the first
    time, or not any more, says nothing of a label.
    """
    if not may_be_labelled(posting):
        return posting, [], []
    if amended:
        return _void(posting, _asked_for(posting, store), facts, before, now, actor, AMENDED)
    if not facts.codes:
        return posting, [], []
    if before is not None and not _changed(before, facts) and not _named_at_last(before, facts):
        return posting, [], []
    void = [document for document in _labels(posting, store) if _is_void(document, before, facts)]
    return _void(posting, void, facts, before, now, actor, REASON)


def _void(
    posting: Posting,
    void: Sequence[Document],
    facts: MarketplacePosting,
    before: MarketplacePosting | None,
    now: datetime,
    actor: str,
    reason: str,
) -> tuple[Posting, list[Event], list[Write]]:
    if not void:
        return posting, [], []
    events: list[Event] = []
    writes: list[Write] = []
    for document in void:
        data: dict[str, Json] = {
            "document": document.id,
            "form": document.form,
            "printed": document.printed_count,
            "label": MISSING,
        }
        events.append(Event(type=EventType.LABEL_VOIDED, at=now, actor=actor, reason=reason, data=data))
        writes.append(SaveDocument(_voided(document, reason)))
    shown = [code for document in void for code in document.barcodes]
    known = facts.codes or (before.codes if before else ())
    codes = dict.fromkeys(code for code in (*shown, *(before.codes if before else ())) if code not in known)
    writes += [
        ReleasePointer(posting.seller, pointers.LABEL, code, posting.number) for code in list(codes)[:MOST_POINTERS]
    ]
    return replace(posting, label_ready_at=None), events, writes


def _labels(posting: Posting, store: LabelReads) -> Sequence[Document]:
    found = (store.document(posting.seller, posting.number, identifier) for identifier in LABEL_IDS.values())
    return [document for document in found if document is not None and is_there(document)]


def _asked_for(posting: Posting, store: LabelReads) -> Sequence[Document]:
    """Labels that are there, or on their way: a file that is being made may show what the order was before."""
    found = (store.document(posting.seller, posting.number, identifier) for identifier in LABEL_IDS.values())
    return [
        document
        for document in found
        if document is not None
        and (is_there(document) or (document.state is DocumentState.WAITING and document.attempts > 0))
    ]


def _is_void(document: Document, before: MarketplacePosting | None, facts: MarketplacePosting) -> bool:
    if before is not None and _changed(before, facts):
        return True
    # No barcode was known when it was proven: it stands unless it shows none of those named now.
    return not set(document.barcodes) & set(facts.codes)


def _changed(before: MarketplacePosting, facts: MarketplacePosting) -> bool:
    """Whether the marketplace names other codes than it did, each kind by itself."""
    pairs = ((set(before.barcodes), set(facts.barcodes)), ({before.scanit} - {""}, {facts.scanit} - {""}))
    return any(was and now and was != now for was, now in pairs)


def _named_at_last(before: MarketplacePosting, facts: MarketplacePosting) -> bool:
    """Whether none was known until now."""
    return not before.codes and bool(facts.codes)


def _voided(document: Document, reason: str) -> Document:
    """As if it had never been asked for; how often it was printed stays, so that the next copy has the next number.
    Files that were asked for before are not taken any more."""
    return replace(
        document,
        version=document.version + 1,
        state=DocumentState.WAITING,
        key="",
        sha256="",
        pages=0,
        barcodes=(),
        attempts=0,
        problem=reason,
        newest_only=True,
        override_reason="",
        override_by="",
        ready_at=None,
    )
