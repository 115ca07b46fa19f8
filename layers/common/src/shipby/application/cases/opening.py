"""Opening and closing cases. Each change is one transaction: the case, its event, and the pointer to the open one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import CaseReads, Cases
from shipby.application.ports.pages import Page
from shipby.application.ports.writes import AppendEvents, ClaimPointer, Commits, ReleasePointer, SaveCase, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import chosen
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.application.shared.views import time_text
from shipby.domain import pointers
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import HeldDecision
from shipby.domain.cases.matter import Matter, case_id, closed, opened, restated
from shipby.domain.errors import InvalidInputError, NotFoundError, UnreadableItemError, VersionConflictError
from shipby.domain.events import AggregateKind, Event, case_ref
from shipby.domain.intents import intent_owner
from shipby.domain.json_types import Json
from shipby.domain.sellers.owners import owner_of

"""The kind of pointer from a matter to its open case."""


def open_case(
    store: Cases, *, seller: str, kind: CaseKind, subject: str, reason: str, now: datetime, actor: str, owner: str = ""
) -> str:
    """Open a case, or find the one of this kind and subject that is open already. Returns its id.

    An open one is left as it is, so that any number of workers may report the same matter any number of times.
    `owner`: who owns its posting by its stage, where it is about one (`owner_of`); the others are the policy's.
    Raises InvalidInputError (no subject or reason), StoreUnavailableError.
    """
    matter = Matter(seller=seller, kind=kind, subject=subject)

    def once() -> str:
        known = find_open_case(store, matter)
        return known.id if known else _open(store, matter, reason=reason, owner=owner, now=now, actor=actor)

    return decide_anew(once)


def report_case(
    store: Cases, *, seller: str, kind: CaseKind, subject: str, reason: str, now: datetime, actor: str, owner: str = ""
) -> bool:
    """Open a case, or bring the open one up to date if its reason or owner is another now. True if it is new.

    Meant for checks that see the whole matter each time, such as the audit; an unchanged case is not written.
    """
    matter = Matter(seller=seller, kind=kind, subject=subject)

    def once() -> bool:
        known = find_open_case(store, matter)
        if known is None:
            _open(store, matter, reason=reason, owner=owner, now=now, actor=actor)
            return True
        whose = owner or _by_policy(store, matter)
        if (known.reason, known.owner) != (reason, whose):
            _commit(store, restated(known, reason=reason, owner=whose, at=now, actor=actor), [])
        return False

    return decide_anew(once)


def close_case(store: Cases, *, seller: str, identifier: str, resolution: str, now: datetime, actor: str) -> Case:
    """Close a case by its id.

    Raises NotFoundError, StageMismatchError (closed already), InvalidInputError (no resolution).
    """
    return _close(store, seller, identifier, resolution, now=now, actor=actor, also=lambda _case: [])


def close_open_case(
    store: Cases, *, seller: str, kind: CaseKind, subject: str, resolution: str, now: datetime, actor: str
) -> bool:
    """Close the open case of a matter; False if none is open (any more)."""
    matter = Matter(seller=seller, kind=kind, subject=subject)

    def once() -> bool:
        case = find_open_case(store, matter)
        if case is None:
            return False
        _commit(store, closed(case, resolution=resolution, at=now, actor=actor), [_release(matter, case)])
        return True

    return decide_anew(once)


def opening(
    store: Cases,
    *,
    seller: str,
    kind: CaseKind,
    subject: str,
    reason: str,
    now: datetime,
    actor: str,
    owner: str = "",
    held: HeldDecision | None = None,
) -> tuple[str, list[Write]]:
    """The id of a matter's case and what opens it in a transaction of the caller's; nothing if one is open."""
    matter = Matter(seller=seller, kind=kind, subject=subject)
    if (known := find_open_case(store, matter)) is not None:
        return known.id, []
    case, event, writes = _new(store, matter, reason=reason, owner=owner, now=now, actor=actor, held=held)
    told = AppendEvents(seller, case_ref(case.id), case.version, (event,))
    return case.id, [SaveCase(case), told, *writes]


def closing(
    store: Cases, *, seller: str, kind: CaseKind, subject: str, resolution: str, now: datetime, actor: str
) -> list[Write]:
    """What closes the open case of a matter in a transaction of the caller's; nothing if none is open."""
    matter = Matter(seller=seller, kind=kind, subject=subject)
    case = find_open_case(store, matter)
    if case is None:
        return []
    changed, event = closed(case, resolution=resolution, at=now, actor=actor)
    told = AppendEvents(seller, case_ref(case.id), changed.version, (event,))
    return [SaveCase(changed), told, _release(matter, case)]


def close_by_hand(
    seller: str, identifier: str, resolution: str, actor: str, remember: Remember, *, store: Cases, clock: Clock
) -> Answer:
    """A person closes a case; the answer is remembered in the same transaction. Raises as close_case."""
    answer: list[Answer] = []

    def remembered(case: Case) -> list[Write]:
        answer[:] = [Answer(200, case_view(case))]
        return remember(answer[0])

    _close(store, seller, identifier, resolution, now=clock.now(), actor=actor, also=remembered)
    return answer[0]


def find_open_case(store: Cases, matter: Matter) -> Case | None:
    """The open case of a matter, strongly consistent."""
    identifier = store.find(matter.seller, pointers.CASE, matter.name)
    case = store.case(matter.seller, identifier) if identifier else None
    return case if case is not None and case.open else None


