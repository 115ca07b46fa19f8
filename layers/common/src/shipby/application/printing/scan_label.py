"""A scanned label tells its posting, whether it is current, and what the packer does next."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from shipby.application.labels.ids import LABEL_IDS, OWN_ID, STICKER_ID
from shipby.application.ports.store import Store
from shipby.application.postings.label_codes import posting_of_code
from shipby.application.printing.copies import newest, newest_label
from shipby.application.shared.views import time_text
from shipby.domain import pointers
from shipby.domain.errors import NotFoundError
from shipby.domain.json_types import Json
from shipby.domain.labels.copies import (
    Reading,
    Verdict,
    judge,
    looks_like_copy_code,
    read_copy_code,
    read_pick_list_code,
    read_slip_code,
    readings,
    shown_time,
)
from shipby.domain.labels.documents import Document, DocumentKind
from shipby.domain.labels.page_proof import SEVERAL
from shipby.domain.postings.posting import Posting

MOST_LETTERS = 200
"""A longer text is no code of a label."""
KEYBOARD = "the scanner types under a Russian keyboard layout: switch the computer to English, it was read all the same"
SHARED = "labels of several postings have this code: scan another code of the label, or type the posting number"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """What a code leads to."""

    posting: Posting
    kind: str
    reading: Reading
    copy: int | None = None


def scan_label(seller: str, typed: str, *, store: Store) -> dict[str, Json]:
    """What a scanned code says: our own copy code, a barcode of a label, a tracking number, or a posting number.

    Raises NotFoundError, which says what to do.
    """
    # Some ways to us undo the percent signs of an address, others do not; a code of the marketplace holds them itself.
    found = [*readings(typed[:MOST_LETTERS]), *readings(unquote(typed[:MOST_LETTERS], errors="ignore"))]
    for reading in dict.fromkeys(found):
        if hit := _hit(seller, reading, store):
            return _view(hit, store.documents(seller, hit.posting.number))
    if any(posting_of_code(seller, reading.text, store=store) == SEVERAL for reading in found):
        raise NotFoundError(SHARED)
    raise NotFoundError(_advice(found))


def _hit(seller: str, reading: Reading, store: Store) -> _Hit | None:
    text, copy = reading.text, None
    if own := read_copy_code(text):
        number, kind, copy = own[0], str(own[1]), own[2]
    elif slip := read_slip_code(text):
        number, kind = slip, "packing_slip"
    elif target := posting_of_code(seller, text, store=store):
        number, kind = target, str(DocumentKind.LABEL)
    elif target := store.find(seller, pointers.TRACKING, text):
        number, kind = target, "tracking_number"
    else:
        number, kind = text, "posting_number"
    posting = store.posting(seller, number) if len(number) <= 100 else None
    return _Hit(posting=posting, kind=kind, reading=reading, copy=copy) if posting else None


def _view(hit: _Hit, documents: list[Document]) -> dict[str, Json]:
    posting = hit.posting
    paper = newest(documents, STICKER_ID) if hit.kind == DocumentKind.STICKER else newest_label(documents)
    verdict = _verdict(hit, paper, documents)
    copies = paper.printed_count if paper else 0
    return {
        "posting_number": posting.number,
        "stage": posting.stage,
        "status": posting.status,
        "kind": hit.kind,
        "copy": hit.copy,
        "copies": copies,
        "current": verdict.current,
        "why_not": verdict.why_not or None,
        "next": verdict.next,
        "printed_at": time_text(paper.printed_at) if paper else None,
        "printed_by": (paper.printed_by or None) if paper else None,
        "cut_off": time_text(posting.cut_off),
        "late": posting.late,
        "read_as": hit.reading.text,
        "hint": KEYBOARD if hit.reading.slip else None,
    }


def _verdict(hit: _Hit, paper: Document | None, documents: list[Document]) -> Verdict:
    copy = hit.copy
    if hit.kind == DocumentKind.LABEL and paper is not None and paper.id == OWN_ID:
        # The marketplace's label was scanned, and ours was printed after it.
        copy = max((one.printed_count for one in documents if one.id in LABEL_IDS.values()), default=0) or None
    return judge(hit.posting, paper, copy, time=shown_time(paper.printed_at if paper else None))


def _advice(found: list[Reading]) -> str:
    for reading in found:
        if looks_like_copy_code(reading.text) and read_copy_code(reading.text) is None:
            return "the code was misread: its check digits are wrong. Scan it again, or type the posting number"
        if job := read_pick_list_code(reading.text):
            return f"this is the code of pick list {job}, not of a parcel: open GET /v1/labels/{job}, or scan a label"
    return (
        "no posting is known by this code. Scan the label's largest barcode again, or type the posting number; "
        "if it is new, read the posting from the marketplace first. Do not send the parcel before that"
    )
