"""How papers, print jobs and the log of prints look to API clients."""

from __future__ import annotations

from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.papers import PrintJobs
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.views import time_text
from shipby.domain.errors import NotFoundError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import DocumentKind
from shipby.domain.labels.options import LabelFormat
from shipby.domain.labels.prints import PrintJob, PrintState

LINK_SECONDS = 300
"""How long a link to a file works."""
CONTENT_TYPES = {
    LabelFormat.PDF: "application/pdf",
    LabelFormat.ZPL: "application/zpl",
    LabelFormat.PNG: "image/png",
}


def print_job_view(job: PrintJob, link: str = "") -> dict[str, Json]:
    style = job.style
    return {
        "id": job.id,
        "state": job.state,
        "content": style.content,
        "posting_numbers": list(job.numbers),
        "done": job.done,
        "total": len(job.numbers),
        "problems": dict(job.problems),
        "pages": job.pages,
        "copies": dict(job.copies),
        "style": {
            "order": style.order,
            "source": style.source,
            "form": style.form,
            "size": style.size,
            "sheet": style.sheet,
            "format": style.format,
            "dpi": style.dpi,
            "matrix": style.matrix,
            "slips": style.slips,
            "language": style.language,
        },
        "reason": job.reason or None,
        "asked_at": time_text(job.asked_at),
        "asked_by": job.asked_by,
        "finished_at": time_text(job.finished_at),
        "personal": job.personal,
        "expires_at": time_text(job.next_alarm.due) if job.next_alarm else None,
        "content_type": CONTENT_TYPES[style.format],
        "link": link or None,
    }


def get_print_job(
    seller: str, identifier: str, *, store: PrintJobs, documents: DocumentStore, clock: Clock
) -> dict[str, Json]:
    """A print job, with a link to its file while that is there. Raises NotFoundError."""
    job = store.print_job(seller, identifier)
    if job is None:
        raise NotFoundError(f"there is no print job {identifier}; ask for labels with POST /v1/labels")
    over = job.next_alarm is not None and job.next_alarm.due <= clock.now()
    ready = job.state is PrintState.READY and not over
    return print_job_view(job, documents.link(job.key, seconds=LINK_SECONDS) if ready else "")


def list_prints(seller: str, number: str, *, store: Store) -> dict[str, Json]:
    """Every printed copy of a posting's labels and stickers, oldest first. Raises NotFoundError."""
    load_posting(store, seller, number)
    prints: list[dict[str, Json]] = []
    current: dict[bool, dict[str, Json]] = {}
    for stored in store.events(seller, posting_ref(number)):
        event = stored.event
        if event.type is EventType.LABEL_VOIDED and (voided := current.pop(False, None)):
            voided["current"] = False
        if event.type is not EventType.LABEL_PRINTED:
            continue
        kind = str(event.data.get("kind", DocumentKind.LABEL))
        # Labels of every kind void each other; stickers are counted apart.
        sticker = kind == DocumentKind.STICKER
        if former := current.get(sticker):
            former["current"] = False
        current[sticker] = {
            "at": time_text(event.at),
            "by": event.actor,
            "reason": event.reason or None,
            "kind": kind,
            "form": event.data.get("form") or None,
            "copy": event.data["copy"],
            "job": event.data["job"],
            "current": True,
        }
        prints.append(current[sticker])
    return {"items": list(prints), "next_cursor": None}
