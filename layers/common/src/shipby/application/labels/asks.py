"""Asking for a label: who may ask now, how often it was asked, when it is given up. Shared by asking and collecting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shipby.application.labels.ids import LABEL_IDS
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.press import LabelPapers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveDocument, SavePosting, Write
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.deadlines.firing import may_be_labelled
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.postings.posting import Posting
from shipby.domain.skew import age

BATCH = 1000
"""Postings in one task. Source: /v3/posting/fbs/package-label/create."""
MAX_ATTEMPTS = 6
"""How often a label that is not ready is asked for before a person hears of it."""
LEFT_TO_THE_FIRST = 30
"""How many waits a second message leaves a label to the one that asked first; then that one counts as lost."""
LONGEST_DELAY = 900
"""Seconds that a message can wait. Source: SQS."""
SPREAD = 880
"""Seconds over which single asks of one file are spread, so that a new layout is no storm of calls."""
APART = 2
"""Seconds between two single asks, where that fits."""
_PROBLEM = 300
"""Characters of a problem that are kept."""


@dataclass(frozen=True, slots=True)
class LabelRun:
    """What became of a batch: labels stored, given up, and messages to send for what has to wait."""

    ready: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    again: tuple[QueueMessage, ...] = ()
    unproven: tuple[str, ...] = ()
    """Stored, but only a person lets them print."""


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
    at_once: int = BATCH
    """Postings in one task: as many pages as one run can read back."""


def fetch_message(seller: str, number: str, form: LabelForm | None = None, delay: int = 0) -> QueueMessage:
    """Ask the label worker for a posting's label; without a form in the one that the seller wants fetched ahead.

    Sending it for a label that is there, or on its way, does nothing.
    """
    body: dict[str, Json] = {"seller": seller, "task": "fetch", "posting": number}
    if form is not None:
        body["form"] = form
    return QueueMessage(body=body, group=seller, delay_seconds=min(delay, LONGEST_DELAY))


def again_message(seller: str, numbers: Sequence[str], form: LabelForm, asked: str, delay: int) -> QueueMessage:
    """Ask for these once more, together. `asked` says which ask this goes on with: a newer one makes it void."""
    body: dict[str, Json] = {
        "seller": seller,
        "task": "fetch",
        "postings": list(numbers),
        "form": form,
        "asked": asked,
    }
    return QueueMessage(body=body, group=seller, delay_seconds=min(delay, LONGEST_DELAY))


def is_there(document: Document | None) -> bool:
    """Whether a label's file is kept: then it is not fetched again."""
    return (
        document is not None
        and document.state in (DocumentState.READY, DocumentState.UNPROVEN)
        and bool(document.key)
        and document.gone_at is None
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A posting that may and does still want a label, and what is known of that label."""

    posting: Posting
    document: Document | None

    def asked_with(self, asked: str) -> bool:
        """Whether nobody has asked anew since; an empty `asked` goes on with any."""
        return self.document is not None and asked in ("", self.document.asked_at.isoformat())

    def takes(self, asked: str) -> bool:
        """Whether a file of that ask may be stored: once it was voided by a change of the order, the newest one's."""
        known = self.document
        return known is None or not known.newest_only or (known.attempts > 0 and asked == known.asked_at.isoformat())


def wanted(store: Store, seller: str, number: str, form: LabelForm) -> Wanted | None:
    """None where no label is wanted: it is there, or the posting was cancelled, expired, handed over meanwhile."""
    posting = store.posting(seller, number)
    if posting is None or not may_be_labelled(posting):
        return None
    document = store.document(seller, number, LABEL_IDS[form])
    return None if is_there(document) else Wanted(posting, document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One run of asking. Two messages about one label: the first asks, the second leaves it alone."""

    seller: str
    form: LabelForm
    now: datetime
    asked: str = ""
    """The ask that is gone on with; empty for a new one."""
    redelivered: bool = False
    """Whether this message comes again: then what looks like another worker's ask may be its own, broken off."""
    patience: timedelta

    @property
    def token(self) -> str:
        """Names this ask in the messages that follow from it."""
        return self.now.isoformat()

    def may_ask(self, document: Document | None) -> bool:
        """Whether to ask for a label that is not there."""
        if document is None or self.redelivered:
            return True
        if self.asked:
            return document.asked_at.isoformat() == self.asked
        underway = document.state is DocumentState.WAITING and document.attempts > 0
        return not underway or age(document.asked_at, self.now) > self.patience

    def note(self, number: str, store: Store) -> bool:
        """Count the try; False if somebody else has asked since, or no label is wanted any more."""

        def once() -> bool:
            found = wanted(store, self.seller, number, self.form)
            if found is None or not self.may_ask(found.document):
                return False
            known = found.document
            document = known or new_document(found.posting, self.form, self.now)
            # Asked for anew after it was given up: that is a new count of tries.
            tried = 0 if document.state is not DocumentState.WAITING else document.attempts
            asked = replace(
                document,
                version=known.version + 1 if known else 1,
                state=DocumentState.WAITING,
                attempts=tried + 1,
                asked_at=self.now,
                form=self.form,
            )
            store.commit([SaveDocument(asked)])
            return True

        return decide_anew(once)


def new_document(posting: Posting, form: LabelForm, now: datetime) -> Document:
    """A label of which nothing is there yet."""
    return Document(
        seller=posting.seller,
        posting_number=posting.number,
        id=LABEL_IDS[form],
        kind=DocumentKind.LABEL,
        state=DocumentState.WAITING,
        version=1,
        asked_at=now,
        form=form,
    )


def commit_label(store: Commits, posting: Posting, events: Iterable[Event], writes: Sequence[Write]) -> None:
    """Save a posting one version on, together with its events and what else belongs to them."""
    changed = rewind(replace(posting, version=posting.version + 1))
    appended = AppendEvents(posting.seller, posting_ref(posting.number), changed.version, tuple(events))
    store.commit([SavePosting(changed), appended, *writes])


def spread_delay(position: int, count: int, wait_seconds: int) -> int:
    """Seconds until single ask `position` of `count` is sent."""
    return min(wait_seconds + position * min(APART * count, SPREAD) // max(count, 1), LONGEST_DELAY)


def try_later(
    seller: str,
    problems: Mapping[str, str],
    tools: Tools,
    *,
    form: LabelForm,
    asked: str = "",
    alone: Collection[str] = (),
    parts: int = 1,
) -> tuple[list[QueueMessage], dict[str, str]]:
    """Messages that ask again, and what is given up now. Those in `alone` each get a file of their own; the others
    are asked for together, or in `parts` so that what spoils a file is found."""
    failed: dict[str, str] = {}
    single: dict[str, str] = {}
    together: dict[str, list[str]] = {}
    for number, problem in problems.items():
        found = wanted(tools.store, seller, number, form)
        if found is None or found.document is None or not found.asked_with(asked):
            continue
        token = found.document.asked_at.isoformat()
        if found.document.attempts >= MAX_ATTEMPTS:
            failed |= give_up(seller, number, problem, tools, form=form)
        elif number in alone:
            single[number] = token
        else:
            together.setdefault(token, []).append(number)
    again = [
        again_message(seller, part, form, token, tools.wait_seconds)
        for token, numbers in together.items()
        for part in _parts(numbers, parts)
    ]
    again += [
        again_message(seller, [number], form, token, spread_delay(position, len(single), tools.wait_seconds))
        for position, (number, token) in enumerate(single.items())
    ]
    return again, failed


def _parts(numbers: Sequence[str], parts: int) -> list[Sequence[str]]:
    size = -(-len(numbers) // parts)
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def give_up(seller: str, number: str, problem: str, tools: Tools, *, form: LabelForm) -> dict[str, str]:
    """Leave a label to a person, who hears of each reason once."""

    def once() -> bool:
        found = wanted(tools.store, seller, number, form)
        if found is None or found.document is None or found.document.state is not DocumentState.WAITING:
            return False
        known, text = found.document, problem[:_PROBLEM]
        failed = replace(known, version=known.version + 1, state=DocumentState.FAILED, problem=text)
        if known.problem == text:
            tools.store.commit([SaveDocument(failed)])
            return True
        data: dict[str, Json] = {"form": form}
        event = Event(
            type=EventType.LABEL_FAILED, at=tools.clock.now(), actor=actors.LABEL_GENERATION, reason=text, data=data
        )
        commit_label(tools.store, found.posting, [event], [SaveDocument(failed)])
        return True

    return {number: problem} if decide_anew(once) else {}
