"""Labels and refused pages as the API shows them."""

from __future__ import annotations

from datetime import date

from shipby.application.labels.asks import is_there
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.papers import LabelReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.views import time_text
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.labels.pages import RefusedPage

LINK_SECONDS = 300
"""How long a link to a file works."""


def label_view(document: Document, link: str = "") -> dict[str, Json]:
    """A posting's label: what it is, what was read back from it, and whether it may print."""
    return {
        "id": document.id,
        "posting_number": document.posting_number,
        "kind": document.kind,
        "form": document.form or None,
        "state": document.state,
        "printable": is_there(document) and (document.state is DocumentState.READY or bool(document.override_reason)),
        "pages": document.pages,
        "sha256": document.sha256 or None,
        "barcodes": list(document.barcodes),
        "printed_count": document.printed_count,
        "printed_at": time_text(document.printed_at),
        "attempts": document.attempts,
        "asked_at": time_text(document.asked_at),
        "ready_at": time_text(document.ready_at),
        "personal": document.personal,
        "gone_at": time_text(document.gone_at),
        "problem": document.problem or None,
        "override_reason": document.override_reason or None,
        "override_by": document.override_by or None,
        "link": link or None,
    }


def posting_labels(seller: str, number: str, *, store: Store, documents: DocumentStore) -> dict[str, Json]:
    """The labels kept for a posting; one that could not be read back comes with a link, for a person to look at it.

    Raises NotFoundError.
    """
    load_posting(store, seller, number)
    return {
        "items": [label_view(document, _link(document, documents)) for document in store.documents(seller, number)],
        "next_cursor": None,
    }


def _link(document: Document, documents: DocumentStore) -> str:
    shown = document.state is DocumentState.UNPROVEN and is_there(document)
    return documents.link(document.key, seconds=LINK_SECONDS) if shown else ""


def refused_pages(
    seller: str, day: date, *, limit: int, cursor: str | None, store: LabelReads, documents: DocumentStore
) -> dict[str, Json]:
    """Pages of label files that were set aside on a day (UTC), each with a link to its PDF.

    Raises InvalidInputError for a cursor of another listing.
    """
    page = store.refused_pages_on(seller, day, limit=limit, cursor=cursor)
    return {"items": [refused_page_view(one, documents) for one in page.items], "next_cursor": page.cursor}


def refused_page_view(page: RefusedPage, documents: DocumentStore) -> dict[str, Json]:
    """Why a page was not printed, and what it says."""
    return {
        "id": page.id,
        "at": time_text(page.at),
        "verdict": page.verdict,
        "reason": page.reason,
        "page": page.page,
        "asked_for": list(page.asked_for),
        "names": list(page.names),
        "barcodes": list(page.barcodes),
        "form": page.form or None,
        "sha256": page.sha256,
        "link": documents.link(page.key, seconds=LINK_SECONDS) if page.key else None,
    }
