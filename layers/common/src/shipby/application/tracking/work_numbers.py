"""Carry a job of tracking numbers on by one step: judge its next part, ask for it, or see what became of the rows.

Each step is one commit under the job's version, and its event brings the next step. A worker that dies in between
leaves rows that were asked for: they carry the job's mark, so the step that comes again finds them and asks for the
others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from shipby.application.ports.clock import Clock
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveNumberJob
from shipby.application.tracking.number_jobs import follow, load_job
from shipby.application.tracking.number_rows import Seen, ask_row, judge_row
from shipby.domain import actors
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import Event, EventType, number_job_ref
from shipby.domain.tracking.number_job import (
    FOLLOWED,
    TO_ASK,
    JobState,
    NumberJob,
    NumberRow,
    NumberRows,
    counted,
    next_look,
)


@dataclass(frozen=True, slots=True)
class _Step:
    """What a step leads to: the rows of the part it was about, and how far the job is then."""

    job: NumberJob
    changed: tuple[NumberRows, ...]
    event: EventType | None
    """None: nothing has changed that anybody has to hear of."""


def work_numbers(seller: str, identifier: str, *, store: Store, clock: Clock) -> NumberJob:
    """The job after its next step; one that waits for a person or has ended stays as it is.

    Raises NotFoundError, RetryableError: the message comes again and goes on where it stopped.
    """
    job = load_job(seller, identifier, store)
    parts = store.number_rows(seller, identifier)
    match job.state:
        case JobState.CHECKING:
            step = _judge(job, parts, store, clock)
        case JobState.RUNNING:
            step = _ask(job, parts, store, clock)
        case JobState.WAITING:
            step = _follow(job, parts, store)
        case _:
            return job
    if step.event is None:
        return job
    now = clock.now()
    kept = {part.part: part for part in (*parts, *step.changed)}
    counts = counted(row for part in kept.values() for row in part.rows)
    done = replace(
        step.job,
        version=job.version + 1,
        counts=counts,
        finished_at=now if step.job.state is JobState.DONE else None,
        next_alarm=None if step.job.state in (JobState.CHECKED, JobState.DONE) else next_look(step.job, now),
    )
    event = Event(type=step.event, at=now, actor=actors.TRACKING, data={"state": done.state, "counts": dict(counts)})
    appended = AppendEvents(seller, number_job_ref(identifier), done.version, (event,))
    try:
        store.commit([SaveNumberJob(done, step.changed), appended])
    except VersionConflictError:
        # The same message came twice and the other worker was quicker, or a person cancelled: what stands is right.
        return load_job(seller, identifier, store)
    return done


def _judge(job: NumberJob, parts: list[NumberRows], store: Store, clock: Clock) -> _Step:
    part = parts[job.done_parts]
    seen = Seen.of(row for before in parts[: job.done_parts] for row in before.rows)
    rows = tuple(judge_row(job.seller, row, job.asked_by, seen, store=store, clock=clock) for row in part.rows)
    done = job.done_parts + 1
    if done < job.parts:
        return _Step(replace(job, done_parts=done), (replace(part, rows=rows),), EventType.NUMBERS_ADVANCED)
    checked = replace(job, done_parts=done, state=JobState.CHECKED)
    return _Step(checked, (replace(part, rows=rows),), EventType.NUMBERS_CHECKED)


def _ask(job: NumberJob, parts: list[NumberRows], store: Store, clock: Clock) -> _Step:
    part = parts[job.done_parts]

    def asked(row: NumberRow) -> NumberRow:
        if row.state not in TO_ASK:
            return row
        return ask_row(job.seller, row, job.started_by, job.id, store=store, clock=clock)

    changed = replace(part, rows=tuple(asked(row) for row in part.rows))
    done = job.done_parts + 1
    if done < job.parts:
        return _Step(replace(job, done_parts=done), (changed,), EventType.NUMBERS_ADVANCED)
    every = (*parts[: job.done_parts], changed)
    ended = not any(row.state in FOLLOWED for one in every for row in one.rows)
    state, event = (
        (JobState.DONE, EventType.NUMBERS_FINISHED) if ended else (JobState.WAITING, EventType.NUMBERS_FOLLOWED)
    )
    return _Step(replace(job, done_parts=done, state=state), (changed,), event)


def _follow(job: NumberJob, parts: list[NumberRows], store: IntentReads) -> _Step:
    rows = iter(follow(job.seller, [row for part in parts for row in part.rows], store))
    now = [replace(part, rows=tuple(islice(rows, len(part.rows)))) for part in parts]
    changed = tuple(after for before, after in zip(parts, now, strict=True) if before != after)
    if not any(row.state in FOLLOWED for part in now for row in part.rows):
        return _Step(replace(job, state=JobState.DONE), changed, EventType.NUMBERS_FINISHED)
    return _Step(job, changed, EventType.NUMBERS_FOLLOWED if changed else None)
