"""Carry a print job out: wait a while for what is not there yet, make one file of the rest, name what is left out.

The order that makes it exact: everything is drawn, then each copy is counted on its posting, then the file is stored
and the job ends. Nobody gets a link before all its copies are counted; a worker that dies in between leaves copies that
name the job, and the repeated message finds and keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.labels.asks import fetch_message
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.writes import AppendEvents, SavePrintJob
from shipby.application.printing.batch import Batch, Made, Part
from shipby.application.printing.copies import Judge, count_copy, next_copy
from shipby.application.printing.lists import in_order, make_list
from shipby.application.printing.parts import Found, PrintContext, PrintTools, Standing, refusal
from shipby.application.printing.requests import counts
from shipby.application.printing.views import CONTENT_TYPES
from shipby.domain import actors
from shipby.domain.errors import InvalidInputError, NotFoundError, VersionConflictError
from shipby.domain.events import Event, EventType, print_job_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.options import LabelFormat
from shipby.domain.labels.prints import PrintContent, PrintJob, PrintState
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import age

PATIENCE = timedelta(minutes=3)
"""How long a job waits for labels that are not there yet; then it prints the others and names these."""
REPRINT = "copy {copy} was printed at {time}, after this job was asked for: ask again and say why"
MOST_IN_ONE_ROW = 100
"""Postings of a job whose end is one row: problems of more might not fit beside the event that tells them."""
_STEPS = 20
"""How often at most a job's progress is noted."""
_LEAST_STEP = 25
_EXTENSIONS = {LabelFormat.PDF: "pdf", LabelFormat.ZPL: "zpl", LabelFormat.PNG: "png"}


def print_labels(seller: str, identifier: str, tools: PrintTools, *, since: str = "") -> PrintJob:
    """Carry a job out, or put it off while something is missing. `since` is when its first message was worked on.

    What may not or cannot be printed is left out with its reason and never stops the rest. Raises NotFoundError,
    StoreUnavailableError and VersionConflictError: the message comes again, and what was counted stays counted.
    """
    job = tools.store.print_job(seller, identifier)
    if job is None:
        raise NotFoundError(f"there is no print job {identifier}")
    if job.state is not PrintState.WAITING:
        return job
    settings = tools.store.settings(seller) or SellerSettings(seller=seller)
    return _Run(PrintContext(job, settings, tools), since).go()


