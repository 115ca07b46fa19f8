"""Jobs of many tracking numbers, as a person has them: a file is taken, its dry run looked at, the run started or
cancelled, and every row followed until the marketplace shows its number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import NumberJobReads
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveNumberJob
from shipby.application.shared.csv_text import Separator, csv_text
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.tables import Lines
from shipby.application.shared.views import time_text
from shipby.application.tracking.number_rows import asked_before, followed
from shipby.application.tracking.number_table import rows_of
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import AggregateKind, Event, EventType, number_job_ref
from shipby.domain.json_types import Json
from shipby.domain.tracking.number_job import (
    FOLLOWED,
    MAX_ROWS,
    STARTED,
    TO_ASK,
    JobState,
    NumberJob,
    NumberRow,
    RowState,
    counted,
    in_parts,
    next_look,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFile:
    """A table of numbers as it was sent. `field` is what the problem of the whole file is told of."""

    seller: str
    lines: Lines
    field: str
    actor: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWord:
    """A person's word on a job."""

    seller: str
    job: str
    actor: str
    if_match: int | None = None


def take_file(file: NumberFile, remember: Remember, *, store: Commits, clock: Clock) -> Answer:
    """Keep a file's rows as a job, to be judged by a worker: 202 with its place. Nothing is changed by it.

    Raises InvalidInputError for a file that is no such table, or has more than MAX_ROWS rows.
    """
    rows = rows_of(file.lines, field=file.field, most=MAX_ROWS)
    now = clock.now()
    seed = "\n".join([file.seller, file.actor, now.isoformat(), file.name, *map(repr, rows)])
    identifier = hashlib.sha256(seed.encode()).hexdigest()[:20]
    parts = in_parts(file.seller, identifier, rows)
    job = NumberJob(
        seller=file.seller,
        id=identifier,
        version=1,
        state=JobState.CHECKING,
        asked_at=now,
        asked_by=file.actor,
        rows=len(rows),
        parts=len(parts),
        file=file.name,
        counts=counted(rows),
    )
    job = replace(job, next_alarm=next_look(job, now))
    event = Event(type=EventType.NUMBERS_UPLOADED, at=now, actor=file.actor, data={"rows": job.rows})
    answer = Answer(202, job_view(job), f"/v1/tracking-jobs/{job.id}")
    appended = AppendEvents(job.seller, number_job_ref(job.id), 1, (event,))
    store.commit([SaveNumberJob(job, tuple(parts)), appended, *remember(answer)])
    return answer


