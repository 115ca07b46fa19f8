"""Many tracking numbers at once: one job of a file's rows, each with a verdict that follows it until it is read back.

    CHECKING --every row judged--> CHECKED --a person--> RUNNING --every row asked for--> WAITING --all settled--> DONE
                                      └──────────────────────┴── a person ──> CANCELLED

A job goes on from the part that it has not done yet; within a part a row that was asked for is known by its intent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.postings.posting import Alarm, RungKind

PART_ROWS = 50
"""Rows that are judged, or asked for, and kept together."""
MAX_ROWS = 1000
"""Rows of one job."""
_SOON, _RARELY = timedelta(minutes=2), timedelta(hours=6)


class JobState(StrEnum):
    """How far a job is."""

    CHECKING = "checking"
    CHECKED = "checked"
    """The dry run is done and nothing is changed: a person looks at it and starts the run, or cancels it."""
    RUNNING = "running"
    WAITING = "waiting"
    """Every row was asked for; some are not read back yet, or wait for a second person."""
    DONE = "done"
    CANCELLED = "cancelled"
    """A person stopped it; what had been asked for by then goes its way."""


class RowState(StrEnum):
    """What is to be thought of a row, then what became of it."""

    UNREAD = "unread"
    GOOD = "good"
    DOUBTFUL = "doubtful"
    """A second person will have to agree."""
    REFUSED = "refused"
    """By what is wrong with it, or by the second person."""
    UNCHANGED = "unchanged"
    """The posting has this number already."""
    UNDER_WAY = "under_way"
    """The same change was asked for before, outside of this job."""
    ASKED = "asked"
    WAITS_FOR_SECOND = "waits_for_second"
    CHANGED = "changed"
    """The marketplace shows it."""
    FAILED = "failed"
    """The marketplace refused it."""
    LEFT_OUT = "left_out"
    """The job was cancelled before it was asked for."""


TO_ASK = frozenset({RowState.GOOD, RowState.DOUBTFUL})
FOLLOWED = frozenset({RowState.ASKED, RowState.WAITS_FOR_SECOND, RowState.UNDER_WAY})
"""Rows whose intent may still change what became of them."""
STARTED = frozenset({JobState.RUNNING, JobState.WAITING, JobState.DONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRow:
    """One row of the file with its verdict. `posting` may be empty in the file: then `old` names it."""

    line: int
    """In the file; the heading is 1."""
    posting: str = ""
    old: str = ""
    number: str = ""
    carrier: str = ""
    kind: str = ""
    reason: str = ""
    state: RowState = RowState.UNREAD
    problem: str = ""
    intent: str = ""
    named: bool = False
    """Whether it stands for its posting and its number: a later row that names one of them is refused."""
    seen: str = ""
    """The posting's number when the row was judged: another one by the time of the run refuses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRows:
    """A part of a job's rows. It has no version: it goes with its job."""

    seller: str
    job: str
    part: int
    rows: tuple[NumberRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberJob:
    """A file of tracking numbers: how far it is, and how many of its rows stand where."""

    seller: str
    id: str
    version: int
    state: JobState
    asked_at: datetime
    asked_by: str
    rows: int
    parts: int
    file: str = ""
    """Its name, as the person called it."""
    done_parts: int = 0
    """Parts that are judged (CHECKING), or asked for (RUNNING)."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Row state -> rows, as last kept."""
    started_at: datetime | None = None
    started_by: str = ""
    """Who asks for the changes: of a doubtful one, never the second person."""
    finished_at: datetime | None = None
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.state not in (JobState.DONE, JobState.CANCELLED)


def in_parts(seller: str, job: str, rows: Iterable[NumberRow]) -> list[NumberRows]:
    """The rows in order, cut into parts."""
    every = tuple(rows)
    return [
        NumberRows(seller=seller, job=job, part=start // PART_ROWS, rows=every[start : start + PART_ROWS])
        for start in range(0, len(every), PART_ROWS)
    ]


def counted(rows: Iterable[NumberRow]) -> dict[str, int]:
    """Row state -> how many."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    return counts


def next_look(job: NumberJob, now: datetime) -> Alarm:
    """When a job is looked at again though nothing was heard of it: soon, then less and less often."""
    since = now - (job.started_at or job.asked_at)
    return Alarm(due=now + min(max(_SOON, since / 4), _RARELY), kind=RungKind.LOOK_AGAIN)
