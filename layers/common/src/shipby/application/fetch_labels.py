"""Fetch official labels without holding a worker while they are made; a page belongs to the posting it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shipby.application.ports import (
    AppendEvents,
    ClaimPointer,
    Clock,
    DocumentStore,
    LabelPage,
    LabelPapers,
    LabelTask,
    Marketplace,
    QueueMessage,
    SaveDocument,
    SavePosting,
    Store,
    Write,
)
from shipby.application.retry import decide_anew
from shipby.domain.errors import InvalidInputError, NotReadyYetError, PermanentError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.ladder import rewind
from shipby.domain.posting import Posting
from shipby.domain.records import Document, DocumentKind, DocumentState
from shipby.domain.workflow import may_be_labelled

ACTOR = "system:label_generation"
LABEL_ID = "label"
"""Id of the official label among a posting's documents."""
BARCODE = "label"
"""Kind of the pointer from a label's barcode to its posting."""
MAX_ATTEMPTS = 6
"""How often a label that is not ready is asked for before a person hears of it."""
PATIENCE = timedelta(minutes=30)
"""How long the first label task of a posting may stay unfinished; how long tasks live is not documented."""
PATIENCE_AGAIN = timedelta(minutes=5)
"""The same for the tasks of later tries: each is watched, and a person still hears of it within the hour."""
BIG = "big_label"
"""Task type of the big label. Source: /v3/posting/fbs/package-label/create."""
BATCH = 1000
"""Postings in one task. Source: /v3/posting/fbs/package-label/create."""


