"""Cases: matters for a person. One is open per kind and subject, and it asks again every day until it is closed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import HeldDecision, Wait, again_at
from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind

REMIND_EVERY = timedelta(days=1)
"""How often an open case is told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a case is about: at most one case of the same kind and subject is open at a time."""

    seller: str
    kind: CaseKind
    subject: str

    @property
    def name(self) -> str:
        """Unique per seller; what the pointer to the open case is called."""
        return f"{self.kind} {self.subject}"


def next_reminder(at: datetime) -> Alarm:
    """The alarm that brings an open case back to somebody's mind."""
    return Alarm(due=at + REMIND_EVERY, kind=RungKind.CASE_DUE)


def case_id(matter: Matter, at: datetime, *, taken: int = 0) -> str:
    """An id that begins with the day, so that people see how old a case is.

    The same moment gives the same id; `taken` counts the ids of that moment that are used already.
    """
    seed = f"{matter.seller}\n{matter.name}\n{at.isoformat()}\n{taken}"
    return f"{at:%Y%m%d}-{hashlib.sha256(seed.encode()).hexdigest()[:12]}"


def opened(
    matter: Matter,
    *,
    identifier: str,
    reason: str,
    owner: str,
    at: datetime,
    actor: str,
    held: HeldDecision | None = None,
) -> tuple[Case, Event]:
    """A new case with its event. Raises InvalidInputError without a subject or a reason."""
    if not matter.subject or not reason:
        raise InvalidInputError(f"a case of kind {matter.kind} needs a subject and a reason")
    case = Case(
        seller=matter.seller,
        id=identifier,
        version=1,
        kind=matter.kind,
        subject=matter.subject,
        reason=reason,
        opened_at=at,
        owner=owner,
        next_alarm=next_reminder(at) if held is None else _next_look(held, at, at),
        held=held,
    )
    return case, _event(EventType.CASE_OPENED, case, at=at, actor=actor, reason=reason)


def restated(case: Case, *, reason: str, owner: str, at: datetime, actor: str) -> tuple[Case, Event]:
    """An open case with what is wrong now: it is told at once, and the next reminder counts from here."""
    changed = replace(case, version=case.version + 1, reason=reason, owner=owner, next_alarm=next_reminder(at))
    return changed, _event(EventType.CASE_REMINDED, changed, at=at, actor=actor, reason=reason)


def still_held(case: Case, wait: Wait, *, reason: str, at: datetime, actor: str) -> tuple[Case, Event]:
    """A case whose decision was taken again and still waits. Another reason is told at once, the same once a day."""
    assert case.held is not None  # noqa: S101  # only cases of held decisions are looked at so
    news = wait is not case.held.waits_for or at - case.held.told_at >= REMIND_EVERY
    held = replace(case.held, waits_for=wait, told_at=at if news else case.held.told_at)
    # What waits for something else now has not waited for that yet.
    since = case.opened_at if wait is case.held.waits_for else at
    changed = replace(case, version=case.version + 1, reason=reason, held=held, next_alarm=_next_look(held, since, at))
    kind = EventType.CASE_REMINDED if news else EventType.CASE_LOOKED_AT
    return changed, _event(kind, changed, at=at, actor=actor, reason=reason)


def _next_look(held: HeldDecision, since: datetime, at: datetime) -> Alarm:
    return Alarm(due=again_at(held.waits_for, since, at), kind=RungKind.CASE_DUE)


def closed(case: Case, *, resolution: str, at: datetime, actor: str) -> tuple[Case, Event]:
    """A closed case with its event.

    Raises StageMismatchError if it is closed already, InvalidInputError without a resolution.
    """
    if not case.open:
        raise StageMismatchError(f"case {case.id} is closed already: {case.resolution}")
    if not resolution.strip():
        raise InvalidInputError("a case is closed with a resolution", errors=[("resolution", "say what was done")])
    changed = replace(
        case,
        version=case.version + 1,
        closed_at=at,
        closed_by=actor,
        resolution=resolution.strip(),
        next_alarm=None,
    )
    return changed, _event(EventType.CASE_CLOSED, changed, at=at, actor=actor, reason=changed.resolution)


def _event(kind: EventType, case: Case, *, at: datetime, actor: str, reason: str) -> Event:
    data: dict[str, Json] = {
        "kind": case.kind,
        "subject": case.subject,
        "owner": case.owner,
        "opened_at": case.opened_at.isoformat(),
    }
    return Event(type=kind, at=at, actor=actor, reason=reason, data=data)
