"""The chance that a cut-off is met: the work still to do against what the warehouse was seen to pack.

Model. Work is done earliest cut-off first, late postings before all. Backlog is counted in minutes of work left by the
seller's settings, throughput in postings packed per working hour of the last whole days; one packed posting is worth
the minutes of a received one. Each run draws a past: the observed hours resampled with replacement, so that a short
history means a wider answer; then a future: every working hour until the courier comes takes one of those hours, every
day a common factor as far as past days really differed. A cut-off is met in a run if the work done until then covers
the work due by then. Working hours and weekdays are those in which something was packed.

What it does not know: orders still to come, whether the courier takes what is packed, and hours in which people could
have packed more than there was to pack. The first two make it too hopeful, the last too careful. Measured against a
warehouse of known pace (tests), the chances told come true within 10 points, or 12 where days differ by a tenth; where
days differ by a third, seven of them are too few: 90 % told was about 75 % true.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import accumulate, chain
from operator import mul
from random import Random
from statistics import fmean, variance

from shipby.domain.money import Money

RUNS = 2_000
GREEN, YELLOW = 0.95, 0.70
"""Least chance for a green and for a yellow lamp; below it is red."""
ENOUGH = 30
"""Fewer packed postings than this in the days looked at tell nothing: the prior is used and only the lamp is shown."""
DAYS = 7
"""Whole days looked back."""
HOUR = timedelta(hours=1)
PRIOR_HOURS = frozenset(range(9, 18))
"""Local hours a warehouse without a history is taken to work in, every day."""
_PRIOR_SPREAD = (0.5, 0.75, 1.0, 1.25, 1.5)
"""How far the real pace may lie from the minutes in the settings."""


class Lamp(StrEnum):
    """What to make of a chance."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


def lamp_of(chance: float) -> Lamp:
    """Green from 95 %, yellow from 70 %, else red."""
    return Lamp.GREEN if chance >= GREEN else Lamp.YELLOW if chance >= YELLOW else Lamp.RED


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """What a warehouse packed: postings in each working hour of each past day."""

    days: tuple[tuple[int, ...], ...]
    hours: frozenset[int]
    """Local hours of the day in which work is done."""
    weekdays: frozenset[int]
    """ISO weekdays on which work is done."""
    zone: tzinfo
    packed: int
    """How many packed postings this was measured from."""

    @property
    def measured(self) -> bool:
        return self.packed >= ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The open postings of one cut-off."""

    cut_off: datetime
    pack_by: datetime
    """When the work must be done: before the courier comes."""
    postings: int
    """Still to pack."""
    minutes: int
    """Work left on them."""
    packed: int = 0
    """Ready for the courier: met as far as this model goes."""
    at_risk: tuple[Money, ...] = ()
    """What missing it costs for those still to pack, one amount per currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What came out for one cut-off."""

    backlog: Backlog
    chance: float
    missing: float
    """Expected number of its postings that are not packed in time."""

    @property
    def lamp(self) -> Lamp:
        return lamp_of(self.chance)


def measure(
    packed: Iterable[datetime] | Mapping[datetime, int], *, first: date, last: date, zone: tzinfo
) -> Throughput:
    """The throughput of the whole local days `first` to `last`, from the moments at which postings were packed: each
    of them, or how many at each.

    An hour of the day is a working hour if something was packed in it on a third of the days with work (any, if that
    is true of none); a weekday is one unless it was seen without any work. Below ENOUGH postings the result is not
    `measured`.
    """
    counts: dict[date, Counter[int]] = defaultdict(Counter)
    for moment, times in Counter(packed).items():
        local = moment.astimezone(zone)
        if first <= local.date() <= last:
            counts[local.date()][local.hour] += times
    total = sum(sum(day.values()) for day in counts.values())
    if total < ENOUGH:
        return Throughput(days=(), hours=PRIOR_HOURS, weekdays=frozenset(range(1, 8)), zone=zone, packed=total)
    seen = Counter(hour for day in counts.values() for hour in day)
    hours = frozenset(hour for hour, times in seen.items() if 3 * times >= len(counts)) or frozenset(seen)
    begun = min(counts)
    calendar = [begun + timedelta(days=number) for number in range((last - begun).days + 1)]
    idle = {day.isoweekday() for day in calendar} - {day.isoweekday() for day in counts}
    return Throughput(
        days=tuple(tuple(counts[day][hour] for hour in sorted(hours)) for day in sorted(counts)),
        hours=hours,
        weekdays=frozenset(range(1, 8)) - idle,
        zone=zone,
        packed=total,
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    """A stretch of one working hour ahead."""

    start: datetime
    end: datetime
    day: int


def _slots(seen: Throughput, now: datetime, until: datetime) -> list[_Slot]:
    found: list[_Slot] = []
    days: dict[date, int] = {}
    start = now
    while start < until:
        local = start.astimezone(seen.zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        end = min(start + HOUR - into, until)
        if local.hour in seen.hours and local.isoweekday() in seen.weekdays:
            found.append(_Slot(start, end, days.setdefault(local.date(), len(days))))
        start = end
    return found


def _day_factors(days: Sequence[Sequence[int]]) -> list[float]:
    """How much past days really differed, 1 = an average day: what chance within a day explains is taken out."""
    means = [fmean(day) for day in days]
    middle = fmean(means)
    if len(days) < 3 or middle <= 0 or min(len(day) for day in days) < 2:
        return [1.0]
    by_chance = fmean(variance(day) / len(day) for day in days)
    between = variance(means)
    real = max(0.0, (between - by_chance) / between) ** 0.5 if between > 0 else 0.0
    # The days seen lie closer to their own middle than to the true one.
    wider = real * (len(days) / (len(days) - 1)) ** 0.5
    return [max(0.0, 1 + (mean / middle - 1) * wider) for mean in means]


class _Draws:
    """Draws minutes of work in each hour ahead, and the factor of each day ahead."""

    def __init__(self, seen: Throughput, slots: Sequence[_Slot], per_posting: int, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  # a simulation, not a secret
        self._days = [[float(count * per_posting) for count in day] for day in seen.days] if seen.measured else []
        self._factors = _day_factors(seen.days) if seen.measured else []
        self._count = len(slots)
        self._day_of = [slot.day for slot in slots]
        self._days_ahead = len(set(self._day_of))

    def paces(self) -> list[float]:
        """One run's minutes of work per hour, slot by slot. It runs thousands of times: hence no loops here."""
        if not self._days:
            return [60.0 * self._random.choice(_PRIOR_SPREAD)] * self._count
        choices = self._random.choices
        past = choices(self._days, k=len(self._days))
        factors = choices(self._factors, k=self._days_ahead)
        hours = choices(list(chain.from_iterable(past)), k=self._count)
        return list(map(mul, hours, map(factors.__getitem__, self._day_of)))


