"""A shop's numbers against the marketplace's, by content: once a UTC day, and when a person asks.

A difference counts when two looks, two minutes apart, both see it: what moves in between is no drift. It is told, with
its likely cause, and corrected by a person only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from shipby.application.availability.wishes import Pooled, places_of, tells_itself
from shipby.application.cases.opening import close_open_case, report_case
from shipby.application.ports.availability.market import OFFERS_A_READ, Stocks
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Watches
from shipby.application.ports.papers import OfferReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveWatch, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain import actors
from shipby.domain.availability.drift import Drift, DriftKind, Ours, Shown, differences
from shipby.domain.availability.places import Place
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import STOCK_COMPARE
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import Automation

REPORT = "stock"
SECOND_LOOK = timedelta(minutes=2)
_SLACK = timedelta(seconds=10)
_MOST_SHOWN = 500
"""Differences that a report names; it counts all."""
_MOST_REMEMBERED = 2000
"""Differences of a first look; where there are more, the rest is looked at once."""
_IN_CASE = 5
SUBJECT = "stock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look saw."""

    compared: int
    drifts: tuple[Drift, ...]


def is_due(shop: str, *, store: Store, clock: Clock) -> bool:
    """Whether a shop that sells from pools was not compared today (UTC)."""
    settings = store.settings(shop)
    if settings is None or not settings.stock_pools or settings.tell_stock is Automation.OFF:
        return False
    watch = store.watch(shop, STOCK_COMPARE)
    return watch is None or watch.checked_at.date() != clock.now().date()


def ask(shop: str, actor: str, remember: Remember, *, store: Watches, clock: Clock) -> Answer:
    """Have a shop's numbers compared: 202. Asked again while it is under way it stays as it is."""

    def once() -> Answer:
        known, now = store.watch(shop, STOCK_COMPARE), clock.now()
        answer = Answer(202, {"state": "asked", "asked_at": time_text(now)}, "/v1/stock/reconcile")
        under_way = known is not None and known.state == "asked" and now - known.checked_at < SECOND_LOOK
        writes = [] if under_way else _next(shop, known, "asked", {}, now, actor)
        told = [*writes, *remember(answer)]
        if told:
            store.commit(told)
        return answer

    return decide_anew(once)


def _next(
    shop: str, known: Watch | None, state: str, data: Mapping[str, Json], now: datetime, actor: str, seconds: int = 0
) -> list[Write]:
    watch = Watch(
        seller=shop, id=STOCK_COMPARE, version=known.version + 1 if known else 1, checked_at=now, state=state, data=data
    )
    kind = EventType.WATCH_CHANGED if state == "done" else EventType.STOCK_COMPARE_ASKED
    event = Event(type=kind, at=now, actor=actor, data={"in_seconds": seconds, "state": state})
    return [SaveWatch(watch), AppendEvents(shop, watch_ref(STOCK_COMPARE), watch.version, (event,))]


def compare(shop: str, *, pooled: Pooled, store: Store, stocks: Stocks, clock: Clock) -> str:
    """One look. Returns `again` where a second one follows, else `green` or `red`; `done` where nothing was asked for,
    `early` where a message came twice.

    Raises what reading the marketplace does; the message comes again then.
    """
    known = store.watch(shop, STOCK_COMPARE)
    if known is None or known.state == "done":
        return "done"
    if known.state == "again" and clock.now() - known.checked_at < SECOND_LOOK - _SLACK:
        return "early"
    look = _look(shop, pooled, store, stocks)
    if known.state == "asked" and look.drifts:
        first: list[Json] = [[*_key(drift)] for drift in look.drifts[:_MOST_REMEMBERED]]
        seconds = int(SECOND_LOOK.total_seconds())
        writes = _next(shop, known, "again", {"first": first}, clock.now(), actors.STOCK, seconds)
        store.commit(writes)
        return "again"
    seen = known.data.get("first")
    keys = seen if isinstance(seen, Sequence) else ()
    before = {tuple(map(str, key)) for key in keys if isinstance(key, Sequence)}
    lasting = tuple(drift for drift in look.drifts if _key(drift) in before)
    _conclude(shop, replace(look, drifts=lasting), known, store, clock)
    return "red" if lasting else "green"


def _key(drift: Drift) -> tuple[str, str, str]:
    return drift.place.warehouse, drift.place.offer, str(drift.kind)


