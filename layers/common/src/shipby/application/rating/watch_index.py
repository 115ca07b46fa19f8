"""Reads the error index once an hour: the figures that the guard of cancels works with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal

from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.matters import Watches
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveWatch
from shipby.application.rating.index_figures import NOT_PERMITTED, UNKNOWN, WATCH, Figures, asked_of, watch_data
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import ActionNotOfferedError, CredentialsRejectedError, MarketplaceRefusedError
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Stage
from shipby.domain.rating.error_index import PERIOD, RATING, IndexState, leaves_on, shipments_of, shown
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, RatingThresholds
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import age

INDEX_EVERY = timedelta(hours=1)
SLACK = timedelta(minutes=2)
OWN_COUNT_LIMIT = 5_000
"""Our own postings are counted up to this many: more of them only make room that nobody needs."""
IN_FLIGHT = timedelta(hours=1)
"""So long a cancel may be on its way to the marketplace and back."""
LISTED_WITHIN = timedelta(days=3)
"""A cancel that is not among the errors by then does not count: the index is worked out daily."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What one reading brought."""

    index: ErrorIndex
    errors: tuple[IndexedPosting, ...]
    thresholds: RatingThresholds | None


def watch_index(seller: str, *, store: Store, marketplace: Marketplace, now: datetime, at_once: bool = False) -> str:
    """Once an hour, or `at_once`: read the index and keep its figures. Returns the band, `unknown` or `not permitted`.

    While it is unknown it is read in every round: the first postings make it known, and machines wait for that.
    """
    known = store.watch(seller, WATCH)
    fresh = known is not None and known.state != UNKNOWN and age(known.checked_at, now) < INDEX_EVERY - SLACK
    if known is not None and fresh and not at_once:
        return known.state
    try:
        read = _read(marketplace, now)
    except (CredentialsRejectedError, ActionNotOfferedError) as error:
        problem = str(error)

        def forbidden() -> str:
            watch = store.watch(seller, WATCH)
            data: dict[str, Json] = {"problem": problem, "asked": dict(asked_of(watch))}
            return _keep(seller, NOT_PERMITTED, data, store=store, now=now, watch=watch)

        return decide_anew(forbidden)
    state = _state(seller, read, store=store, now=now)

    def once() -> str:
        settings = store.settings(seller) or SellerSettings(seller=seller)
        watch = store.watch(seller, WATCH)
        figures = Figures(
            read_at=now,
            state=state,
            period_from=read.index.period_from,
            period_to=read.index.period_to,
            costs=read.index.costs,
            leaves=_leaves(read),
            thresholds=read.thresholds,
            asked=_still_ahead(seller, watch, read, store=store, now=now),
        )
        return _keep(seller, *watch_data(figures, settings), store=store, now=now, watch=watch)

    return decide_anew(once)


def _keep(
    seller: str, state: str, data: dict[str, Json], *, store: Watches, now: datetime, watch: Watch | None = None
) -> str:
    watch = watch or store.watch(seller, WATCH)
    before = watch.state if watch else ""
    silent = {"", UNKNOWN, NOT_PERMITTED}
    told = before != state and before not in silent and state not in silent
    about: dict[str, Json] = {"state": state, "was": before or None}
    about |= {name: data[name] for name in ("room", "table") if name in data}
    if "index" in data:
        about["index"] = str(shown(Decimal(str(data["index"]))))
    event = Event(
        type=EventType.INDEX_BAND_CHANGED if told else EventType.WATCH_CHANGED,
        at=now,
        actor=actors.MARKETPLACE_POLL,
        data=about,
    )
    if watch is None:
        changed = Watch(seller=seller, id=WATCH, version=1, checked_at=now, state=state, data=data)
    else:
        changed = replace(watch, version=watch.version + 1, checked_at=now, state=state, data=data)
    store.commit([SaveWatch(changed), AppendEvents(seller, watch_ref(WATCH), changed.version, (event,))])
    return state


def _read(marketplace: Marketplace, now: datetime) -> _Read:
    index = marketplace.error_index()
    since = _midnight(index.period_from)
    errors: list[IndexedPosting] = []
    cursor = ""
    while True:
        page = marketplace.index_errors(since=since, to=now, cursor=cursor)
        errors += page.items
        if page.cursor is None:
            break
        cursor = page.cursor
    try:
        thresholds = marketplace.rating_thresholds(RATING, since=now - PERIOD, to=now)
    except (CredentialsRejectedError, ActionNotOfferedError, MarketplaceRefusedError):
        thresholds = None  # the dated limits stand; the figures say that there are none of the marketplace's own
    return _Read(index, tuple(error for error in errors if not error.grace), thresholds)


def _state(seller: str, read: _Read, *, store: PostingReads, now: datetime) -> IndexState:
    # A posting may be late and cancelled: the index is a share of postings, so it counts once.
    counted = {error.number for error in read.errors if error.at.date() <= read.index.period_to}
    listed = {error.number for error in read.errors}
    index, errors = read.index.index, len(counted)
    least, most = shipments_of(index, errors)
    basis = "index"
    if not least:
        least = most = _own_count(seller, now.date(), store)
        basis = "own_count" if least else "none"
        if index > 0 and least:
            # The list of errors is not complete; the index is.
            errors = max(errors, int((index * least / 100).to_integral_value(ROUND_CEILING)))
    return IndexState(
        index=index,
        errors=errors,
        shipments=least,
        shipments_most=most,
        basis=basis,
        ahead=len(listed - counted),
        charge_percent=_newest_percent(read.errors),
    )


def _own_count(seller: str, today: date, store: PostingReads) -> int:
    """Our own postings of the period that ends today: the one in which a cancel of today will be counted."""
    count = 0
    for back in range(PERIOD.days):
        cursor: str | None = None
        while count < OWN_COUNT_LIMIT:
            page = store.received_on(seller, today - timedelta(days=back), cursor=cursor)
            count += len(page.items)
            if page.cursor is None:
                break
            cursor = page.cursor
    return min(count, OWN_COUNT_LIMIT)


def _newest_percent(errors: Sequence[IndexedPosting]) -> Decimal | None:
    charged = [error for error in errors if error.charge_percent > 0]
    return max(charged, key=lambda error: error.at).charge_percent if charged else None


def _leaves(read: _Read) -> dict[str, int]:
    days = Counter(
        leaves_on(error.at.date(), read.index.period_from, read.index.period_to).isoformat() for error in read.errors
    )
    return dict(sorted(days.items()))


def _still_ahead(
    seller: str, watch: Watch | None, read: _Read, *, store: PostingReads, now: datetime
) -> dict[str, str]:
    """The cancels asked for that will still appear among the errors."""
    listed = {error.number for error in read.errors}
    return {
        number: at
        for number, at in asked_of(watch).items()
        if number not in listed and _will_count(seller, number, datetime.fromisoformat(at), store=store, now=now)
    }


def _will_count(seller: str, number: str, asked_at: datetime, *, store: PostingReads, now: datetime) -> bool:
    age = now - asked_at
    if age < IN_FLIGHT:
        return True
    posting = store.posting(seller, number)
    if posting is None or age > LISTED_WITHIN:
        return False
    if open_of(posting, IntentAction.CANCEL):
        return True
    if posting.stage is not Stage.CANCELLED or posting.cancelled_by not in ("", "seller"):
        return False  # the marketplace refused the cancel, or somebody else was faster
    detail = store.detail(seller, number)
    return detail is None or detail.cancellation is None or detail.cancellation.affects_rating


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
