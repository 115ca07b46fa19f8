"""Republish from event rows what the stream (which keeps 24 hours) may not have delivered.

Every consumer is idempotent: intents are settled once, notices are remembered, labels that exist are not fetched
again. So repair may be run at any time; it is also what a stack does after it was down. Print jobs are in no index by
day: one whose event was lost stays waiting, and its labels are asked for again with a new job.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shipby.application.alarms.route_events import Routed, route_event, route_push
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.domain.events import Ref, posting_ref, return_ref
from shipby.domain.postings.inbox import PushState
from shipby.domain.skew import LOOK_AHEAD, ahead

OLDEST = timedelta(days=30)
"""Aggregates first seen longer ago than this before the window are not looked at."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many event rows and pushes were routed again."""

    events: int
    pushes: int


def repair(
    seller: str,
    *,
    since: datetime,
    until: datetime,
    store: Store,
    publish: Callable[[Sequence[Routed]], None],
) -> Repaired:
    """Route again every event of [since, until], and every push of it whose posting was not read since; `until` is now.

    What a clock that stood ahead by a day or two dated later than that is routed too: nobody knows when it was.
    """
    events = pushes = 0
    day = (since - OLDEST).date()
    while day <= (until + LOOK_AHEAD).date():
        for ref in _aggregates(seller, day, store):
            for stored in store.events(seller, ref):
                if since <= stored.event.at <= until or ahead(stored.event.at, until):
                    publish(route_event(stored, label_delay_seconds=0))
                    events += 1
        if day >= since.date():
            pushes += _pushes(seller, day, since=since, until=until, store=store, publish=publish)
        day += timedelta(days=1)
    return Repaired(events, pushes)


def _aggregates(seller: str, day: date, store: Store) -> list[Ref]:
    postings = every(lambda cursor: store.received_on(seller, day, cursor=cursor))
    returns = every(lambda cursor: store.returns_opened_on(seller, day, cursor=cursor))
    return [*(posting_ref(number) for number in postings), *(return_ref(identifier) for identifier in returns)]


def _pushes(
    seller: str,
    day: date,
    *,
    since: datetime,
    until: datetime,
    store: Store,
    publish: Callable[[Sequence[Routed]], None],
) -> int:
    routed = 0
    for push in every(lambda cursor: store.pushes_on(seller, day, cursor=cursor)):
        wrong = ahead(push.received_at, until)
        if push.state is not PushState.RECEIVED or not (wrong or since <= push.received_at <= until):
            continue
        posting = store.posting(seller, push.posting_number)
        # A read at the same moment may have begun before it.
        if posting is None or wrong or ahead(posting.synced_at, until) or posting.synced_at <= push.received_at:
            publish(route_push(push))
            routed += 1
    return routed
