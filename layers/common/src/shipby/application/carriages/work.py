"""The label worker's part of closing the day: what a carriage needs next, one step after the other.

Read before act, row before call. A call whose answer never came is settled by reading the marketplace, never by
sending it again blindly; approving and cancelling happen only because a person asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from shipby.application.carriages.check import compare_scans
from shipby.application.carriages.papers import fetch_papers
from shipby.application.carriages.rows import CarriageContext, release_day
from shipby.application.cases.odd_entries import Listed, noting, set_aside_of
from shipby.application.ports.carriages import CarriageFacts, ListedCarriage
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.store import Store
from shipby.application.ports.writes import ClaimPointer
from shipby.application.shared.retry import or_decide_anew
from shipby.domain import pointers
from shipby.domain.carriages import (
    COMPARE_AFTER,
    LONGEST_WAIT,
    SETTLE_AFTER,
    Carriage,
    CarriageCall,
    CarriageState,
    approved,
    check_at,
    ended,
    fingerprint,
    holding,
    made,
    may_send_again,
    not_sent,
    sending,
    turned_down,
)
from shipby.domain.errors import (
    NeedsPersonError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
    UnreadableAnswerError,
)
from shipby.domain.events import EventType

T = TypeVar("T")
NEW = "new"
"""The only status in which a carriage may be changed. Source: /v1/carriage/set-postings."""
GONE = frozenset({"cancelled", "error"})
STEPS = 12
"""More than a carriage ever needs in one go; what is left comes with the next message."""
SPARE = timedelta(seconds=1)
"""The clocks of two of our own workers may lie so far apart."""


def work_carriage(
    seller: str,
    carriage_id: str,
    *,
    store: Store,
    marketplace: Marketplace,
    documents: DocumentStore,
    clock: Clock,
    compare_after: timedelta = COMPARE_AFTER,
) -> str:
    """Bring a carriage as far as it goes now; the outcome in a word. What comes later comes by its alarm.

    Repeating it at any time, also in two workers at once, is harmless. Raises NotFoundError (no such carriage),
    RetryableError and CredentialsRejectedError (the message comes again).
    """
    desk = CarriageContext(
        seller=seller, id=carriage_id, store=store, marketplace=marketplace, documents=documents, clock=clock
    )
    for _ in range(STEPS):
        carriage = desk.load()
        if not carriage.open:
            return "carriage_done"
        match carriage.state:
            case CarriageState.REQUESTED:
                outcome = _begin(desk, carriage)
            case CarriageState.OPEN:
                outcome = _hold(desk, carriage)
            case _ if carriage.next_alarm and clock.now() < carriage.next_alarm.due - SPARE:
                return "carriage_waiting"
            case _:
                outcome = fetch_papers(desk, carriage, compare_after) or compare_scans(desk, carriage, compare_after)
        if outcome:
            return outcome
    return "carriage_later"


# -- requested


def _begin(desk: CarriageContext, carriage: Carriage) -> str:
    """Create it, or find out whether it was created."""
    if carriage.asked == CarriageCall.CANCEL and not carriage.sent:
        _end(desk, carriage, CarriageState.CANCELLED, EventType.CARRIAGE_CANCELLED, "before it was begun")
        return ""
    listed = _listed(desk, carriage)
    if carriage.sent:
        return _settle_create(desk, carriage, [one for one in listed if one.id not in carriage.known])
    if begun := [one for one in listed if one.status == NEW]:
        # Somebody has begun it in the cabinet: a second one would split the day.
        _adopt(desk, carriage, begun[0].id, how="found")
        return ""
    known = [one.id for one in listed]
    if not _announce(desk, carriage, CarriageCall.CREATE, known):
        return ""
    day = date.fromisoformat(carriage.departure)
    try:
        identifier = _call(
            desk, CarriageCall.CREATE, lambda: desk.marketplace.carriages.create(carriage.delivery_method_id, day)
        )
    except OutcomeUnknownError:
        return "carriage_unknown"
    except PermanentError as error:
        if begun := [one for one in _listed(desk, carriage) if one.status == NEW]:
            # Refused because somebody was quicker in the cabinet.
            _adopt(desk, carriage, begun[0].id, how="found")
            return ""
        _end(desk, carriage, CarriageState.FAILED, EventType.CARRIAGE_FAILED, str(error))
        return "carriage_failed"
    _adopt(desk, carriage, identifier, how="created")
    return ""


def _listed(desk: CarriageContext, carriage: Carriage) -> list[ListedCarriage]:
    """Living carriages of its method and day that no other row holds."""
    day = date.fromisoformat(carriage.departure)
    with noting() as odd:
        listed = desk.marketplace.carriages.listed(carriage.delivery_method_id, day)
    if unread := set_aside_of(odd, Listed.CARRIAGE):
        # One that cannot be read may be the one that is looked for: a second one would split the day.
        one = next(iter(unread.values()))
        raise UnreadableAnswerError.at(f"{one.method} {one.id}".strip(), f"holds what makes no sense: {one.problem}")
    return [
        one
        for one in listed
        if one.status not in GONE and desk.store.find(desk.seller, pointers.CARRIAGE, one.id) in (None, carriage.id)
    ]


def _settle_create(desk: CarriageContext, carriage: Carriage, fresh: list[ListedCarriage]) -> str:
    if len(fresh) == 1:
        _adopt(desk, carriage, fresh[0].id, how="read back")
        return ""
    if fresh:
        ids = ", ".join(one.id for one in fresh)
        problem = f"its creation was not answered, and several carriages are new ({ids}): choose one in the cabinet"
        _end(desk, carriage, CarriageState.FAILED, EventType.CARRIAGE_FAILED, problem)
        return "carriage_failed"
    return _undone(desk, carriage)


def _adopt(desk: CarriageContext, carriage: Carriage, identifier: str, *, how: str) -> None:
    """Note the marketplace's carriage as ours; each belongs to one row only."""
    claim = ClaimPointer(desk.seller, pointers.CARRIAGE, identifier, carriage.id)
    with or_decide_anew(f"carriage {identifier} was taken by another row meanwhile: look again"):
        desk.note(
            lambda row: made(row, identifier) if row.state is CarriageState.REQUESTED else None,
            EventType.CARRIAGE_CHANGED,
            data={"marketplace_id": identifier, "how": how},
            also=[claim],
        )