@dataclass(frozen=True, slots=True)
class _Until:
    """The work done until a time: that of so many whole slots, and a share of the hour that the next one lies in."""

    whole: int
    share: float


def _until(slots: Sequence[_Slot], when: datetime) -> _Until:
    whole = bisect_right(slots, when, key=lambda slot: slot.end)
    begun = whole < len(slots) and slots[whole].start < when
    return _Until(whole, (when - slots[whole].start) / HOUR if begun else 0.0)


def risks(
    backlogs: Sequence[Backlog],
    seen: Throughput,
    *,
    now: datetime,
    per_posting: int,
    late_minutes: int = 0,
    speed: float = 1.0,
    seed: int = 1,
    runs: int = RUNS,
) -> list[Risk]:
    """The risk of each cut-off of one warehouse, earliest first.

    `per_posting` are the minutes of a posting just received, `late_minutes` the work on late postings, `speed` how
    many times the measured pace. The same seed gives the same answer, and the same draws whatever the speed and the
    courier's time: so more people or a later courier never make it worse.
    """
    ordered = sorted(backlogs, key=lambda backlog: backlog.cut_off)
    if not ordered:
        return []
    slots = _slots(seen, now, ordered[-1].cut_off)
    weights = [speed * ((slot.end - slot.start) / HOUR) for slot in slots]
    until = [_until(slots, backlog.pack_by) for backlog in ordered]
    draws = _Draws(seen, slots, per_posting, seed)
    met = [0] * len(ordered)
    missing = [0.0] * len(ordered)
    due = late_minutes
    needed = [due := due + backlog.minutes for backlog in ordered]
    for _ in range(runs):
        paces = draws.paces()
        done = [0.0, *accumulate(map(mul, paces, weights))]
        for at, backlog in enumerate(ordered):
            whole, share = until[at].whole, until[at].share
            short = needed[at] - done[whole] - (speed * paces[whole] * share if share else 0.0)
            if short <= 0 or not backlog.minutes:
                met[at] += 1
            else:
                missing[at] += min(1.0, short / backlog.minutes) * backlog.postings
    return [
        Risk(backlog=backlog, chance=met[at] / runs, missing=missing[at] / runs) for at, backlog in enumerate(ordered)
    ]
