"""What automatic actions would have done, and what happened instead: read before switching them on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shipby.application.ports.matters import ShadowReads
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain import actors
from shipby.domain.deadlines.policy import Move
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Event, EventType, StoredEvent
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json
from shipby.domain.shadow import ShadowDecision

MOST_DAYS = 31
PERSON_SAME = "person_same"
PERSON_OTHERWISE = "person_otherwise"
AUTOMATION = "automation"
"""Carried out later by the machine itself: it was switched on."""
MARKETPLACE = "marketplace"
"""Settled from outside: by the marketplace, its clock, the buyer, or a person in the seller's cabinet."""
NOTHING_YET = "nothing_yet"
_ASKED = frozenset({EventType.INTENT_CREATED, EventType.INTENT_PROPOSED})
_SENT = frozenset({EventType.POSTING_HANDED_OVER, EventType.POSTING_IN_TRANSIT, EventType.POSTING_DELIVERED})


@dataclass(frozen=True, slots=True)
class _Matter:
    """How the end of a matter is told from later events of its aggregate."""

    call: str
    """The irreversible call that would have been made; empty where there is none."""
    done: frozenset[EventType]
    """The same effect, seen from outside or told by another event."""
    otherwise: frozenset[EventType] = frozenset()
    """Somebody went another way."""


_MATTERS: Mapping[str, _Matter] = {
    "ship": _Matter(
        IntentAction.SHIP, frozenset({EventType.POSTING_ASSEMBLED}), frozenset({EventType.POSTING_CANCELLED})
    ),
    "confirm": _Matter("", frozenset({EventType.POSTING_CONFIRMED}), frozenset({EventType.POSTING_CANCELLED})),
    "tell_buyer": _Matter("", frozenset({EventType.BUYER_ANSWERED}), _SENT | {EventType.POSTING_CANCELLED}),
    Move.CANCEL: _Matter(
        IntentAction.CANCEL, frozenset({EventType.POSTING_CANCELLED}), _SENT | {EventType.POSTING_OVERRIDDEN}
    ),
    Move.MOVE_DATE: _Matter(
        IntentAction.SET_CUT_OFF,
        frozenset({EventType.POSTING_CUT_OFF_MOVED}),
        _SENT | {EventType.POSTING_CANCELLED},
    ),
    Move.ASK_BUYER: _Matter(
        "",
        frozenset({EventType.BUYER_ASKED, EventType.BUYER_ANSWERED}),
        _SENT | {EventType.POSTING_CANCELLED},
    ),
    IntentAction.RETURN_ACTION: _Matter(
        IntentAction.RETURN_ACTION, frozenset({EventType.RETURN_DECIDED, EventType.RETURN_CLOSED})
    ),
    IntentAction.CANCEL_REQUEST: _Matter(
        IntentAction.CANCEL_REQUEST,
        frozenset({EventType.CANCEL_REQUEST_DECIDED, EventType.CANCEL_REQUEST_CLOSED}),
    ),
}


def shadow_report(
    seller: str, first: date, last: date, *, limit: int = 50, cursor: str | None = None, store: Store
) -> dict[str, Json]:
    """Decisions of `first` to `last` (UTC, both included): all counted by action, a page listed with what followed.

    Raises InvalidInputError for more than 31 days, days in the wrong order, or a cursor of another report.
    """
    if not 0 <= (last - first).days < MOST_DAYS:
        problem = f"a report covers 1 to {MOST_DAYS} days, the last one not before the first"
        raise InvalidInputError(problem, errors=[("from", problem)])
    counts = Counter(
        decision.action
        for day in _days(first, last)
        for decision in every(lambda at, day=day: store.shadows_on(seller, day, cursor=at))  # type: ignore[misc]  # bound per turn
    )
    page = _page(seller, first, last, limit, cursor, store)
    items = [_view(decision, store) for decision in page.items]
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "total": counts.total(),
        "by_action": dict(sorted(counts.items())),
        "items": [*items],
        "next_cursor": page.cursor,
    }


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]


def _page(
    seller: str, first: date, last: date, limit: int, cursor: str | None, store: ShadowReads
) -> Page[ShadowDecision]:
    """Decisions in order of time; a cursor is a day and the place within it."""
    day, _, within = (cursor or first.isoformat()).partition(".")
    start = _day_of(day, first, last)
    found: list[ShadowDecision] = []
    for each in _days(start, last):
        if len(found) == limit:
            return Page(tuple(found), f"{each}.")
        inside = within if each == start and within else None
        page = store.shadows_on(seller, each, limit=limit - len(found), cursor=inside)
        found += page.items
        if page.cursor is not None:
            return Page(tuple(found), f"{each}.{page.cursor}")
    return Page(tuple(found))


def _day_of(text: str, first: date, last: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = first - timedelta(days=1) if first > date.min else last
    if not first <= day <= last:
        raise InvalidInputError("the cursor does not belong to this report", errors=[("cursor", "foreign or broken")])
    return day


def _view(decision: ShadowDecision, store: HistoryReads) -> dict[str, Json]:
    history = store.events(decision.seller, decision.ref)
    amount = decision.data.get("amount") or decision.data.get("price")
    return {
        "id": decision.id,
        "at": time_text(decision.at),
        "kind": decision.ref.kind,
        "of": decision.ref.id,
        "posting_number": decision.posting_number,
        "action": decision.action,
        "would": decision.would,
        "reason": decision.reason,
        "policy_version": decision.policy_version,
        "money": amount if isinstance(amount, Mapping) else None,
        "data": decision.data,
        "then": _then(decision, history),
    }


def _then(decision: ShadowDecision, history: Sequence[StoredEvent]) -> dict[str, Json]:
    """The first event after the decision that settled its matter, and whose doing that was."""
    matter = _MATTERS.get(decision.action)
    if matter is not None:
        place = decision.id.rsplit("/", 2)[1:]
        after = (int(place[0]), int(place[1]))
        for stored in history:
            outcome = _outcome(matter, decision, stored.event)
            if (stored.version, stored.index) > after and outcome:
                event = stored.event
                return {
                    "outcome": outcome,
                    "event": event.type,
                    "at": time_text(event.at),
                    "actor": event.actor,
                    "reason": event.reason or None,
                }
    return {"outcome": NOTHING_YET, "event": None, "at": None, "actor": None, "reason": None}


def _outcome(matter: _Matter, decision: ShadowDecision, event: Event) -> str:
    """Empty where the event does not end the matter."""
    if event.type in _ASKED and event.data.get("action") in {matter.call, IntentAction.CANCEL}:
        same = event.data.get("action") == matter.call and _as_decided(decision, event)
        return _by(event.actor, same=same)
    if event.type in matter.done:
        return _by(event.actor, same=_as_decided(decision, event))
    if event.type in matter.otherwise:
        return _by(event.actor, same=False)
    return ""


def _by(actor: str, *, same: bool) -> str:
    if actors.is_person(actor):
        return PERSON_SAME if same else PERSON_OTHERWISE
    return AUTOMATION if actors.is_automatic(actor) else MARKETPLACE


def _as_decided(decision: ShadowDecision, event: Event) -> bool:
    """Whether what the event names of the choice is what would have been chosen."""
    return all(
        str(event.data[name]) == str(decision.data[name])
        for name in ("decision", "action_id")
        if name in event.data and name in decision.data
    )
