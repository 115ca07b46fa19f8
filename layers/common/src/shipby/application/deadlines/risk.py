"""The lamp of each warehouse and cut-off, and what more packers or a later courier would change."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shipby.application.deadlines.due_soon import when_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import Load, PostingReads
from shipby.application.ports.store import Store
from shipby.application.shared.views import money_view, time_text
from shipby.domain.deadlines.priority import minutes_of
from shipby.domain.deadlines.risk import DAYS, ENOUGH, GREEN, RUNS, YELLOW, Backlog, Risk, Throughput, measure, risks
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MAIN_LINE, Stage
from shipby.domain.sellers.settings import SellerSettings

WITHIN = timedelta(days=2)
"""How far ahead cut-offs are looked at unless somebody asks for another time."""
ROWS_READ = 20_000
"""Open postings looked at, per stage; beyond that the answer says so and is too hopeful."""
OUTCOMES_READ = 20_000
"""Outcomes looked at: the newest whole days that fit, one day at least."""
ANY = sys.maxsize
WAREHOUSES = 10
"""Warehouses simulated in one call: those with the earliest cut-offs."""
CUT_OFFS = 10
"""Cut-offs simulated for one warehouse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which cut-offs are asked for; the same seed gives the same answer."""

    within: timedelta = WITHIN
    warehouse: str = ""
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would be different: so many more (or fewer) packers than now, and a courier who comes later (or earlier)."""

    packers: int = 0
    packers_now: int = 1
    courier: timedelta = timedelta(0)

    @property
    def speed(self) -> float:
        """How many times the measured pace."""
        return max(0, self.packers_now + self.packers) / self.packers_now


AS_IT_IS = Change()


@dataclass(frozen=True, slots=True)
class _House:
    """What is known of one warehouse."""

    id: str
    backlogs: tuple[Backlog, ...]
    late_postings: int
    late_minutes: int
    seen: Throughput
    days: int
    """Whole days the throughput was measured over."""


@dataclass(frozen=True, slots=True)
class _Situation:
    now: datetime
    settings: SellerSettings
    houses: tuple[_House, ...]
    truncated: bool


def lamp(seller: str, asked: Asked, *, store: Store, clock: Clock) -> dict[str, Json]:
    """The lamp of every warehouse and cut-off within the time."""
    here = _situation(seller, asked, store, clock.now())
    return {
        **_head(here, asked),
        "warehouses": [_house_view(house, _risks(house, here, AS_IT_IS, asked.seed), here) for house in here.houses],
    }


def what_if(seller: str, change: Change, asked: Asked, *, store: Store, clock: Clock) -> dict[str, Json]:
    """The same with and without a change, with the same draws, so that the difference is the change's alone."""
    here = _situation(seller, asked, store, clock.now())

    def under(each: Change) -> list[Json]:
        return [_house_view(house, _risks(house, here, each, asked.seed), here) for house in here.houses]

    return {
        **_head(here, asked),
        "change": {
            "packers_now": change.packers_now,
            "packers": change.packers,
            "courier_minutes": change.courier // timedelta(minutes=1),
        },
        "before": under(AS_IT_IS),
        "after": under(change),
    }


def _situation(seller: str, asked: Asked, store: Store, now: datetime) -> _Situation:
    settings = store.settings(seller) or SellerSettings(seller=seller)
    by_house, truncated = _open_work(seller, asked, now, store)
    ahead = {house: _backlogs(found, settings, now) for house, found in by_house.items()}
    wanted = sorted((house for house in ahead if ahead[house]), key=lambda house: (ahead[house][0].cut_off, house))
    history, days = _history(seller, settings, now, store) if wanted else ({}, 0)
    zone = ZoneInfo(settings.time_zone)
    last = now.astimezone(zone).date() - timedelta(days=1)
    houses = []
    for house in wanted[:WAREHOUSES]:
        late = [work for work in by_house[house] if work.load.cut_off <= now]
        seen = measure(history.get(house, {}), first=last - timedelta(days=days - 1), last=last, zone=zone)
        houses.append(_House(house, ahead[house][:CUT_OFFS], _postings(late), _minutes(late, settings), seen, days))
    cut = len(wanted) > WAREHOUSES or any(len(ahead[house]) > CUT_OFFS for house in wanted)
    return _Situation(now, settings, tuple(houses), truncated or cut)


class _Work(NamedTuple):
    """Postings that are alike, and the stage they are in."""

    stage: Stage
    load: Load


def _open_work(seller: str, asked: Asked, now: datetime, store: PostingReads) -> tuple[dict[str, list[_Work]], bool]:
    """Open postings with a cut-off up to the end of the time, late ones too, by warehouse; and whether there are more.

    Blocked ones are left out: nobody works on them.
    """
    found: dict[str, list[_Work]] = defaultdict(list)
    truncated = False
    for stage in MAIN_LINE:
        if stage in BEFORE_HAND_OVER:
            until = now + asked.within
            loads, more = store.loads(seller, stage, until=until, warehouse=asked.warehouse, most=ROWS_READ)
            for load in loads:
                found[load.warehouse_id].append(_Work(stage, load))
            truncated = truncated or more
    return found, truncated


