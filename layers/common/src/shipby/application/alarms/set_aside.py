"""Alarms that cannot be fired: set aside after several tries, in sight of people, and brought back by them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.ports.alarms import Alarms
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCase
from shipby.application.shared.retry import decide_anew
from shipby.domain.alarm import AlarmRef, AsideAlarm
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import NotFoundError, RetryableError, UnreadableItemError
from shipby.domain.events import Event, EventType, case_ref
from shipby.domain.json_types import Json

TRIES = 5
"""How often an alarm is tried: no more often than the queue's maxReceiveCount, so that the last try is not lost."""
ALLOWED = 20
ALLOWED_PER = timedelta(hours=1)
"""How many alarms one process may set aside in a while: where more fail, it is not the fault of the alarms."""


class Allowance:
    """Keeps a bad release, or a right that was taken away, from setting every alarm aside."""

    def __init__(self, most: int = ALLOWED) -> None:
        self._most = most
        self._taken: deque[datetime] = deque()

    def take(self, now: datetime) -> bool:
        """Whether one more may be set aside."""
        # A clock that was set back must not use the allowance up for longer than promised.
        self._taken = deque(at for at in self._taken if now - ALLOWED_PER < at <= now)
        if len(self._taken) >= self._most:
            return False
        self._taken.append(now)
        return True


def is_poison(error: Exception, attempt: int) -> bool:
    """Whether an alarm that failed on this try (from 1) can never be fired by this release.

    What may pass by itself never counts, however often it failed: an outage of the store hits all alarms alike. An item
    that a newer release wrote is unreadable for as long as the old one runs, so it counts although it is retryable.
    """
    passing = isinstance(error, RetryableError) and not isinstance(error, UnreadableItemError)
    return attempt >= TRIES and not passing


def item_name(alarm: AlarmRef) -> str:
    """The item of an alarm as people read it, such as `POSTING 24219509-0020-2`."""
    return f"INTENT {alarm.intent_id}" if alarm.intent_id else f"{alarm.ref.kind} {alarm.ref.id}"


def set_aside(alarm: AlarmRef, *, reason: str, store: Store, now: datetime, actor: str) -> bool:
    """Open a case, tell of it, and only then take the alarm out of the due ones. False if the item has moved on.

    May be repeated at any point: the case and its event are written once per alarm. Works on items that this release
    cannot read. Raises StoreUnavailableError.
    """
    subject = item_name(alarm)
    identifier = open_case(
        store,
        seller=alarm.seller,
        kind=CaseKind.ALARM_SET_ASIDE,
        subject=subject,
        reason=f"its alarm of {alarm.due.isoformat()} failed {TRIES} times: {reason}",
        now=now,
        actor=actor,
    )
    data: dict[str, Json] = {"item": subject, "due": alarm.due.isoformat(), "case": identifier}
    event = Event(type=EventType.ALARM_SET_ASIDE, at=now, actor=actor, reason=reason, data=data)
    decide_anew(lambda: _tell_once(alarm, identifier, event, store))
    return store.set_alarm_aside(alarm, reason, now)


def _tell_once(alarm: AlarmRef, identifier: str, event: Event, store: Store) -> None:
    """The event stands in the history of the case: the item itself may be unreadable, and so its version unknown."""
    ref = case_ref(identifier)
    case = store.case(alarm.seller, identifier)
    if case is None:
        raise NotFoundError(f"case {identifier} of seller {alarm.seller} is gone from the store")
    told = (stored.event for stored in store.events(alarm.seller, ref) if stored.event.type is event.type)
    if any(earlier.data["due"] == event.data["due"] for earlier in told):
        return
    changed = replace(case, version=case.version + 1)
    store.commit([SaveCase(changed), AppendEvents(alarm.seller, ref, changed.version, (event,))])


def list_aside(*, store: Alarms, seller: str = "") -> list[AsideAlarm]:
    """All alarms that are set aside, of one seller or of all, earliest due first; there are few."""
    found: list[AsideAlarm] = []
    cursor: str | None = None
    while True:
        page = store.alarms_aside(cursor=cursor)
        found += [aside for aside in page.items if seller in ("", aside.alarm.seller)]
        cursor = page.cursor
        if cursor is None:
            return found


def aside_view(aside: AsideAlarm) -> dict[str, Json]:
    """As the command line shows it."""
    return {
        "seller": aside.alarm.seller,
        "item": item_name(aside.alarm),
        "due": aside.alarm.due.isoformat(),
        "set_aside_at": aside.at.isoformat(),
        "reason": aside.reason,
    }


def bring_back(*, store: Store, now: datetime, actor: str, seller: str = "", item: str = "") -> list[AlarmRef]:
    """Put alarms that were set aside among the due ones again, and close their cases. Returns which.

    `seller` and `item` (as `item_name` writes it) narrow it down; without them all come back. What cannot be fired
    still is set aside again after its tries. Raises StoreUnavailableError; then some may be back.
    """
    back = []
    for aside in list_aside(store=store, seller=seller):
        alarm = aside.alarm
        if item not in ("", item_name(alarm)) or not store.bring_alarm_back(alarm):
            continue
        back.append(alarm)
        close_open_case(
            store,
            seller=alarm.seller,
            kind=CaseKind.ALARM_SET_ASIDE,
            subject=item_name(alarm),
            resolution="the alarm was brought back",
            now=now,
            actor=actor,
        )
    return back
