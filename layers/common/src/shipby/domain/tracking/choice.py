"""Which carrier a parcel goes with: postage, the chance to meet the promised date, and what losing it would cost.

The score is money: what a parcel costs on average with this carrier, so that a cheap one that loses parcels and a
dear one that does not can be held against each other. Carriers nobody knows are not taken for perfect: a few parcels
of an ordinary carrier stand beside their own ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shipby.domain.carriers.carrier import Carrier
from shipby.domain.money import Money
from shipby.domain.tracking.replacements import wilson
from shipby.domain.tracking.scorecard import ENOUGH, Fate, Parcel

LATE_COSTS = 0.10
"""Share of the order's price that a late delivery costs: ours, a cautious start (the buyer may refuse what is late)."""
PRIOR = 10
"""Parcels of an ordinary carrier that stand beside a carrier's own ones: ours; they weigh nothing after a hundred."""
PRIOR_LATE, PRIOR_LOST = 0.2, 0.01
"""What an ordinary carrier does: ours."""
POINTS = 60
"""Lengths of time that are kept of a track record: its quantiles in equal steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is known of a carrier on a lane: parcels whose end is known, and how long the delivered ones took."""

    carrier: str
    lane: str
    """"" is every lane together."""
    ended: int = 0
    """Delivered, lost or returned."""
    lost: int = 0
    delivered: int = 0
    hours: tuple[int, ...] = ()
    """From the hand-over to the delivery, ascending: at most POINTS quantiles in equal steps."""

    def within(self, length: timedelta) -> int:
        """How many of the delivered took no longer; exact to a POINTS-th of them."""
        if not self.hours:
            return 0
        reached = bisect_right(self.hours, length / timedelta(hours=1))
        return round(self.delivered * reached / len(self.hours))


def tracks(parcels: Iterable[Parcel]) -> tuple[Track, ...]:
    """A track record for each carrier and lane, and one for each carrier over all of its lanes."""
    groups: dict[tuple[str, str], list[Parcel]] = {}
    for one in parcels:
        for lane in dict.fromkeys((one.lane, "")):
            groups.setdefault((one.carrier, lane), []).append(one)
    return tuple(_track(carrier, lane, found) for (carrier, lane), found in sorted(groups.items()) if carrier)


def _track(carrier: str, lane: str, parcels: Sequence[Parcel]) -> Track:
    hours = sorted(
        max(0, -(-(one.delivered_at - one.handed_over_at) // timedelta(hours=1)))
        for one in parcels
        if one.delivered_at is not None
    )
    lost = sum(one.fate is Fate.LOST for one in parcels)
    returned = sum(one.fate is Fate.RETURNED for one in parcels)
    return Track(
        carrier=carrier,
        lane=lane,
        ended=len(hours) + lost + returned,
        lost=lost,
        delivered=len(hours),
        hours=tuple(_points(hours)),
    )


def _points(ordered: Sequence[int]) -> Sequence[int]:
    if len(ordered) <= POINTS:
        return ordered
    # The middle of each step, so that neither end is drawn out.
    return [ordered[int((step + 0.5) * len(ordered) / POINTS)] for step in range(POINTS)]


def track_of(found: Iterable[Track], carrier: str, lane: str) -> Track:
    """Of this lane where it has enough parcels, else of all lanes of the carrier; an empty one of a carrier unknown."""
    known = {one.lane: one for one in found if one.carrier == carrier}
    own = known.get(lane)
    if own is not None and own.ended >= ENOUGH:
        return own
    return known.get("", Track(carrier=carrier, lane=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a parcel asks of a carrier; None and "" where it is not known."""

    on: date
    grams: int | None = None
    sides_mm: tuple[int, ...] = ()
    """The longest first."""
    lane: str = ""
    """The delivery method, by which track records go."""
    price_lane: str = ""
    """Such as CN-RU: price lists of that lane go first."""
    time_left: timedelta | None = None
    """From the hand-over to the promised date."""
    worth: Money | None = None
    """What the buyer paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A carrier for one parcel: why it is none, or what it is expected to cost and of what that is made."""

    carrier: str
    why_not: tuple[str, ...] = ()
    price: Money | None = None
    in_time: float | None = None
    """Chance to meet the promised date; None where there is none, or its past."""
    in_time_interval: tuple[float, float] | None = None
    lost: float = PRIOR_LOST
    samples: int = 0
    of_lane: bool = False
    """Whether the samples are of this lane alone."""
    expected: Money | None = None
    """Postage, lateness and loss together; None where postage or the order's price is not known in one currency."""

    @property
    def offered(self) -> bool:
        return not self.why_not


def score(carriers: Mapping[str, Carrier], found: Sequence[Track], need: Need) -> list[Scored]:
    """Every carrier, the best first; those that cannot take it last, with the reason.

    Expected costs rank first. Without them the chance to be in time does, then the share of lost ones, then the price
    where all have one in the same currency.
    """
    scored = [_scored(carrier, track_of(found, carrier.code, need.lane), need) for carrier in carriers.values()]
    return sorted(scored, key=_rank)


def _rank(one: Scored) -> tuple[bool, bool, int, float, float, str]:
    expected = one.expected.minor if one.expected is not None else 0
    in_time = one.in_time if one.in_time is not None else 1 - PRIOR_LATE
    return not one.offered, one.expected is None, expected, -in_time, one.lost, one.carrier


def _scored(carrier: Carrier, track: Track, need: Need) -> Scored:
    price = carrier.price(need.grams, need.on, need.price_lane or need.lane) if need.grams is not None else None
    in_time = interval = None
    if need.time_left is not None and need.time_left > timedelta(0):
        hits = track.within(need.time_left)
        in_time = (hits + PRIOR * (1 - PRIOR_LATE)) / (track.ended + PRIOR)
        interval = wilson(hits, track.ended)
    lost = (track.lost + PRIOR * PRIOR_LOST) / (track.ended + PRIOR)
    return Scored(
        carrier=carrier.code,
        why_not=tuple(_why_not(carrier, price, need)),
        price=price,
        in_time=in_time,
        in_time_interval=interval,
        lost=lost,
        samples=track.ended,
        of_lane=bool(track.lane),
        expected=_expected(price, in_time, lost, need.worth),
    )


def _why_not(carrier: Carrier, price: Money | None, need: Need) -> Iterable[str]:
    if carrier.retired(need.on):
        yield f"it takes no parcels since {carrier.retired_on}"
    if need.grams is not None:
        if carrier.max_grams and need.grams > carrier.max_grams:
            yield f"{need.grams} g are more than its {carrier.max_grams} g"
        elif price is None and any(one.valid_from <= need.on for one in carrier.prices):
            yield f"none of its price lists of this lane goes up to {need.grams} g"
    sides, most = sorted(need.sides_mm, reverse=True), sorted(carrier.max_sides_mm, reverse=True)
    if any(side > limit for side, limit in zip(sides, most, strict=False)):
        told = " x ".join(map(str, sides))
        yield f"{told} mm are more than its {' x '.join(map(str, most))} mm"


def _expected(price: Money | None, in_time: float | None, lost: float, worth: Money | None) -> Money | None:
    if price is None or worth is None or price.currency != worth.currency:
        return None
    late = 1 - in_time if in_time is not None else 0.0
    # A lost parcel is late as well: it is counted as lost alone.
    risk = lost * (worth.minor + price.minor) + max(late - lost, 0.0) * LATE_COSTS * worth.minor
    return Money(price.minor + round(risk), price.currency)
