"""How good carriers are: first scan, transit, late, lost, returned, claims, cost, each with its sample and interval.

Parcels that are still under way are counted and shown as such: they are in no quantile, and in the share of late ones
only once their promise has passed, so that neither a quick start nor a slow end flatters anybody. Early is never late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, floor, sqrt

from shipby.domain.money import Money
from shipby.domain.tracking.replacements import wilson

ENOUGH = 20
"""Parcels below which a carrier is shown with its intervals and not ranked."""
_Z = 1.959963984540054


class ScoreCut(StrEnum):
    """What the figures are split by."""

    CARRIER = "carrier"
    LANE = "lane"
    MONTH = "month"
    """Of the hand-over (UTC)."""


class Fate(StrEnum):
    """What became of a parcel up to now."""

    DELIVERED = "delivered"
    OPEN = "open"
    """Under way, and not silent for so long that it counts as lost."""
    LOST = "lost"
    RETURNED = "returned"
    """Back with the sender, or on its way there."""
    CANCELLED = "cancelled"
    """The order ended on its way; nobody told what became of the parcel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel as it stands. A carrier or lane of "" is not known. All times are aware UTC."""

    carrier: str
    lane: str
    handed_over_at: datetime
    fate: Fate
    tracked: bool = False
    """Whether scans of it can come here at all: only then its first scan is waited for."""
    first_scan_at: datetime | None = None
    delivered_at: datetime | None = None
    promised_by: datetime | None = None
    claimed: bool = False
    silences: Mapping[str, timedelta] = field(default_factory=dict)
    """Phase -> its longest silence, of a parcel whose journey has ended."""
    cost: Money | None = None
    """Postage, by the carrier's price list on the day of the hand-over."""

    def late(self, now: datetime) -> bool | None:
        """Whether it missed its promise; None while that is open, and where no promise is known."""
        if self.promised_by is None or self.fate in (Fate.CANCELLED, Fate.RETURNED):
            return None
        if self.delivered_at is not None:
            return self.delivered_at > self.promised_by
        return True if now > self.promised_by else None


@dataclass(frozen=True, slots=True)
class Share:
    """Hits of a number of samples, with Wilson's 95 % interval."""

    hits: int
    of: int

    @property
    def rate(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A quantile of lengths of time. Its 95 % interval lies between two of the samples, by the binomial distribution of
    their ranks; an end is None where the samples are too few to name it."""

    value: timedelta | None
    low: timedelta | None
    high: timedelta | None
    samples: int


def quantile(lengths: Sequence[timedelta], share: float) -> Quantile:
    """The nearest-rank quantile of lengths in any order."""
    ordered, count = sorted(lengths), len(lengths)
    if not count:
        return Quantile(value=None, low=None, high=None, samples=0)
    half = _Z * sqrt(count * share * (1 - share))
    low, high = floor(count * share - half), ceil(count * share + half) + 1
    return Quantile(
        value=ordered[max(ceil(share * count), 1) - 1],
        low=ordered[low - 1] if low >= 1 else None,
        high=ordered[high - 1] if high <= count else None,
        samples=count,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One line: `parcels` is the sum of `fates`."""

    group: tuple[str, ...]
    """A value per cut, in their order; "" is unknown."""
    parcels: int
    fates: Mapping[Fate, int]
    first_scan: Quantile
    """P50 from the hand-over to the first scan."""
    unscanned: Share
    """Tracked parcels without any scan yet."""
    transit_p50: Quantile
    transit_p90: Quantile
    late: Share
    lost: Share
    returned: Share
    claims: Share
    costs: Mapping[str, Money]
    """Mean postage by currency, of parcels whose postage is known."""
    costed: int

    @property
    def enough(self) -> bool:
        return self.parcels >= ENOUGH

    @property
    def surely_bad(self) -> float:
        """What is at least true of its lost and late parcels; a lost one counts ten times."""
        return 10 * self.lost.interval[0] + self.late.interval[0] if self.enough else -1.0


@dataclass(slots=True)
class _Sum:
    parcels: list[Parcel] = field(default_factory=list)

    def card(self, group: tuple[str, ...], now: datetime) -> Scorecard:
        own = self.parcels
        fates = {fate: sum(one.fate is fate for one in own) for fate in Fate}
        scans = [one.first_scan_at - one.handed_over_at for one in own if one.first_scan_at is not None]
        transit = [one.delivered_at - one.handed_over_at for one in own if one.delivered_at is not None]
        verdicts = [verdict for one in own if (verdict := one.late(now)) is not None]
        tracked = [one for one in own if one.tracked]
        costs = _means([one.cost for one in own if one.cost is not None])
        return Scorecard(
            group=group,
            parcels=len(own),
            fates=fates,
            first_scan=quantile([max(length, timedelta(0)) for length in scans], 0.5),
            unscanned=Share(sum(one.first_scan_at is None for one in tracked), len(tracked)),
            transit_p50=quantile([max(length, timedelta(0)) for length in transit], 0.5),
            transit_p90=quantile([max(length, timedelta(0)) for length in transit], 0.9),
            late=Share(sum(verdicts), len(verdicts)),
            lost=Share(fates[Fate.LOST], len(own)),
            returned=Share(fates[Fate.RETURNED], len(own)),
            claims=Share(sum(one.claimed for one in own), len(own)),
            costs=costs,
            costed=sum(one.cost is not None for one in own),
        )


def scorecards(parcels: Iterable[Parcel], cuts: Sequence[ScoreCut], now: datetime) -> list[Scorecard]:
    """A line per group: those with enough parcels first, the surest trouble before all, then by name."""
    sums: dict[tuple[str, ...], _Sum] = {}
    for one in parcels:
        sums.setdefault(tuple(_value(cut, one) for cut in cuts), _Sum()).parcels.append(one)
    cards = [found.card(group, now) for group, found in sums.items()]
    return sorted(cards, key=lambda card: (not card.enough, -card.surely_bad, card.group))


def _value(cut: ScoreCut, one: Parcel) -> str:
    match cut:
        case ScoreCut.CARRIER:
            return one.carrier
        case ScoreCut.LANE:
            return one.lane
        case ScoreCut.MONTH:
            return f"{one.handed_over_at:%Y-%m}"


def _means(costs: Sequence[Money]) -> dict[str, Money]:
    of: dict[str, list[int]] = {}
    for cost in costs:
        of.setdefault(cost.currency, []).append(cost.minor)
    return {currency: Money(round(sum(found) / len(found)), currency) for currency, found in sorted(of.items())}


def whole(parcels: Sequence[Parcel], now: datetime) -> Scorecard:
    """All of them together, also where there are none."""
    return _Sum(list(parcels)).card((), now)
