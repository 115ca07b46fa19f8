"""Silence: how long a carrier may say nothing of a parcel before it counts as delayed, and as lost.

Dated defaults first. Once a lane of a carrier has LEARNED_FROM finished journeys, its own longest silences decide: the
limits are quantiles of them, phase by phase. From n samples a high quantile is an extreme value, known only when
n * (1 - quantile) is a few: BEYOND journeys always lie beyond the limit's quantile, so that one odd journey does not
move it alone. That is the 99 % quantile with 300 journeys, and the 99.9 % one with 3,000.
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
DELAYED_QUANTILE, LOST_QUANTILE = 0.90, 0.999
BEYOND = 3
"""Journeys that were silent for longer than the quantile of loss, at least."""
FEW_MARGIN, LOST_MARGIN = 2.0, 1.6
"""What was never seen yet is still possible: the learned limit of loss is so much longer than its quantile, and more so
while LOST_QUANTILE itself is not known yet. Chosen by a simulated year with known truth (`bench.lost_parcels`): at most
one of twenty parcels that are called lost is not."""


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

    known = min(LOST_QUANTILE, 1 - BEYOND / len(ordered))
    margin = FEW_MARGIN if known < LOST_QUANTILE else LOST_MARGIN
    lost = max(quantile(known) * margin, quantile(DELAYED_QUANTILE) + timedelta(days=1))
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


def silences(journey: Journey, handed_over_at: datetime) -> dict[str, timedelta]:
    """The longest silence of each phase that a journey went through, as limits count it: without weekends."""
    found: dict[str, timedelta] = {}
    since, phase = handed_over_at, FIRST_SCAN
    for index, scan in enumerate(journey.scans):
        if scan.at > since:
            length = scan.at - since - timedelta(days=weekend_days(since, scan.at))
            found[phase] = max(found.get(phase, timedelta(0)), length)
            since = scan.at
        phase = phase_of(Journey(index=journey.index, scans=journey.scans[: index + 1]))
    return found


LaneLimits = Mapping[tuple[str, str, str], SilenceLimits]
"""Learned limits by carrier, lane ("" is every lane of the carrier) and phase."""


def of_lane(limits: LaneLimits, carrier: str, lane: str, phase: str) -> SilenceLimits | None:
    """The lane's own, else the carrier's; None: the dated default counts."""
    return limits.get((carrier, lane, phase)) or limits.get((carrier, "", phase))


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
