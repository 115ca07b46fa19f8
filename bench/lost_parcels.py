"""How soon lost parcels are found: a simulated year whose truth is known, against a fixed rule of 30 days.

Parcels of several carriers and lanes are handed over through a year. Each moves in steps whose lengths are drawn from
its lane's own distribution (log-normal, with a share of odd ones: held by the customs, a strike, a scan that is
missing); some are lost after a step, some are silent for long and arrive all the same. The watch looks once a day, as
the product does, by `heard`; limits are the dated defaults until a lane has its own, learned anew on the first of each
month from journeys that were finished by then (`learned`). The watch is told nothing but scans.

    python -m bench.lost_parcels [--parcels 100000] [--seed 1] [--write]
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shipby.domain.tracking.journeys import Journey
from shipby.domain.tracking.scans import Scan, ScanStatus
from shipby.domain.tracking.silence import (
    Silence,
    SilenceLimits,
    default_limits,
    heard,
    learned,
    phase_of,
    silences,
    weekend_days,
)

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
FIXED = timedelta(days=30)
"""The rule that people use: no news for so long."""
MIN_RECALL, MOST_FALSE = 0.95, 0.05
LEARN_FROM_LAST = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Lane:
    """What is true of a carrier on a lane; hours are medians of a step, `spread` is the sigma of its logarithm."""

    name: str
    share: float
    steps: int
    first_hours: float
    step_hours: float
    spread: float
    customs: bool
    lost: float
    odd: float
    """Share of parcels with a step that takes three to eight times as long, and arrive all the same."""


LANES = (
    Lane("post RU-RU", 0.30, 6, 14, 22, 0.55, customs=False, lost=0.010, odd=0.004),
    Lane("courier RU-RU", 0.20, 4, 6, 12, 0.45, customs=False, lost=0.004, odd=0.002),
    Lane("post CN-RU", 0.25, 8, 30, 55, 0.60, customs=True, lost=0.020, odd=0.006),
    Lane("line CN-RU", 0.20, 7, 20, 36, 0.45, customs=True, lost=0.012, odd=0.003),
    Lane("small KZ-RU", 0.05, 5, 24, 40, 0.50, customs=True, lost=0.015, odd=0.004),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """A parcel: its scans as they come, and the moment at which it is lost, if it is."""

    lane: Lane
    handed_over_at: datetime
    scans: tuple[Scan, ...]
    lost: bool


@dataclass(slots=True)
class Found:
    """What the watch said of all parcels."""

    parcels: int = 0
    lost: int = 0
    right: int = 0
    false: int = 0
    days: list[float] = field(default_factory=list)
    """From the last sign of life to the verdict, of those that were lost."""
    learned_share: float = 0.0

    @property
    def recall(self) -> float:
        return self.right / self.lost if self.lost else 1.0

    @property
    def false_alarms(self) -> float:
        """Of all that were called lost."""
        return self.false / (self.false + self.right) if self.false + self.right else 0.0

    @property
    def median_days(self) -> float:
        return statistics.median(self.days) if self.days else 0.0


def truth(seed: int, parcels: int) -> Iterator[Truth]:
    """Parcels in the order in which they are handed over; the same seed draws the same year."""
    draws = random.Random(seed)
    weights = [lane.share for lane in LANES]
    for index in range(parcels):
        lane = draws.choices(LANES, weights)[0]
        yield _parcel(lane, BEGIN + YEAR * index / parcels, draws)


def _parcel(lane: Lane, begin: datetime, draws: random.Random) -> Truth:
    words = [ScanStatus.ACCEPTED, *[ScanStatus.IN_TRANSIT] * (lane.steps - 3), ScanStatus.ARRIVED]
    if lane.customs:
        words.insert(len(words) - 1, ScanStatus.CUSTOMS)
    words += [ScanStatus.READY_FOR_PICKUP, ScanStatus.DELIVERED]
    lost_after = draws.randrange(len(words) - 1) if draws.random() < lane.lost else None
    odd_step = draws.randrange(1, len(words)) if draws.random() < lane.odd else None
    at, scans = begin, []
    for step, word in enumerate(words):
        if step == lost_after and lost_after is not None:
            break
        hours = (lane.first_hours if step == 0 else lane.step_hours) * draws.lognormvariate(0, lane.spread)
        at += timedelta(hours=hours * (draws.uniform(3, 8) if step == odd_step else 1))
        # Nobody scans on a Sunday.
        at += timedelta(days=1) if at.isoweekday() == 7 else timedelta(0)
        scans.append(Scan(at=at, status=word, source="simulated"))
    return Truth(lane, begin, tuple(scans), lost_after is not None)


def watch(parcels: Sequence[Truth]) -> tuple[Found, Found]:
    """What the product says of them, and what the fixed rule says."""
    ours, fixed = Found(), Found()
    limits: dict[tuple[str, str], SilenceLimits] = {}
    finished = sorted((one for one in parcels if not one.lost), key=lambda one: one.scans[-1].at)
    month = BEGIN
    learned_parcels = 0
    for one in parcels:
        if one.handed_over_at >= month + timedelta(days=30):
            month += timedelta(days=30)
            limits = _learn(finished, month)
        learned_parcels += any(name == one.lane.name for name, _ in limits)
        _note(ours, one, _verdict(one, limits))
        _note(fixed, one, _fixed(one))
    ours.learned_share = learned_parcels / len(parcels) if parcels else 0.0
    return ours, fixed


def _learn(finished: Sequence[Truth], now: datetime) -> dict[tuple[str, str], SilenceLimits]:
    lengths: dict[tuple[str, str], list[timedelta]] = {}
    for one in finished:
        if now - LEARN_FROM_LAST <= one.scans[-1].at <= now:
            journey = Journey(index=1, scans=one.scans)
            for phase, length in silences(journey, one.handed_over_at).items():
                lengths.setdefault((one.lane.name, phase), []).append(length)
    found = {key: learned(own, default_limits(key[1], now.date())) for key, own in lengths.items()}
    return {key: one for key, one in found.items() if one.samples}


def _verdict(one: Truth, limits: Mapping[tuple[str, str], SilenceLimits]) -> tuple[datetime, datetime] | None:
    """When it was first called lost, and since when it was silent then; None: never."""
    for index in range(len(one.scans) + 1):
        journey = Journey(index=1, scans=one.scans[:index]) if index else None
        since = journey.last_at if journey else one.handed_over_at
        ended = one.scans[index].at if index < len(one.scans) else since + YEAR
        if index == len(one.scans) and not one.lost:
            return None
        own = limits.get((one.lane.name, phase_of(journey)))
        quick = heard(journey, one.handed_over_at, ended, own, days_off=weekend_days(since, ended))
        if quick.silence is not Silence.LOST and index < len(one.scans):
            continue
        # Once a day it is looked at: the first look that calls it lost.
        day = since
        while day < ended:
            day += timedelta(days=1)
            told = heard(journey, one.handed_over_at, day, own, days_off=weekend_days(since, day))
            if day < ended and told.silence is Silence.LOST:
                return day, since
    return None


def _fixed(one: Truth) -> tuple[datetime, datetime] | None:
    times = [one.handed_over_at, *(scan.at for scan in one.scans)]
    for earlier, later in zip(times, [*times[1:], None], strict=True):
        if later is None:
            return (earlier + FIXED, earlier) if one.lost else None
        if later - earlier > FIXED:
            return earlier + FIXED, earlier
    return None


def _note(found: Found, one: Truth, verdict: tuple[datetime, datetime] | None) -> None:
    found.parcels += 1
    found.lost += one.lost
    if verdict is None:
        return
    at, since = verdict
    last = one.scans[-1].at if one.scans else one.handed_over_at
    if one.lost and since == last:
        found.right += 1
        found.days.append((at - since) / timedelta(days=1))
    else:
        found.false += 1


def table(ours: Found, fixed: Found) -> str:
    rows = [
        "| | learned limits | fixed 30 days |",
        "|---|---|---|",
        f"| lost parcels found | {ours.recall:.1%} of {ours.lost:,} | {fixed.recall:.1%} |",
        f"| false alarms, of all that were called lost | {ours.false_alarms:.1%} | {fixed.false_alarms:.1%} |",
        f"| median days from the last sign of life | {ours.median_days:.0f} | {fixed.median_days:.0f} |",
        f"| parcels whose lane had its own limits | {ours.learned_share:.0%} | |",
    ]
    return "\n".join(rows)


def good(ours: Found, fixed: Found) -> bool:
    better = ours.median_days < fixed.median_days
    return ours.recall >= MIN_RECALL and ours.false_alarms <= MOST_FALSE and better


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    ours, fixed = watch(list(truth(asked.seed, asked.parcels)))
    sys.stdout.write(f"{asked.parcels:,} parcels of a year, seed {asked.seed}\n\n{table(ours, fixed)}\n")
    return 0 if good(ours, fixed) else 1


if __name__ == "__main__":
    sys.exit(main())