# -- open


def _hold(desk: CarriageContext, carriage: Carriage) -> str:
    """See what it holds and whether somebody has closed it; then do what a person asked for."""
    api = desk.marketplace.carriages
    try:
        facts = api.get(carriage.marketplace_id)
    except NotFoundError:
        # Cancelling deletes it, here as well as in the cabinet.
        _end(desk, carriage, CarriageState.CANCELLED, EventType.CARRIAGE_CANCELLED, "the marketplace has deleted it")
        return ""
    if facts.status in GONE:
        _end(desk, carriage, CarriageState.CANCELLED, EventType.CARRIAGE_CANCELLED, f"it is {facts.status} there")
        return ""
    held = tuple(one.number for one in api.postings(carriage.marketplace_id))
    if facts.status != NEW:
        _note_approved(desk, carriage, held, facts)
        return ""
    if carriage.sent == CarriageCall.SET_POSTINGS and set(held) == set(carriage.wanted):
        _note_held(desk, carriage, held, {})
        return ""
    if carriage.sent:
        return _undone(desk, carriage)
    if carriage.asked == CarriageCall.CANCEL:
        return _cancel(desk, carriage)
    if carriage.wanted and set(held) != set(carriage.wanted):
        return _set_postings(desk, carriage)
    if set(held) != set(carriage.numbers):
        _note_held(desk, carriage, held, {})
        return ""
    if carriage.asked == CarriageCall.APPROVE:
        return _approve(desk, carriage, held)
    return "carriage_open"


def _set_postings(desk: CarriageContext, carriage: Carriage) -> str:
    api = desk.marketplace.carriages
    if not _announce(desk, carriage, CarriageCall.SET_POSTINGS):
        return ""
    try:
        refused = dict(
            _call(
                desk,
                CarriageCall.SET_POSTINGS,
                lambda: api.set_postings(carriage.marketplace_id, carriage.wanted),
            )
        )
    except OutcomeUnknownError:
        return "carriage_unknown"
    except PermanentError as error:
        # Sellers outside Russia cannot change it: it stays as the marketplace made it, and a person is told.
        _turn_down(desk, CarriageCall.SET_POSTINGS, str(error), forget_wanted=True)
        return ""
    now_held = tuple(one.number for one in api.postings(carriage.marketplace_id))
    missing = set(carriage.wanted) - set(now_held)
    refused |= {number: "the marketplace did not take it in" for number in missing if number not in refused}
    _note_held(desk, carriage, now_held, {number: refused[number] for number in refused if number in missing})
    return ""


def _approve(desk: CarriageContext, carriage: Carriage, held: tuple[str, ...]) -> str:
    if not held:
        _turn_down(desk, CarriageCall.APPROVE, "it holds no posting")
        return ""
    if fingerprint(held) != carriage.agreed:
        _turn_down(desk, CarriageCall.APPROVE, "its postings have changed since you looked: look again and approve")
        return ""
    if not _announce(desk, carriage, CarriageCall.APPROVE):
        return ""
    api = desk.marketplace.carriages
    try:
        _call(
            desk,
            CarriageCall.APPROVE,
            lambda: api.approve(carriage.marketplace_id, containers=carriage.containers),
        )
    except OutcomeUnknownError:
        return "carriage_unknown"
    except PermanentError as error:
        _turn_down(desk, CarriageCall.APPROVE, str(error))
        return ""
    _note_approved(desk, carriage, held, None)
    return ""


