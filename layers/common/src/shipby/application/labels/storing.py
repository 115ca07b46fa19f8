"""Storing a label: the file under the hash of its content, then document, event and pointers in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from shipby.application.labels.asks import Tools, commit_label, new_document, wanted
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.ports.press import LabelPage
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveDocument, Write
from shipby.application.postings.label_codes import claim_code
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.domain import actors
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.labels.page_proof import is_own_code, is_posting_number
from shipby.domain.labels.rules import shows_person
from shipby.domain.postings.posting import Posting

MOST_POINTERS = 80
"""Barcodes of one label that lead to it; a transaction has room for 100 writes."""
CODE_TAKEN = "a barcode of this label was claimed meanwhile: read it again"


def store_label(
    seller: str,
    number: str,
    pages: Sequence[LabelPage],
    tools: Tools,
    *,
    form: LabelForm,
    unproven: str = "",
    asked: str = "",
) -> bool:
    """Keep the pages of a posting as its label; False if it wants none (any more), or none of the ask `asked`.

    `unproven` says why the page could not be read back: the label then waits for a person. A crash between the file
    and the transaction leaves a file nobody knows of, which the repeated message writes once more. Raises
    StoreUnavailableError, VersionConflictError.
    """
    found = wanted(tools.store, seller, number, form)
    if found is None or not found.takes(asked):
        return False
    content = tools.papers.merge([page.pdf for page in pages])
    digest = hashlib.sha256(content).hexdigest()
    personal = shows_person(found.posting)
    key = f"{'personal/' if personal else ''}labels/{seller}/{number}/{digest}.pdf"
    tools.documents.put(key, content, content_type="application/pdf")
    barcodes = tuple(dict.fromkeys(code for page in pages for code in page.barcodes))

    def once() -> bool:
        still = wanted(tools.store, seller, number, form)
        if still is None or not still.takes(asked):
            return False
        now = tools.clock.now()
        known = still.document
        document = replace(
            known or new_document(still.posting, form, now),
            version=known.version + 1 if known else 1,
            state=DocumentState.UNPROVEN if unproven else DocumentState.READY,
            key=key,
            sha256=digest,
            pages=len(pages),
            barcodes=barcodes,
            problem=unproven,
            form=form,
            personal=personal,
            override_reason="",
            override_by="",
            ready_at=now,
            gone_at=None,
            newest_only=False,
        )
        events, problem = _replaced(known, digest, form, document)
        document = replace(document, problem=problem)
        data: dict[str, Json] = {
            "document": document.id,
            "form": form,
            "sha256": digest,
            "pages": len(pages),
            "barcodes": list(barcodes),
        }
        kind = EventType.LABEL_UNPROVEN if unproven else EventType.LABEL_READY
        events.append(Event(type=kind, at=now, actor=actors.LABEL_GENERATION, reason=unproven, data=data))
        posting = still.posting
        pointers: list[Write] = []
        if not unproven:
            posting = replace(posting, label_ready_at=posting.label_ready_at or now)
            pointers = claims(tools.store, posting, barcodes)
        with or_decide_anew(CODE_TAKEN):
            commit_label(tools.store, posting, events, [SaveDocument(document), *pointers])
        return True

    return decide_anew(once)


def _replaced(known: Document | None, digest: str, form: LabelForm, document: Document) -> tuple[list[Event], str]:
    """Printed copies of other content are void from now on."""
    if known is None or not known.sha256 or known.sha256 == digest:
        return [], document.problem
    at = document.ready_at or document.asked_at
    reason = f"the marketplace made another label at {at:%Y-%m-%d %H:%M} UTC: copies printed before are void"
    data: dict[str, Json] = {"document": LABEL_IDS[form], "form": form, "printed": known.printed_count}
    return [
        Event(type=EventType.LABEL_VOIDED, at=at, actor=actors.LABEL_GENERATION, reason=reason, data=data)
    ], document.problem or reason


def claims(store: Store, posting: Posting, barcodes: Sequence[str]) -> list[Write]:
    """Pointers from the label's own codes to its posting: a code that many labels share must lead to none of them.

    Own are those on its pages that tell it from others, and its ScanIt code: a label that is printed in the cabinet may
    carry it, although this file does not. A posting number leads to its posting without one.
    """
    detail = store.detail(posting.seller, posting.number, of=posting)
    named = detail.codes if detail else ()
    scanit = (detail.scanit,) if detail and detail.scanit else ()
    own = [code for code in dict.fromkeys((*barcodes, *scanit)) if is_own_code(code, posting.number, named)]
    named_alone = [code for code in own if not (code == posting.number and is_posting_number(code))]
    found = (claim_code(posting.seller, code, posting.number, store=store) for code in named_alone[:MOST_POINTERS])
    return [claim for claim in found if claim is not None]
