"""Republish from event rows what the stream (which keeps 24 hours) may not have delivered.

Every consumer is idempotent: intents are settled once, notices are remembered, labels that exist are not fetched
again. So repair may be run at any time; it is also what a stack does after it was down. Every aggregate whose events
anybody hears of is looked at; nothing that is open is too old for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from shipby.application.alarms.route_events import Routed, route_event, route_push, route_webhooks
from shipby.application.ports.pages import Page
from shipby.application.ports.papers import StockReads
from shipby.application.ports.postings import HistoryReads, PostingReads
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.sellers import People, SellerReads
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.domain.cases.watches import OF_SELLER, digest_id
from shipby.domain.events import (
    AggregateKind,
    Ref,
    cancel_request_ref,
    carriage_ref,
    carrier_ref,
    case_ref,
    claim_ref,
    key_ref,
    person_ref,
    pool_aggregate,
    posting_ref,
    purchase_ref,
    return_ref,
    settings_ref,
    stock_ref,
    watch_ref,
)
from shipby.domain.notices.recipients import EVERYBODY
from shipby.domain.postings.inbox import PushState
from shipby.domain.postings.posting import FINAL, Stage
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import LOOK_AHEAD, ahead

OLDEST = timedelta(days=30)
"""What has ended and was first seen longer ago than this before the window is not looked at; what is open always is."""
ENDED = timedelta(days=90)
"""The same for returns, wishes to cancel, claims, carriages and cases, by when they were opened or due."""
PACKS_BACK = timedelta(days=400)
"""Evidence packs live for as long as their seller keeps them; they are few."""
_ON_NO_BOARD = (
    (AggregateKind.PRINT_JOB, OLDEST),
    (AggregateKind.NUMBER_JOB, OLDEST),
    (AggregateKind.EVIDENCE_PACK, PACKS_BACK),
)


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
    listens: bool = False,
) -> Repaired:
    """Route again every event of [since, until], and every push of it whose posting was not read since; `until` is now.

    `listens`: whether the seller has webhooks; what they got already is not sent again.
    What a clock that stood ahead by a day or two dated later than that is routed too: nobody knows when it was.
    """
    events = pushes = 0
    for ref in dict.fromkeys(aggregates_since(seller, since, until, store)):
        for stored in store.events(seller, ref):
            if since <= stored.event.at <= until or ahead(stored.event.at, until):
                publish([*route_event(stored, label_delay_seconds=0), *route_webhooks(stored, listens=listens)])
                events += 1
    for day in _days(since, until):
        pushes += _pushes(seller, day, since=since, until=until, store=store, publish=publish)
    return Repaired(events, pushes)


def _days(first: datetime, until: datetime) -> Iterator[date]:
    day = first.date()
    while day <= (until + LOOK_AHEAD).date():
        yield day
        day += timedelta(days=1)


def aggregates_since(seller: str, since: datetime, until: datetime, store: Store) -> Iterator[Ref]:
    """Everything that may have an event of the window; some of it twice."""
    for day in _days(since - OLDEST, until):
        for number in every(partial(_received_on, store, seller, day)):
            yield posting_ref(number)
        for identifier in every(partial(_returns_on, store, seller, day)):
            yield return_ref(identifier)
    for day in _days(since, until):
        for outcome in every(lambda cursor, day=day: store.outcomes_on(seller, day, cursor=cursor)):  # type: ignore[misc]  # bound per turn
            yield posting_ref(outcome.posting_number)
    for stage in Stage:
        if stage not in FINAL:
            for item in every(lambda cursor, stage=stage: store.worklist(seller, stage, limit=200, cursor=cursor)):  # type: ignore[misc]  # bound per turn
                yield posting_ref(item.number)
    for kind, back in _ON_NO_BOARD:
        for day in _days(since - back, until):
            for identifier in every(partial(_asked_on, store, seller, kind, day)):
                yield Ref(kind, identifier)
    yield from _kept(seller, store)
    yield from _of_the_shop(seller, store)
    yield from _goods(seller, store)
    yield from _matters(seller, since, store)
    yield from _watches(seller, store)


def _kept(seller: str, store: Store) -> Iterator[Ref]:
    """What is on no board and by no day."""
    for carrier in every(lambda cursor: store.carriers(seller, cursor=cursor)):
        yield carrier_ref(carrier.code)
    for purchase in every(lambda cursor: store.purchases(seller, cursor=cursor)):
        yield purchase_ref(purchase.id)


def _of_the_shop(seller: str, store: People) -> Iterator[Ref]:
    """Its policy, its people, their keys."""
    yield settings_ref()
    for person in every(lambda cursor: store.people(seller, limit=200, cursor=cursor)):
        yield person_ref(person.id)
    for key in every(lambda cursor: store.keys_of(seller, limit=200, cursor=cursor)):
        yield key_ref(key)


def _goods(seller: str, store: StockReads) -> Iterator[Ref]:
    for pool in every(lambda cursor: store.pools(seller, cursor=cursor)):
        yield pool_aggregate(pool.id)
        for item in every(lambda cursor, pool=pool: store.stock_in(seller, pool.id, limit=200, cursor=cursor)):  # type: ignore[misc]  # bound per turn
            yield stock_ref(pool.id, item.sku)


def _matters(seller: str, since: datetime, store: Store) -> Iterator[Ref]:
    """What has a board of its own: all that is open, and what ended and is not too old."""
    boards: tuple[tuple[Callable[[str], Ref], Callable[..., Page[str]]], ...] = (
        (return_ref, store.returns_in),
        (cancel_request_ref, store.cancel_requests_in),
        (claim_ref, store.claims_in),
        (carriage_ref, store.carriages_in),
        (case_ref, store.cases_in),
    )
    for ref, listing in boards:
        for open_only, oldest in ((True, None), (False, since - ENDED)):
            page = partial(_board, listing, seller, open_only, oldest)
            for identifier in every(page):
                yield ref(identifier)


def _watches(seller: str, store: SellerReads) -> Iterator[Ref]:
    """They are in no list: those of the seller have known names, each recipient has one."""
    settings = store.settings(seller) or SellerSettings(seller=seller)
    names = dict.fromkeys((*(one.name for one in settings.recipients), EVERYBODY.name))
    for identifier in (*OF_SELLER, *map(digest_id, names)):
        yield watch_ref(identifier)


def _board(
    listing: Callable[..., Page[str]], seller: str, open_only: bool, since: datetime | None, cursor: str | None
) -> Page[str]:
    return listing(seller, open_only=open_only, since=since, limit=200, cursor=cursor)


def _received_on(store: PostingReads, seller: str, day: date, cursor: str | None) -> Page[str]:
    return store.received_on(seller, day, cursor=cursor)


def _returns_on(store: ReturnReads, seller: str, day: date, cursor: str | None) -> Page[str]:
    return store.returns_opened_on(seller, day, cursor=cursor)


def _asked_on(store: HistoryReads, seller: str, kind: AggregateKind, day: date, cursor: str | None) -> Page[str]:
    return store.asked_on(seller, kind, day, cursor=cursor)


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
