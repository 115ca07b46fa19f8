"""Counting copies: every printed label is one event on its posting, and only the newest copy is current."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from shipby.application.labels.ids import LABEL_IDS, OWN_ID, STICKER_ID
from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveDocument, SavePosting
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.copies import printed_as, shown_time
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.labels.prints import PrintJob
from shipby.domain.postings.posting import Posting

LABELS: frozenset[str] = frozenset({*LABEL_IDS.values(), OWN_ID})
"""Documents that go on the parcel: whichever of them is printed, the copies before are void."""
KINDS: Mapping[str, DocumentKind] = {
    **dict.fromkeys(LABEL_IDS.values(), DocumentKind.LABEL),
    OWN_ID: DocumentKind.OWN_LABEL,
    STICKER_ID: DocumentKind.STICKER,
}


@dataclass(frozen=True, slots=True)
class Counted:
    """The copy that a job printed of a posting's paper, or why it may not be printed after all."""

    copy: int = 0
    problem: str = ""


def siblings(identifier: str) -> frozenset[str]:
    """Ids of the documents that share one count of copies with this one."""
    return LABELS if identifier in LABELS else frozenset({identifier})


def newest(documents: Iterable[Document], identifier: str) -> Document | None:
    """The document that the newest copy was printed from, or None where there is none."""
    printed = [one for one in documents if one.id in siblings(identifier) and one.printed_count]
    return max(printed, key=lambda one: one.printed_count, default=None)


def newest_label(documents: Iterable[Document]) -> Document | None:
    """The same for what goes on the parcel."""
    return newest(documents, OWN_ID)


def copy_of(job: PrintJob, identifier: str, documents: Iterable[Document], store: HistoryReads, number: str) -> int:
    """The copy that this job has counted already (a worker before died), or 0."""
    again = False
    for paper in documents:
        if paper.id not in siblings(identifier) or not paper.printed_count:
            continue
        if paper.last_job == job.id:
            return paper.printed_count
        # Only a copy printed since the job was asked for can hide the job's own one.
        again = again or paper.printed_at is None or paper.printed_at >= job.asked_at
    if not again:
        return 0
    for stored in reversed(store.events(job.seller, posting_ref(number))):
        event = stored.event
        if event.type is EventType.LABEL_PRINTED and event.data["job"] == job.id:
            return int(str(event.data["copy"]))
    return 0


def next_copy(job: PrintJob, identifier: str, documents: Iterable[Document], store: HistoryReads, number: str) -> int:
    """The copy that this job prints, unless somebody counts one first."""
    known = list(documents)
    paper = newest(known, identifier)
    return copy_of(job, identifier, known, store, number) or (paper.printed_count if paper else 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What may still speak against a copy in the moment it is counted."""

    refusal: Callable[[Posting], str]
    """Why the posting's label may not be printed (any more); empty if it may."""
    reprint: str
    """Why a further copy without a reason is refused; knows {copy} and {time} of the one before."""


def count_copy(
    job: PrintJob, number: str, identifier: str, *, judge: Judge | None, store: Store, clock: Clock, sha256: str = ""
) -> Counted:
    """Count one printed copy, once per job whatever happens to its worker; `judge` None: nothing speaks against it.

    `sha256` is that of the marketplace's label as it was printed. Raises VersionConflictError after many tries.
    """

    def once() -> Counted:
        posting = store.posting(job.seller, number)
        if posting is None:
            return Counted(problem="no such posting")
        if judge is not None and (problem := judge.refusal(posting)):
            return Counted(problem=problem)
        documents = store.documents(job.seller, number)
        if done := copy_of(job, identifier, documents, store, number):
            return Counted(done)
        former = newest(documents, identifier)
        if former is not None and judge is not None and not job.reason:
            return Counted(problem=judge.reprint.format(copy=former.printed_count, time=shown_time(former.printed_at)))
        copy = (former.printed_count if former else 0) + 1
        known = next((one for one in documents if one.id == identifier), None)
        if sha256 and (known is None or known.sha256 != sha256):
            return Counted(problem="its label was made anew in the meantime: print it again")
        _commit(job, posting, known or _paper(job, number, identifier, clock), known is not None, copy, store, clock)
        return Counted(copy)

    return decide_anew(once)


def _paper(job: PrintJob, number: str, identifier: str, clock: Clock) -> Document:
    """Nothing is kept of our own papers but how often they were printed."""
    kind = KINDS[identifier]
    return Document(
        seller=job.seller,
        posting_number=number,
        id=identifier,
        kind=kind,
        state=DocumentState.READY,
        version=1,
        asked_at=clock.now(),
        form=job.style.size,
    )


def _commit(
    job: PrintJob, posting: Posting, paper: Document, known: bool, copy: int, store: Commits, clock: Clock
) -> None:
    now = clock.now()
    own = paper.kind is not DocumentKind.LABEL
    counted = replace(
        paper,
        version=paper.version + 1 if known else 1,
        printed_count=copy,
        last_job=job.id,
        printed_at=now,
        printed_by=job.asked_by,
        print_reason=job.reason,
        printed_as=printed_as(posting, paper),
        form=job.style.size if own else paper.form,
    )
    first = posting.printed_at or now if paper.id in LABELS else posting.printed_at
    changed = rewind(replace(posting, version=posting.version + 1, printed_at=first))
    data: dict[str, Json] = {"job": job.id, "copy": copy, "kind": paper.kind, "form": counted.form}
    if copy > 1:
        data["voids"] = copy - 1
    event = Event(type=EventType.LABEL_PRINTED, at=now, actor=job.asked_by, reason=job.reason, data=data)
    appended = AppendEvents(job.seller, posting_ref(posting.number), changed.version, (event,))
    store.commit([SavePosting(changed), SaveDocument(counted), appended])
