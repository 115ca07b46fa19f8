"""Silence: how long a carrier may say nothing of a parcel before it counts as delayed, and as lost.

Dated defaults first. Once a lane of a carrier has LEARNED_FROM finished journeys, its own longest silences decide: the
limits are quantiles of them. From n samples the 99 % quantile is an extreme value, known only when n * (1 - 0.99) is a
few; with 300 three journeys lie beyond it, so one odd journey does not move the limit alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from shipby.domain.tracking.journeys import Journey
from shipby.domain.tracking.scans import ScanStatus

LEARNED_FROM = 300
DELAYED_QUANTILE, LOST_QUANTILE = 0.90, 0.99
LOST_MARGIN = 1.25
"""What was never seen yet is still possible: the learned limit of loss is so much longer than its quantile."""


class Silence(StrEnum):
    """What a parcel's silence says."""

    FINE = "fine"
    NOT_ACCEPTED = "not_accepted"
    """Handed over, and the carrier has never scanned it."""
    DELAYED = "delayed"
    LOST = "lost"
    GOING_BACK = "going_back"
    HELD = "held"
    """The carrier says itself that something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceLimits:
    """How long a phase of a journey may be silent."""

    delayed: timedelta
    lost: timedelta
    source: str
    samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedLimits:
    """Defaults of one release: phase -> limits, valid from a day on."""

    valid_from: date
    limits: Mapping[str, SilenceLimits]


FIRST_SCAN, MOVING, AT_CUSTOMS, WAITING = "first_scan", "moving", "customs", "waiting"
"""Phases: before the first scan, on its way, at the customs, waiting for the buyer."""


def _days(delayed: int, lost: int, source: str) -> SilenceLimits:
    return SilenceLimits(delayed=timedelta(days=delayed), lost=timedelta(days=lost), source=source)


_OURS = "ours: a cautious start, until the lane has its own figures"
DEFAULTS: tuple[DatedLimits, ...] = (
    DatedLimits(
        valid_from=date(2000, 1, 1),
        limits={
            FIRST_SCAN: _days(3, 10, "Ozon Global pages, rFBS: not handed over within 10 days is cancelled"),
            MOVING: _days(7, 20, "Ozon Global pages, rFBS: the buyer may cancel what is 20 days overdue"),
            AT_CUSTOMS: _days(10, 30, _OURS),
            WAITING: _days(14, 30, "Russian Post keeps parcels for 15 to 30 days"),
        },
    ),
)


def phase_of(journey: Journey | None) -> str:
    """The phase whose limits count now."""
    if journey is None or journey.accepted_at is None:
        return FIRST_SCAN
    if journey.status is ScanStatus.CUSTOMS:
        return AT_CUSTOMS
    waits = (ScanStatus.READY_FOR_PICKUP, ScanStatus.FAILED_ATTEMPT)
    return WAITING if journey.status in waits else MOVING


def default_limits(phase: str, on: date) -> SilenceLimits:
    """The dated default that is valid on a day."""
    valid = [one for one in DEFAULTS if one.valid_from <= on]
    return max(valid, key=lambda one: one.valid_from).limits[phase]


def learned(silences: Sequence[timedelta], default: SilenceLimits) -> SilenceLimits:
    """Limits of a lane from the longest silence of each finished journey; the default while they are too few."""
    if len(silences) < LEARNED_FROM:
        return default
    ordered = sorted(silences)

    def quantile(share: float) -> timedelta:
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    lost = max(quantile(LOST_QUANTILE) * LOST_MARGIN, quantile(DELAYED_QUANTILE) + timedelta(days=1))
    return SilenceLimits(
        delayed=quantile(DELAYED_QUANTILE),
        lost=lost,
        source=f"{len(ordered)} finished journeys of this carrier and lane",
        samples=len(ordered),
    )


def longest_silence(journey: Journey) -> timedelta:
    """The longest time between two scans."""
    times = [scan.at for scan in journey.scans]
    return max((later - earlier for earlier, later in pairwise(times)), default=timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the silence of a parcel says now, since when it is silent, and when that changes."""

    silence: Silence
    since: datetime
    phase: str
    limits: SilenceLimits
    delayed_at: datetime
    lost_at: datetime


def heard(
    journey: Journey | None,
    handed_over_at: datetime,
    now: datetime,
    limits: SilenceLimits | None = None,
    days_off: int = 0,
) -> Heard:
    """Judge a parcel's silence. `days_off`: weekends and holidays since it was heard of last, which do not count."""
    phase = phase_of(journey)
    counted = limits or default_limits(phase, now.date())
    since = max(handed_over_at, journey.last_at) if journey is not None else handed_over_at
    pause = timedelta(days=days_off)
    delayed_at, lost_at = since + counted.delayed + pause, since + counted.lost + pause
    silence = Silence.FINE
    if journey is not None and journey.ended_at is not None:
        silence = Silence.GOING_BACK if journey.status is ScanStatus.RETURNED else Silence.FINE
    elif now >= lost_at:
        silence = Silence.LOST
    elif journey is not None and journey.status is ScanStatus.RETURNING:
        silence = Silence.GOING_BACK
    elif journey is not None and journey.status is ScanStatus.EXCEPTION:
        silence = Silence.HELD
    elif now >= delayed_at:
        silence = Silence.NOT_ACCEPTED if phase == FIRST_SCAN else Silence.DELAYED
    return Heard(silence=silence, since=since, phase=phase, limits=counted, delayed_at=delayed_at, lost_at=lost_at)


def weekend_days(since: datetime, until: datetime) -> int:
    """Saturdays and Sundays that lie between two moments; holidays differ by country and are left to the limits."""
    first, last = since.date(), until.date()
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    return sum(day.isoweekday() > 5 for day in days)