@dataclass(frozen=True, slots=True)
class LabelRun:
    """What became of a batch: labels stored, given up, and messages to send for what has to wait."""

    ready: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    again: tuple[QueueMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What fetching labels needs from outside."""

    store: Store
    marketplace: Marketplace
    documents: DocumentStore
    papers: LabelPapers
    clock: Clock
    wait_seconds: int = 20
    """Between two looks at a task or two tries of a label that is not ready."""


def start_labels(seller: str, numbers: Iterable[str], tools: Tools) -> LabelRun:
    """Ask the marketplace for the labels of assembled postings. One that is expired, cancelled or done is left out."""
    wanted: list[str] = []
    for number in dict.fromkeys(numbers):
        posting = _wants_label(tools.store, seller, number)
        if posting is None:
            continue
        _note_asked(posting, tools)
        wanted.append(number)
    again: list[QueueMessage] = []
    failed: dict[str, str] = {}
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    while batches:
        batch = batches.pop(0)
        try:
            tasks = tools.marketplace.create_label_tasks(batch)
        except (NotReadyYetError, PermanentError) as error:
            half = len(batch) // 2
            if half:
                # One bad posting refuses the whole batch: halving finds it, so that it delays nobody.
                batches += [batch[:half], batch[half:]]
            elif isinstance(error, NotReadyYetError):
                retried, given_up = _try_later(seller, {batch[0]: str(error)}, tools)
                again += retried
                failed |= given_up
            else:
                failed |= _give_up(seller, batch[0], str(error), tools)
            continue
        body: dict[str, Json] = {
            "seller": seller,
            "task": "collect",
            "ids": [task.id for task in _one_size(tasks)],
            "postings": list(batch),
        }
        again.append(QueueMessage(body=body, group=seller, delay_seconds=2))
    return LabelRun((), failed, tuple(again))


def _one_size(tasks: Sequence[LabelTask]) -> Sequence[LabelTask]:
    """The marketplace may offer every label in both sizes: one of each posting is enough, the big one."""
    big = [task for task in tasks if task.type == BIG]
    return big or tasks


def collect_labels(seller: str, task_ids: Sequence[str], numbers: Sequence[str], tools: Tools) -> LabelRun:
    """Look at label tasks; store what is ready, ask again for what is not, set aside what never will be.

    Raises MarketplaceUnavailableError and other retryable errors: nothing is lost, the message comes again.
    """
    results = [tools.marketplace.label_task(identifier) for identifier in task_ids]
    if any(result.state in ("pending", "in_progress") for result in results):
        return _look_again(seller, task_ids, numbers, tools)
    problems: dict[str, str] = {}
    found: dict[str, list[LabelPage]] = {}
    strange = 0
    for result in results:
        problems |= result.unprinted
        if result.error:
            problems |= {number: result.error for number in numbers if number not in problems}
        if not result.file_url:
            continue
        try:
            pages = tools.papers.pages(tools.marketplace.download(result.file_url))
        except (NotReadyYetError, InvalidInputError) as error:
            problems |= {number: str(error) for number in numbers if number not in problems}
            continue
        bound, foreign = _bind(seller, numbers, pages, tools.store)
        strange += foreign
        for number, own in bound.items():
            found.setdefault(number, []).extend(own)
    ready = tuple(number for number, own in found.items() if _store_label(seller, number, own, tools))
    missing = {
        number: problems.get(number) or f"no page names this posting ({strange} pages name none of the batch)"
        for number in numbers
        if number not in found
    }
    again, failed = _try_later(seller, missing, tools)
    return LabelRun(ready, failed, tuple(again))


def _look_again(seller: str, task_ids: Sequence[str], numbers: Sequence[str], tools: Tools) -> LabelRun:
    """Wait for a task, but not for ever: a posting asked for too long ago is asked for anew, counting a try."""
    now = tools.clock.now()
    documents = {number: tools.store.document(seller, number, LABEL_ID) for number in numbers}
    overdue = {
        number: "the marketplace does not finish its label task"
        for number, document in documents.items()
        if document is not None and now - document.asked_at > (PATIENCE if document.attempts <= 1 else PATIENCE_AGAIN)
    }
    again, failed = _try_later(seller, overdue, tools)
    waiting = [number for number in numbers if number not in overdue]
    if waiting:
        body: dict[str, Json] = {"seller": seller, "task": "collect", "ids": list(task_ids), "postings": waiting}
        again.append(QueueMessage(body=body, group=seller, delay_seconds=tools.wait_seconds))
    return LabelRun((), failed, tuple(again))


def _bind(
    seller: str, numbers: Sequence[str], pages: Sequence[LabelPage], store: Store
) -> tuple[dict[str, list[LabelPage]], int]:
    """Each page belongs to the posting whose barcode or number it shows, never to its position."""
    names: dict[str, str] = {number: number for number in numbers}
    for number in numbers:
        detail = store.detail(seller, number)
        names |= dict.fromkeys(detail.barcodes if detail else (), number)
    bound: dict[str, list[LabelPage]] = {}
    foreign = 0
    for page in pages:
        owners = {names[text] for text in (*page.barcodes, *page.texts) if text in names}
        if len(owners) == 1:
            bound.setdefault(owners.pop(), []).append(page)
        else:
            foreign += 1
    return bound, foreign


def _wants_label(store: Store, seller: str, number: str) -> Posting | None:
    """The posting if it may and does still want its label: it may have been cancelled while the label was made."""
    posting = store.posting(seller, number)
    return posting if posting and may_be_labelled(posting) and posting.label_ready_at is None else None


def _store_label(seller: str, number: str, pages: Sequence[LabelPage], tools: Tools) -> bool:
    if _wants_label(tools.store, seller, number) is None:
        return False
    content = tools.papers.merge([page.pdf for page in pages])
    digest = hashlib.sha256(content).hexdigest()
    key = f"labels/{seller}/{number}/{digest}.pdf"
    tools.documents.put(key, content, content_type="application/pdf")
    barcodes = tuple(dict.fromkeys(code for page in pages for code in page.barcodes))

    def once() -> bool:
        posting = _wants_label(tools.store, seller, number)
        if posting is None:
            return False
        now = tools.clock.now()
        known = tools.store.document(seller, number, LABEL_ID)
        base = known or _new_document(posting, now)
        document = replace(
            base,
            version=known.version + 1 if known else 1,
            state=DocumentState.READY,
            key=key,
            sha256=digest,
            pages=len(pages),
            barcodes=barcodes,
            problem="",
        )
        data: dict[str, Json] = {"sha256": digest, "pages": len(pages), "barcodes": list(barcodes)}
        event = Event(type=EventType.LABEL_READY, at=now, actor=ACTOR, data=data)
        pointers: list[Write] = [
            ClaimPointer(seller, BARCODE, code, number)
            for code in barcodes
            if tools.store.find(seller, BARCODE, code) in (None, number)
        ]
        _commit(tools.store, replace(posting, label_ready_at=now), event, [SaveDocument(document), *pointers])
        return True

    return decide_anew(once)


def _commit(store: Store, posting: Posting, event: Event, writes: Sequence[Write]) -> None:
    changed = rewind(replace(posting, version=posting.version + 1))
    appended = AppendEvents(posting.seller, posting_ref(posting.number), changed.version, (event,))
    store.commit([SavePosting(changed), appended, *writes])


def _new_document(posting: Posting, now: datetime) -> Document:
    return Document(
        seller=posting.seller,
        posting_number=posting.number,
        id=LABEL_ID,
        kind=DocumentKind.LABEL,
        state=DocumentState.WAITING,
        version=1,
        asked_at=now,
    )


def _note_asked(posting: Posting, tools: Tools) -> None:
    """Count the try, so that a label that never comes is given up after MAX_ATTEMPTS whatever happens between."""

    def once() -> None:
        known = tools.store.document(posting.seller, posting.number, LABEL_ID)
        now = tools.clock.now()
        document = known or _new_document(posting, now)
        asked = replace(
            document, version=known.version + 1 if known else 1, attempts=document.attempts + 1, asked_at=now
        )
        tools.store.commit([SaveDocument(asked)])

    decide_anew(once)


def _fetch_message(seller: str, number: str, delay: int) -> QueueMessage:
    return QueueMessage(body={"seller": seller, "task": "fetch", "posting": number}, group=seller, delay_seconds=delay)


def _try_later(seller: str, problems: Mapping[str, str], tools: Tools) -> tuple[list[QueueMessage], dict[str, str]]:
    again: list[QueueMessage] = []
    failed: dict[str, str] = {}
    for number, problem in problems.items():
        if _wants_label(tools.store, seller, number) is None:
            continue
        document = tools.store.document(seller, number, LABEL_ID)
        if document is not None and document.attempts >= MAX_ATTEMPTS:
            failed |= _give_up(seller, number, problem, tools)
        else:
            again.append(_fetch_message(seller, number, tools.wait_seconds))
    return again, failed


def _give_up(seller: str, number: str, problem: str, tools: Tools) -> dict[str, str]:
    def once() -> bool:
        posting = _wants_label(tools.store, seller, number)
        known = tools.store.document(seller, number, LABEL_ID)
        if posting is None or known is None or known.state is not DocumentState.WAITING:
            return False
        failed = replace(known, version=known.version + 1, state=DocumentState.FAILED, problem=problem[:300])
        event = Event(type=EventType.LABEL_FAILED, at=tools.clock.now(), actor=ACTOR, reason=problem[:300])
        _commit(tools.store, posting, event, [SaveDocument(failed)])
        return True

    return {number: problem} if decide_anew(once) else {}