def _conclude(shop: str, look: Look, known: Watch, store: Store, clock: Clock) -> None:
    now = clock.now()
    store.save_report(shop, REPORT, now.date(), report_of(look, now))
    if look.drifts and tells_itself(shop, store):
        report_case(
            store,
            seller=shop,
            kind=CaseKind.STOCK_DRIFT,
            subject=SUBJECT,
            reason=_reason(look.drifts),
            now=now,
            actor=actors.STOCK,
        )
    elif not look.drifts:
        close_open_case(
            store,
            seller=shop,
            kind=CaseKind.STOCK_DRIFT,
            subject=SUBJECT,
            resolution="the marketplace's numbers agree with ours",
            now=now,
            actor=actors.STOCK,
        )
    store.commit(_next(shop, known, "done", {}, now, actors.STOCK))


def _look(shop: str, pooled: Pooled, store: OfferReads, stocks: Stocks) -> Look:
    """Only pairs whose free number is the same before and after the marketplace was read."""
    before, served = _ours(shop, pooled, store)
    shown = _shown(stocks, sorted({place.offer for place in before}))
    after, _ = _ours(shop, pooled, store)
    still = {place: own for place, own in after.items() if place in before and before[place].free == own.free}
    moved = set(before) - set(still)
    there = {place: one for place, one in shown.items() if place not in moved}
    return Look(compared=len(still), drifts=differences(still, there, served=served))


def _ours(shop: str, pooled: Pooled, store: OfferReads) -> tuple[dict[Place, Ours], set[str]]:
    free: dict[Place, int] = {}
    reserved: dict[Place, int | None] = {}
    served: set[str] = set()
    for owner, pool in pooled.stock.pools_of(shop):
        houses = places_of(owner, pool, pooled).get(shop, ())
        served.update(houses)
        skus = pooled.stock.skus(owner, pool)
        numbers = pooled.stock.free(owner, pool, skus)
        held = pooled.stock.reserved(owner, pool, skus)
        for house in houses:
            free |= {Place(house, sku): max(0, count) for sku, count in numbers.items()}
            reserved |= {Place(house, sku): held.get(sku) for sku in numbers}
    offers = store.offers_at(shop, list(free))
    ours = {place: Ours(free=count, reserved=reserved[place], offer=offers.get(place)) for place, count in free.items()}
    return ours, served


def _shown(stocks: Stocks, offers: Sequence[str]) -> dict[Place, Shown]:
    found: dict[Place, Shown] = {}
    for start in range(0, len(offers), OFFERS_A_READ):
        part, cursor = offers[start : start + OFFERS_A_READ], ""
        while True:
            page = stocks.of_offers(part, cursor=cursor)
            found |= {one.place: Shown(for_sale=one.for_sale, reserved=one.reserved) for one in page.items}
            if page.cursor is None:
                break
            cursor = page.cursor
    return found


def report_of(look: Look, now: datetime) -> dict[str, Json]:
    """The report as it is kept and shown."""
    kinds = Counter(drift.kind for drift in look.drifts)
    counts: dict[str, Json] = {kind: kinds[kind] for kind in DriftKind}
    items: list[Json] = [_drift_view(drift) for drift in look.drifts[:_MOST_SHOWN]]
    return {
        "at": time_text(now),
        "green": not look.drifts,
        "compared": look.compared,
        "differences": len(look.drifts),
        "counts": counts,
        "items": items,
    }


def _drift_view(drift: Drift) -> dict[str, Json]:
    return {
        "warehouse": drift.place.warehouse,
        "offer_id": drift.place.offer,
        "kind": drift.kind,
        "ours": drift.ours,
        "theirs": drift.theirs,
        "cause": drift.cause,
        "code": drift.code or None,
    }


def _reason(drifts: Sequence[Drift]) -> str:
    worst = sorted(drifts, key=lambda drift: (drift.kind is not DriftKind.MORE_THERE, drift))[:_IN_CASE]
    named = "; ".join(
        f"{drift.place.offer} in warehouse {drift.place.warehouse}: {drift.kind}, ours {drift.ours}, theirs "
        f"{drift.theirs} ({drift.cause})"
        for drift in worst
    )
    more = f"; and {len(drifts) - len(worst)} more" if len(drifts) > len(worst) else ""
    return f"{len(drifts)} numbers differ from the marketplace's, see GET /v1/stock/reconcile: {named}{more}"


def get_report(shop: str, day: date, *, store: Store) -> dict[str, Json]:
    """The newest report of a day, and whether another look is under way. Raises NotFoundError where there is none."""
    found = store.report(shop, REPORT, day)
    watch = store.watch(shop, STOCK_COMPARE)
    under_way = watch is not None and watch.state != "done"
    if found is None:
        if under_way:
            raise NotFoundError(f"no comparison of {day} is done yet: one is under way, ask again in some minutes")
        raise NotFoundError(f"stock was not compared on {day}; POST /v1/stock/reconcile has it compared now")
    return {**found, "under_way": under_way}
