"""One PDF with the labels of several postings in print order; what cannot be printed is named with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipby.application.fetch_labels import LABEL_ID
from shipby.application.idempotency import Answer, Remember
from shipby.application.ports import (
    AppendEvents,
    Clock,
    DocumentStore,
    LabelPapers,
    SaveDocument,
    SavePosting,
    SavePrintJob,
    Store,
)
from shipby.application.retry import decide_anew
from shipby.application.views import print_job_view
from shipby.domain.errors import InvalidInputError, NotFoundError
from shipby.domain.events import Event, EventType, posting_ref, print_job_ref
from shipby.domain.ladder import rewind
from shipby.domain.posting import Posting
from shipby.domain.records import DocumentState, PrintJob, PrintState
from shipby.domain.workflow import may_be_labelled

MAX_POSTINGS = 300
"""Labels in one print job."""
ACTOR = "system:label_generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintWish:
    """Labels to print; `order` is given (as listed) or ladder (earliest cut-off first)."""

    seller: str
    numbers: tuple[str, ...]
    actor: str
    order: str = "given"


def request_print(wish: PrintWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a print job: 202 with its place.

    Raises InvalidInputError (none, too many, unknown postings named in `errors`).
    """
    numbers = tuple(dict.fromkeys(wish.numbers))
    if not 1 <= len(numbers) <= MAX_POSTINGS:
        raise InvalidInputError(
            f"a print job takes 1 to {MAX_POSTINGS} postings", errors=[("posting_numbers", f"{len(numbers)} given")]
        )
    postings = {number: store.posting(wish.seller, number) for number in numbers}
    unknown = [(f"posting_numbers/{number}", "no such posting") for number, found in postings.items() if found is None]
    if unknown:
        raise InvalidInputError("some postings do not exist; nothing was started", errors=unknown)
    if wish.order == "ladder":
        numbers = tuple(sorted(numbers, key=lambda number: _urgency(postings[number])))
    now = clock.now()
    seed = "\n".join([wish.seller, wish.actor, now.isoformat(), *numbers])
    identifier = hashlib.sha256(seed.encode()).hexdigest()[:20]
    job = PrintJob(
        seller=wish.seller,
        id=identifier,
        version=1,
        state=PrintState.WAITING,
        numbers=numbers,
        asked_at=now,
        asked_by=wish.actor,
    )
    event = Event(type=EventType.PRINT_REQUESTED, at=now, actor=wish.actor, data={"postings": list(numbers)})
    answer = Answer(202, print_job_view(job), f"/v1/labels/{identifier}")
    appended = AppendEvents(wish.seller, print_job_ref(identifier), 1, (event,))
    store.commit([SavePrintJob(job), appended, *remember(answer)])
    return answer


def _urgency(posting: Posting | None) -> tuple[str, str]:
    if posting is None:
        return ("~", "")
    return (posting.cut_off.isoformat() if posting.cut_off else "~", posting.number)


def print_labels(
    seller: str, identifier: str, *, store: Store, documents: DocumentStore, papers: LabelPapers, clock: Clock
) -> PrintJob:
    """Merge the stored labels of a job into one PDF. A label that may not be printed is left out with its reason."""
    job = store.print_job(seller, identifier)
    if job is None:
        raise NotFoundError(f"there is no print job {identifier}")
    if job.state is not PrintState.WAITING:
        # The worker before may have died between finishing the job and counting its prints.
        left = [number for number in job.numbers if job.state is PrintState.READY and number not in job.problems]
        _count_prints(seller, left, job, store, clock)
        return job
    files: list[bytes] = []
    printed: list[str] = []
    problems: dict[str, str] = {}
    for number in job.numbers:
        posting = store.posting(seller, number)
        document = store.document(seller, number, LABEL_ID)
        problem = _refusal(posting)
        if not problem and (document is None or document.state is not DocumentState.READY):
            problem = (document.problem if document else "") or "its label is not there yet"
        if problem or document is None:
            problems[number] = problem
            continue
        try:
            files.append(documents.get(document.key))
        except NotFoundError as error:
            problems[number] = f"its label file is gone: {error}"
            continue
        printed.append(number)
    key = ""
    if files:
        content = papers.merge(files)
        key = f"prints/{seller}/{identifier}/{hashlib.sha256(content).hexdigest()}.pdf"
        documents.put(key, content, content_type="application/pdf")
    state = PrintState.READY if files else PrintState.FAILED
    finished = replace(job, version=job.version + 1, state=state, key=key, problems=problems, attempts=job.attempts + 1)
    event = Event(
        type=EventType.PRINT_FINISHED,
        at=clock.now(),
        actor=ACTOR,
        data={"printed": list(printed), "problems": problems},
    )
    store.commit([SavePrintJob(finished), AppendEvents(seller, print_job_ref(identifier), finished.version, (event,))])
    _count_prints(seller, printed, job, store, clock)
    return finished


def _refusal(posting: Posting | None) -> str:
    if posting is None:
        return "no such posting"
    if may_be_labelled(posting):
        return ""
    if posting.expired_reason:
        return f"expired: {posting.expired_reason}; override it with a reason to print"
    return f"not assembled yet ({posting.status})" if posting.assembled_at is None else f"it is {posting.stage}"


def _counted(store: Store, seller: str, number: str, job_id: str) -> bool:
    history = store.events(seller, posting_ref(number))
    return any(
        stored.event.type is EventType.LABEL_PRINTED and stored.event.data["job"] == job_id for stored in history
    )


def _count_prints(seller: str, numbers: Sequence[str], job: PrintJob, store: Store, clock: Clock) -> None:
    for number in numbers:

        def once(number: str = number) -> None:
            posting = store.posting(seller, number)
            document = store.document(seller, number, LABEL_ID)
            if posting is None or document is None or _counted(store, seller, number, job.id):
                return
            now = clock.now()
            changed = rewind(replace(posting, version=posting.version + 1, printed_at=posting.printed_at or now))
            counted = replace(document, version=document.version + 1, printed_count=document.printed_count + 1)
            event = Event(
                type=EventType.LABEL_PRINTED,
                at=now,
                actor=job.asked_by,
                data={"job": job.id, "copy": counted.printed_count},
            )
            appended = AppendEvents(seller, posting_ref(number), changed.version, (event,))
            store.commit([SavePosting(changed), SaveDocument(counted), appended])

        decide_anew(once)