def load_case(store: CaseReads, seller: str, identifier: str) -> Case:
    """Raises NotFoundError."""
    case = store.case(seller, identifier)
    if case is None:
        raise NotFoundError(f"there is no case {identifier}; see GET /v1/cases")
    return case


def case_view(case: Case) -> dict[str, Json]:
    """As API clients see it."""
    return {
        "id": case.id,
        "version": case.version,
        "kind": case.kind,
        "subject": case.subject,
        "reason": case.reason,
        "owner": case.owner or None,
        "open": case.open,
        "opened_at": time_text(case.opened_at),
        "reminded_next": time_text(case.next_alarm.due) if case.next_alarm else None,
        "closed_at": time_text(case.closed_at),
        "closed_by": case.closed_by or None,
        "resolution": case.resolution or None,
        "ticket": f"/v1/postings/{case.subject}/tracking-ticket" if case.kind is CaseKind.NO_NUMBER else None,
    }


def list_cases(
    seller: str,
    *,
    open_only: bool,
    limit: int,
    cursor: str | None,
    store: CaseReads,
    kind: CaseKind | None = None,
    subject: str = "",
) -> dict[str, Json]:
    """Open cases, or those closed; oldest first; of one kind, or about one thing, where that is asked."""

    def keep(case: Case) -> bool:
        # The index lags: a case may have been closed since.
        return case.open is open_only and kind in (None, case.kind) and subject in ("", case.subject)

    def ids(most: int, after: str | None) -> Page[str]:
        return store.cases_in(seller, open_only=open_only, limit=most, cursor=after)

    page = chosen(ids, lambda one: store.case(seller, one), keep, limit=limit, cursor=cursor)
    return {"items": [case_view(case) for case in page.items], "next_cursor": page.cursor}


def get_case(seller: str, identifier: str, *, store: CaseReads) -> dict[str, Json]:
    """Raises NotFoundError."""
    return case_view(load_case(store, seller, identifier))


def _posting_of(matter: Matter) -> str:
    """The posting that a matter is about, where its subject names it in a way of its own; "" for none."""
    subject = matter.subject.removeprefix("INTENT ")
    if matter.kind is CaseKind.INTENT or subject != matter.subject:
        try:
            ref = intent_owner(subject)
        except InvalidInputError:
            return ""
        return ref.id if ref.kind is AggregateKind.POSTING else ""
    number = matter.subject.removeprefix(f"{AggregateKind.POSTING} ")
    return number if number != matter.subject or matter.kind in (CaseKind.MONEY, CaseKind.OPEN_ORDER) else ""


def _by_policy(store: Cases, matter: Matter) -> str:
    """Whom the seller's policy names; every case that is opened has its owner from here or from `owner_of`."""
    settings = store.settings(matter.seller)
    if settings is None or not settings.owners:
        return ""
    number = _posting_of(matter)
    try:
        posting = store.posting(matter.seller, number) if number else None
    except UnreadableItemError:
        # The case may be about just that: an item which this release cannot read.
        posting = None
    return owner_of(posting, settings)


def _new(
    store: Cases,
    matter: Matter,
    *,
    reason: str,
    owner: str,
    now: datetime,
    actor: str,
    held: HeldDecision | None = None,
) -> tuple[Case, Event, list[Write]]:
    """The case, its event, and the writes that point the matter to it."""
    identifier, taken = case_id(matter, now), 0
    while store.case(matter.seller, identifier) is not None:
        taken += 1
        identifier = case_id(matter, now, taken=taken)
    whose = owner or _by_policy(store, matter)
    case, event = opened(matter, identifier=identifier, reason=reason, owner=whose, at=now, actor=actor, held=held)
    writes: list[Write] = []
    # A pointer whose case is closed or gone (somebody deleted its row) must not keep the matter shut for ever.
    if stale := store.find(matter.seller, pointers.CASE, matter.name):
        standing = store.case(matter.seller, stale)
        if standing is not None and standing.open:
            # Opened since the caller looked: taking its pointer away would leave it open for ever.
            raise VersionConflictError(f"a case about {matter.name} was opened meanwhile: read it again")
        writes.append(ReleasePointer(matter.seller, pointers.CASE, matter.name, stale))
    writes.append(ClaimPointer(matter.seller, pointers.CASE, matter.name, case.id))
    return case, event, writes


def _open(store: Cases, matter: Matter, *, reason: str, owner: str, now: datetime, actor: str) -> str:
    case, event, writes = _new(store, matter, reason=reason, owner=owner, now=now, actor=actor)
    with or_decide_anew(f"a case about {matter.name} was opened meanwhile: read it again"):
        _commit(store, (case, event), writes)
    return case.id


def _close(
    store: Cases,
    seller: str,
    identifier: str,
    resolution: str,
    *,
    now: datetime,
    actor: str,
    also: Callable[[Case], list[Write]],
) -> Case:
    def once() -> Case:
        case = load_case(store, seller, identifier)
        changed, event = closed(case, resolution=resolution, at=now, actor=actor)
        matter = Matter(seller=seller, kind=case.kind, subject=case.subject)
        _commit(store, (changed, event), [_release(matter, case), *also(changed)])
        return changed

    return decide_anew(once)


def _release(matter: Matter, case: Case) -> ReleasePointer:
    return ReleasePointer(matter.seller, pointers.CASE, matter.name, case.id)


def _commit(store: Commits, change: tuple[Case, Event], writes: list[Write]) -> None:
    case, event = change
    store.commit([SaveCase(case), AppendEvents(case.seller, case_ref(case.id), case.version, (event,)), *writes])