class _Run:
    """One look at a job."""

    def __init__(self, desk: PrintContext, since: str) -> None:
        self._desk, self._tools = desk, desk.tools
        self._job = desk.job
        self._first = not since
        now = self._tools.clock.now()
        self._since = datetime.fromisoformat(since) if since else now
        self._patient = age(self._since, now) < PATIENCE
        self._problems: dict[str, str] = {}

    def go(self) -> PrintJob:
        founds = self._look()
        missing = {number: found.problem for number, found in founds.items() if found.standing is Standing.MISSING}
        if missing and self._patient:
            return self._put_off(missing)
        self._problems |= missing
        founds = {number: found for number, found in founds.items() if number not in missing}
        if self._job.style.content is PrintContent.PICK_LIST:
            return self._finish_list(founds)
        recipients, later, never = self._desk.recipients(founds)
        if later and self._patient:
            return self._put_off({}, len(founds) - len(later))
        self._problems |= later | never
        ready = {number: found for number, found in founds.items() if number not in later and number not in never}
        parts: list[Part] = []
        gone: dict[str, str] = {}
        for number in in_order(self._desk, ready):
            try:
                parts.append(self._desk.part(ready[number], recipients.get(number)))
            except NotFoundError as error:
                gone[number] = f"its label file is gone: {error}"
            self._note(len(parts))
        self._problems |= gone
        made, copies = self._make(parts, ready)
        return self._finish(made, copies)

    def _look(self) -> dict[str, Found]:
        founds: dict[str, Found] = {}
        for number in self._job.numbers:
            found = self._desk.look(number)
            if found.standing is Standing.REFUSED:
                self._problems[number] = found.problem
            else:
                founds[number] = found
        return founds

    def _note(self, done: int) -> None:
        """Now and then, so that whoever waits sees it go on."""
        step = max(_LEAST_STEP, len(self._job.numbers) // _STEPS)
        if done and done % step == 0:
            self._tools.store.note_progress(self._job.seller, self._job.id, done)

    def _put_off(self, missing: Mapping[str, str], done: int | None = None) -> PrintJob:
        """Ask once for what is missing, and look again in a moment."""
        job, wait = self._job, self._tools.wait_seconds
        messages: list[QueueMessage] = []
        if self._first:
            messages += [fetch_message(job.seller, number, job.style.form) for number in missing]
        body: dict[str, Json] = {
            "seller": job.seller,
            "task": "print",
            "job": job.id,
            "since": self._since.isoformat(),
        }
        messages.append(QueueMessage(body=body, group=job.seller, delay_seconds=wait))
        there = len(job.numbers) - len(missing) - len(self._problems) if done is None else done
        self._tools.queue.send(messages)
        self._tools.store.note_progress(job.seller, job.id, max(there, 0))
        return job

    def _make(self, parts: Sequence[Part], founds: Mapping[str, Found]) -> tuple[Made, dict[str, int]]:
        """Draw with the copies that come next, count them, and draw anew where somebody else came in between."""
        job, store = self._job, self._tools.store
        batch = Batch(
            papers=self._tools.papers,
            press=self._tools.press,
            style=job.style,
            printed_at=self._desk.now,
        )
        copies = {
            part.number: next_copy(job, part.identifier, founds[part.number].documents, store, part.number)
            for part in parts
            if part.identifier
        }
        left = list(parts)
        while True:
            made = batch.make(left, copies)
            self._problems |= made.problems
            left = [part for part in left if part.number in made.printed]
            if not self._counts_copies():
                return made, {}
            counted: dict[str, int] = {}
            for part in left:
                result = count_copy(
                    job,
                    part.number,
                    part.identifier,
                    judge=self._judge(),
                    store=store,
                    clock=self._tools.clock,
                    sha256=part.document.sha256 if part.document else "",
                )
                if result.problem:
                    self._problems[part.number] = result.problem
                else:
                    counted[part.number] = result.copy
            if all(counted.get(part.number) == copies[part.number] for part in left):
                return made, counted
            left = [part for part in left if part.number in counted]
            copies = counted

    def _counts_copies(self) -> bool:
        """Stickers are counted too, so that a scan tells an old one; a picture is a preview."""
        return counts(self._job.style) or (
            self._job.style.content is PrintContent.STICKERS and self._job.style.format is not LabelFormat.PNG
        )

    def _judge(self) -> Judge | None:
        if self._job.style.content is not PrintContent.LABELS:
            return None
        return Judge(refusal=lambda posting: refusal(posting, self._desk.settings), reprint=REPRINT)

    def _finish_list(self, founds: Mapping[str, Found]) -> PrintJob:
        made = Made()
        try:
            made = make_list(self._desk, founds) if founds else made
        except InvalidInputError as error:
            self._problems |= dict.fromkeys(founds, f"the pick list cannot be drawn: {error}")
        return self._finish(made, {})

    def _finish(self, made: Made, copies: Mapping[str, int]) -> PrintJob:
        job, tools = self._job, self._tools
        now = tools.clock.now()
        content = made.content if made.printed else b""
        key = ""
        if content:
            # One key whatever the file says: a second worker on the same job leaves no file behind.
            folder = "personal/prints" if made.personal else "prints"
            key = f"{folder}/{job.seller}/{job.id}.{_EXTENSIONS[job.style.format]}"
            stored = _stored(tools, job)
            if stored.state is not PrintState.WAITING:
                return stored
            tools.documents.put(key, content, content_type=CONTENT_TYPES[job.style.format])
        else:
            stored = _stored(tools, job)
        printed = set(made.printed)
        finished = replace(
            stored,
            version=stored.version + 1,
            state=PrintState.READY if content else PrintState.FAILED,
            numbers=(*made.printed, *(number for number in job.numbers if number not in printed)),
            key=key,
            problems={number: self._problems[number][:300] for number in job.numbers if number in self._problems},
            attempts=stored.attempts + 1,
            done=len(job.numbers),
            pages=made.pages if content else 0,
            copies=dict(copies) if content else {},
            personal=made.personal and bool(content),
            finished_at=now,
            next_alarm=(
                Alarm(due=now + self._desk.settings.personal_kept, kind=RungKind.EXPIRE_AT)
                if made.personal and content
                else None
            ),
        )
        data: dict[str, Json] = {
            "printed": list(made.printed),
            "problems": dict(finished.problems),
            "pages": finished.pages,
        }
        event = Event(type=EventType.PRINT_FINISHED, at=now, actor=actors.LABEL_GENERATION, data=data)
        appended = AppendEvents(job.seller, print_job_ref(job.id), finished.version, (event,))
        for_good = finished.next_alarm is None and len(job.numbers) <= MOST_IN_ONE_ROW
        try:
            tools.store.commit([SavePrintJob(finished, event)] if for_good else [SavePrintJob(finished), appended])
        except VersionConflictError:
            other = _stored(tools, job)
            if other.state is PrintState.WAITING:
                raise
            return other  # the same message came twice, and the other worker was quicker
        return finished


def _stored(tools: PrintTools, job: PrintJob) -> PrintJob:
    found = tools.store.print_job(job.seller, job.id)
    if found is None:
        raise NotFoundError(f"there is no print job {job.id}")
    return found