def _backlogs(works: Iterable[_Work], settings: SellerSettings, now: datetime) -> tuple[Backlog, ...]:
    """The work of one warehouse by cut-off ahead, earliest first."""
    groups: dict[datetime, list[_Work]] = defaultdict(list)
    for work in works:
        if work.load.cut_off > now:
            groups[work.load.cut_off].append(work)
    return tuple(_backlog(cut_off, groups[cut_off], settings) for cut_off in sorted(groups))


def _backlog(cut_off: datetime, works: Sequence[_Work], settings: SellerSettings) -> Backlog:
    to_pack = [work for work in works if work.stage is not Stage.PACKED]
    amounts: Counter[str] = Counter()
    for _, load in to_pack:
        if load.at_risk is not None and load.at_risk.minor > 0:
            amounts[load.at_risk.currency] += load.at_risk.minor * load.postings
    postings = _postings(to_pack)
    return Backlog(
        cut_off=cut_off,
        pack_by=cut_off - settings.hand_over_before,
        postings=postings,
        packed=_postings(works) - postings,
        minutes=_minutes(to_pack, settings),
        at_risk=tuple(Money(amounts[currency], currency) for currency in sorted(amounts)),
    )


def _postings(works: Iterable[_Work]) -> int:
    return sum(work.load.postings for work in works)


def _minutes(works: Iterable[_Work], settings: SellerSettings) -> int:
    """Minutes of packing left: what is packed waits for the courier and keeps nobody busy."""
    to_pack = (work for work in works if work.stage is not Stage.PACKED)
    return sum(minutes_of(work.stage, settings) * work.load.postings for work in to_pack)


def _history(
    seller: str, settings: SellerSettings, now: datetime, store: PostingReads
) -> tuple[dict[str, Mapping[datetime, int]], int]:
    """When postings were packed, by warehouse, and over how many whole local days before today that is complete.

    A posting leaves on the day it is packed or later, so outcomes are read from today back.
    """
    zone = ZoneInfo(settings.time_zone)
    packed: dict[str, Counter[datetime]] = defaultdict(Counter)
    today = now.astimezone(zone).date()
    day, read, oldest = now.astimezone(UTC).date(), 0, today
    # One day more than looked back, because the seller's days are not UTC days.
    while day >= today - timedelta(days=DAYS + 1):
        # One whole day at least, however much has left.
        enough = today - oldest >= timedelta(days=2)
        counted = store.packed_on(seller, day, most=OUTCOMES_READ - read if enough else ANY)
        if counted is None:
            break
        for (house, quarter), times in counted.items():
            packed[house][quarter] += times
        read, oldest = read + sum(counted.values()), day
        day -= timedelta(days=1)
    # The oldest UTC day read covers only a part of the local day it begins in.
    return dict(packed), max(0, min(DAYS, (today - oldest).days - 1))


def _risks(house: _House, here: _Situation, change: Change, seed: int) -> list[Risk]:
    moved = [
        replace(backlog, pack_by=min(backlog.cut_off, backlog.pack_by + change.courier)) for backlog in house.backlogs
    ]
    return risks(
        moved,
        house.seen,
        now=here.now,
        per_posting=minutes_of(Stage.RECEIVED, here.settings),
        late_minutes=house.late_minutes,
        speed=change.speed,
        seed=seed,
    )


# Views -----------------------------------------------------------------------------------------------------------


def _head(here: _Situation, asked: Asked) -> dict[str, Json]:
    return {
        "at": time_text(here.now),
        "until": time_text(here.now + asked.within),
        "seed": asked.seed,
        "runs": RUNS,
        "green_from_percent": _percent(GREEN),
        "yellow_from_percent": _percent(YELLOW),
        "detail_from_samples": ENOUGH,
        "truncated": here.truncated,
    }


def _house_view(house: _House, found: Sequence[Risk], here: _Situation) -> dict[str, Json]:
    worst = min(found, key=lambda risk: risk.chance)
    return {
        "warehouse_id": house.id,
        "lamp": worst.lamp,
        "earliest_cut_off": when_view(house.backlogs[0].cut_off, here.settings.time_zone),
        "basis": "measured" if house.seen.measured else "prior",
        "samples": house.seen.packed,
        "days": house.days,
        "late_postings": house.late_postings,
        "cut_offs": [_risk_view(risk, house, here) for risk in found],
    }


def _risk_view(risk: Risk, house: _House, here: _Situation) -> dict[str, Json]:
    backlog = risk.backlog
    return {
        "cut_off": when_view(backlog.cut_off, here.settings.time_zone),
        "pack_by": time_text(backlog.pack_by),
        "postings": backlog.postings + backlog.packed,
        "packed": backlog.packed,
        "lamp": risk.lamp,
        "detail": {
            "chance_percent": _percent(risk.chance),
            "expected_missing": str(Decimal(risk.missing).quantize(Decimal("0.1"))),
            "minutes_of_work": backlog.minutes,
            "at_risk": [money_view(money) for money in backlog.at_risk],
        }
        if house.seen.measured
        else None,
    }


def _percent(share: float) -> int:
    """Whole percent, rounded down: 94.9 % is no 95 %."""
    return int(share * 100 + 1e-9)