def _cancel(desk: CarriageContext, carriage: Carriage) -> str:
    if not _announce(desk, carriage, CarriageCall.CANCEL):
        return ""
    try:
        _call(desk, CarriageCall.CANCEL, lambda: desk.marketplace.carriages.cancel(carriage.marketplace_id))
    except OutcomeUnknownError:
        return "carriage_unknown"
    except PermanentError as error:
        _turn_down(desk, CarriageCall.CANCEL, str(error))
        return ""
    _end(desk, carriage, CarriageState.CANCELLED, EventType.CARRIAGE_CANCELLED, "")
    return ""


# -- rows around calls


def _announce(desk: CarriageContext, carriage: Carriage, call: CarriageCall, known: list[str] | None = None) -> bool:
    """The row before the call. False if another worker is at it already: then this one sends nothing."""
    at = desk.clock.now()

    def change(row: Carriage) -> Carriage | None:
        seen = (row.state, row.sent, row.asked, row.wanted)
        if seen != (carriage.state, carriage.sent, carriage.asked, carriage.wanted):
            return None
        return sending(row, call, at=at, known=known or [])

    return desk.note(change, EventType.CARRIAGE_CHANGED, data={"sending": call}) is not None


def _call(desk: CarriageContext, name: CarriageCall, call: Callable[[], T]) -> T:
    """Send it. Where it surely was not carried out the row says so, and the message comes again."""
    try:
        return call()
    except OutcomeUnknownError:
        raise
    except (RetryableError, NeedsPersonError) as error:
        later = check_at(desk.clock.now() + LONGEST_WAIT)
        desk.note(
            lambda row: replace(not_sent(row), next_alarm=later) if row.sent == name else None,
            EventType.CARRIAGE_CHANGED,
            reason=str(error),
            data={"not_sent": name},
        )
        raise


def _undone(desk: CarriageContext, carriage: Carriage) -> str:
    """The marketplace shows no trace of a call: believed after a while, and only then sent again."""
    now = desk.clock.now()
    if may_send_again(carriage, now):
        desk.note(
            lambda row: not_sent(row) if (row.sent, row.sent_at) == (carriage.sent, carriage.sent_at) else None,
            EventType.CARRIAGE_CHANGED,
            reason="the marketplace shows that it was not carried out",
            data={"not_sent": carriage.sent},
        )
        return ""
    if carriage.next_alarm is None:
        due = check_at((carriage.sent_at or now) + SETTLE_AFTER + SPARE)
        desk.note(
            lambda row: replace(row, next_alarm=due) if row.sent == carriage.sent and not row.next_alarm else None,
            EventType.CARRIAGE_CHANGED,
            data={"waiting_for": carriage.sent},
        )
    return "carriage_unknown"


def _note_held(desk: CarriageContext, carriage: Carriage, held: tuple[str, ...], refused: dict[str, str]) -> None:
    def change(row: Carriage) -> Carriage | None:
        if row.state is not CarriageState.OPEN or row.wanted != carriage.wanted:
            return None
        return holding(row, held, refused)

    desk.note(
        change,
        EventType.CARRIAGE_CHANGED,
        data={"postings": len(held), "refused": dict(list(refused.items())[:50])},
    )


def _note_approved(
    desk: CarriageContext, carriage: Carriage, held: tuple[str, ...], facts: CarriageFacts | None
) -> None:
    at = desk.clock.now()
    how = "by our call" if facts is None else ("read back" if carriage.sent else f"in the cabinet ({facts.status})")
    desk.note(
        lambda row: (
            replace(approved(row, at=at), numbers=tuple(sorted(held))) if row.state is CarriageState.OPEN else None
        ),
        EventType.CARRIAGE_APPROVED,
        data={"postings": len(held), "how": how},
        also=[release_day(carriage)],
    )


def _turn_down(desk: CarriageContext, call: CarriageCall, problem: str, *, forget_wanted: bool = False) -> None:
    def change(row: Carriage) -> Carriage | None:
        if row.state is not CarriageState.OPEN:
            return None
        changed = turned_down(row, problem)
        return replace(changed, wanted=()) if forget_wanted else changed

    desk.note(change, EventType.CARRIAGE_FAILED, reason=problem, data={"step": call})


def _end(desk: CarriageContext, carriage: Carriage, state: CarriageState, kind: EventType, problem: str) -> None:
    at = desk.clock.now()
    desk.note(
        lambda row: ended(row, state, at=at, problem=problem) if row.state is carriage.state else None,
        kind,
        reason=problem,
        also=[release_day(carriage)],
    )
