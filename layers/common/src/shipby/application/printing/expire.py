"""Delete what shows a person once its time is over: the printed file, and the marketplace's labels in it."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.labels.ids import LABEL_IDS
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveDocument, SavePosting
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.labels.documents import Document
from shipby.domain.labels.prints import PrintJob, PrintState

REASON = "it shows a person, and its time after printing is over"


def expire_print(
    seller: str, identifier: str, *, store: Store, documents: DocumentStore, clock: Clock
) -> tuple[str, ...]:
    """Delete the file of a job that has expired, and the personal labels printed in it; the numbers of these.

    Files go first, then what is known of them changes: after a crash the repeated message finds nothing to delete and
    goes on. A job that has not expired is left alone, as is a label that was printed or fetched again since. Raises
    NotFoundError, StoreUnavailableError, VersionConflictError.
    """
    job = store.print_job(seller, identifier)
    if job is None:
        raise NotFoundError(f"there is no print job {identifier}")
    if job.state is not PrintState.EXPIRED:
        return ()
    if job.key:
        documents.delete(job.key)
    label = LABEL_IDS[job.style.form]
    gone: list[str] = []
    for number in job.copies:
        document = store.document(seller, number, label)
        if document is None or not _is_over(document, job):
            continue
        documents.delete(document.key)
        if _note_gone(job, number, label, document.key, store, clock):
            gone.append(number)
    return tuple(gone)


def _is_over(document: Document, job: PrintJob) -> bool:
    fresh = document.ready_at is not None and job.finished_at is not None and document.ready_at > job.finished_at
    return (
        document.personal
        and bool(document.key)
        and document.gone_at is None
        and document.last_job == job.id
        and not fresh
    )


def _note_gone(job: PrintJob, number: str, label: str, key: str, store: Store, clock: Clock) -> bool:
    def once() -> bool:
        posting = store.posting(job.seller, number)
        document = store.document(job.seller, number, label)
        if posting is None or document is None or document.gone_at is not None or document.key != key:
            return False
        now = clock.now()
        changed = rewind(replace(posting, version=posting.version + 1))
        gone = replace(document, version=document.version + 1, gone_at=now)
        event = Event(
            type=EventType.LABEL_GONE,
            at=now,
            actor=actors.LABEL_GENERATION,
            reason=REASON,
            data={"job": job.id, "document": label, "copy": document.printed_count},
        )
        appended = AppendEvents(job.seller, posting_ref(number), changed.version, (event,))
        store.commit([SavePosting(changed), SaveDocument(gone), appended])
        return True

    return decide_anew(once)