def start_run(word: JobWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Have the changes asked for that the dry run found good or doubtful: 202. A job that runs already stays as it is.

    Raises NotFoundError, PreconditionFailedError, ActionNotOfferedError (not judged yet, over, nothing to ask for).
    """

    def once() -> Answer:
        job = load_job(word.seller, word.job, store)
        _check_seen(job, word)
        if job.state in STARTED:
            return _answered(job, [], remember, store)
        _check_may_start(job)
        now = clock.now()
        started = replace(
            job,
            version=job.version + 1,
            state=JobState.RUNNING,
            done_parts=0,
            started_at=now,
            started_by=word.actor,
        )
        started = replace(started, next_alarm=next_look(started, now))
        data: dict[str, Json] = {"counts": dict(job.counts)}
        event = Event(type=EventType.NUMBERS_STARTED, at=now, actor=word.actor, data=data)
        return _answered(started, [event], remember, store)

    return decide_anew(once)


def cancel_job(word: JobWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Ask for nothing more; what was asked for already goes its way. A cancelled job stays as it is.

    Raises NotFoundError, PreconditionFailedError, ActionNotOfferedError where nothing is left to stop.
    """

    def once() -> Answer:
        job = load_job(word.seller, word.job, store)
        _check_seen(job, word)
        if job.state is JobState.CANCELLED:
            return _answered(job, [], remember, store)
        if job.state in (JobState.WAITING, JobState.DONE):
            raise ActionNotOfferedError(
                f"job {job.id} is {job.state}: every row was asked for, and each has its own intent to decide on"
            )
        now = clock.now()
        rows = [row for part in store.number_rows(job.seller, job.id) for row in part.rows]
        left = [_left_out(row) for row in rows]
        ended = replace(
            job,
            version=job.version + 1,
            state=JobState.CANCELLED,
            counts=counted(left),
            finished_at=now,
            next_alarm=None,
        )
        event = Event(type=EventType.NUMBERS_CANCELLED, at=now, actor=word.actor, data={"counts": dict(ended.counts)})
        return _answered(ended, [event], remember, store, rows=left)

    return decide_anew(once)


def _left_out(row: NumberRow) -> NumberRow:
    stays = row.state not in TO_ASK and row.state is not RowState.UNREAD
    return row if stays else replace(row, state=RowState.LEFT_OUT)


def _answered(
    job: NumberJob, events: list[Event], remember: Remember, store: Commits, rows: Sequence[NumberRow] = ()
) -> Answer:
    answer = Answer(202, job_view(job), f"/v1/tracking-jobs/{job.id}")
    told = remember(answer)
    if events:
        saved = SaveNumberJob(job, tuple(in_parts(job.seller, job.id, rows)))
        store.commit([saved, AppendEvents(job.seller, number_job_ref(job.id), job.version, tuple(events)), *told])
    elif told:
        store.commit(told)
    return answer


def load_job(seller: str, identifier: str, store: NumberJobReads) -> NumberJob:
    """Raises NotFoundError."""
    job = store.number_job(seller, identifier)
    if job is None:
        raise NotFoundError(f"there is no job {identifier} of numbers; send a file with POST /v1/tracking-jobs")
    return job


def _check_seen(job: NumberJob, word: JobWord) -> None:
    if word.if_match is not None and word.if_match != job.version:
        raise PreconditionFailedError(
            f"job {job.id} is at version {job.version}, you have {word.if_match}: read it again"
        )


def _check_may_start(job: NumberJob) -> None:
    if job.state is not JobState.CHECKED:
        raise ActionNotOfferedError(
            f"job {job.id} is {job.state}: a run starts once every row is judged and somebody has looked at it"
        )
    if not any(job.counts.get(state) for state in TO_ASK):
        raise ActionNotOfferedError(
            f"job {job.id} has no row that can be asked for: correct the file and send it again"
        )


def get_job(seller: str, identifier: str, *, store: Store) -> dict[str, Json]:
    """A job with its rows counted as they stand now. Raises NotFoundError."""
    job = load_job(seller, identifier, store)
    return job_view(replace(job, counts=counted(rows_now(job, store))))


def get_rows(seller: str, identifier: str, *, limit: int, cursor: str | None, store: Store) -> dict[str, Json]:
    """Rows of a job in the order of the file, as they stand now. Raises NotFoundError, InvalidInputError."""
    job = load_job(seller, identifier, store)
    if cursor is not None and not cursor.isdecimal():
        raise InvalidInputError("this cursor is not of these rows", errors=[("cursor", "leave it out to begin")])
    after = int(cursor or 0)
    rows = [(part.part, row) for part in store.number_rows(seller, job.id) for row in part.rows if row.line > after]
    page = rows[:limit]
    items: list[Json] = [row_view(row) for row in _as_they_stand(job, page, store)]
    return {"items": items, "next_cursor": str(page[-1][1].line) if len(rows) > limit else None}


def rows_csv(seller: str, identifier: str, *, store: Store, separator: Separator) -> str:
    """Every row as it stands now, as a table that a spreadsheet opens. Raises NotFoundError."""
    job = load_job(seller, identifier, store)
    return csv_text(
        ("row", "posting_number", "tracking_number", "carrier", "verdict", "problem", "ticket", "intent"),
        (
            (
                row.line,
                row.posting,
                row.number,
                row.carrier,
                row.state,
                row.problem,
                ticket_path(row) or "",
                row.intent,
            )
            for row in rows_now(job, store)
        ),
        separator,
    )


def rows_now(job: NumberJob, store: Store) -> list[NumberRow]:
    """All rows, those that were asked for as their intents stand."""
    parts = store.number_rows(job.seller, job.id)
    return _as_they_stand(job, [(part.part, row) for part in parts for row in part.rows], store)


def _as_they_stand(job: NumberJob, rows: Sequence[tuple[int, NumberRow]], store: IntentReads) -> list[NumberRow]:
    now = follow(job.seller, [row for _, row in rows], store)

    def known(part: int, row: NumberRow) -> NumberRow:
        if row.state is RowState.LEFT_OUT and job.started_at and part == job.done_parts:
            # A worker may have been in the middle of this part when the job was cancelled.
            return followed(row, asked_before(job.seller, row, job.id, store))
        return row

    return [known(part, row) for (part, _), row in zip(rows, now, strict=True)]


def follow(seller: str, rows: Sequence[NumberRow], store: IntentReads) -> list[NumberRow]:
    """The rows with those that were asked for as their intents stand."""
    open_rows = [row.intent for row in rows if row.state in FOLLOWED and row.intent]
    intents = store.intents_by_id(seller, open_rows)

    def now(row: NumberRow) -> NumberRow:
        if row.state not in FOLLOWED:
            return row
        stands = followed(row, intents.get(row.intent))
        # The intent of somebody else's same wish: until it ends it is still under way.
        return row if row.state is RowState.UNDER_WAY and stands.state in FOLLOWED else stands

    return [now(row) for row in rows]


def list_jobs(seller: str, day: date, *, limit: int, cursor: str | None, store: Store) -> dict[str, Json]:
    """Jobs whose file was sent on a day (UTC), as last counted."""
    page = store.asked_on(seller, AggregateKind.NUMBER_JOB, day, limit=limit, cursor=cursor)
    found = (store.number_job(seller, identifier) for identifier in page.items)
    items: list[Json] = [job_view(job) for job in found if job is not None]
    return {"items": items, "next_cursor": page.cursor}


def job_view(job: NumberJob) -> dict[str, Json]:
    return {
        "id": job.id,
        "version": job.version,
        "state": job.state,
        "file": job.file or None,
        "rows": job.rows,
        "counts": {state: job.counts[state] for state in RowState if job.counts.get(state)},
        "asked_at": time_text(job.asked_at),
        "asked_by": job.asked_by,
        "started_at": time_text(job.started_at),
        "started_by": job.started_by or None,
        "finished_at": time_text(job.finished_at),
    }


def row_view(row: NumberRow) -> dict[str, Json]:
    return {
        "row": row.line,
        "posting_number": row.posting or None,
        "old_number": row.old or row.seen or None,
        "tracking_number": row.number[:60] or None,
        "carrier": row.carrier or None,
        "verdict": row.state,
        "problem": row.problem or None,
        "intent": row.intent or None,
        "ticket": ticket_path(row),
    }


def ticket_path(row: NumberRow) -> str | None:
    """Where the ticket is for a row that the marketplace refused."""
    return f"/v1/postings/{row.posting}/tracking-ticket" if row.state is RowState.FAILED else None
