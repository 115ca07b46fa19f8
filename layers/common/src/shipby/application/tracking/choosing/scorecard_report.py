"""Scorecards of carriers: as figures with what they mean, as a table, and beside the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.shared.csv_text import Separator, csv_text
from shipby.application.tracking.choosing.parcels import LONGEST, parcels_of
from shipby.domain.json_types import Json
from shipby.domain.tracking.scorecard import ENOUGH, Fate, Quantile, Scorecard, ScoreCut, Share, scorecards, whole

DEFINITIONS: Mapping[str, str] = {
    "parcels": "Parcels of orders first seen on the days (UTC) that have left the house: of your own carriers, and "
    "those that the marketplace's carriers bring (their carrier is the marketplace's word). A parcel that was sent "
    "again because the first was lost counts beside it.",
    "lane": "The marketplace's delivery method: one warehouse's way to one area. Price lists may name it as lane.",
    "month": "Of the hand-over (UTC).",
    "fates": "What became of them up to now. Open ones are under way; they are in no quantile. lost: silent for longer "
    "than the limit of their phase, or sent again for it.",
    "first_scan": "Median hours from the hand-over to the first scan, of parcels that have one.",
    "unscanned": "Parcels without a scan, out of those whose scans can come here.",
    "transit": "Hours from the hand-over to the delivery, of delivered parcels, half and nine of ten of them.",
    "late": "Delivered after the marketplace's promised time, or not delivered when it had passed; out of parcels with "
    "a promise that is kept or past. Early is not late. Returned and cancelled ones are in neither number.",
    "lost": "Out of all parcels, open ones too.",
    "returned": "Back with the sender or on its way there, out of all parcels.",
    "claims": "Parcels for which compensation was chosen, out of all parcels.",
    "cost": "Mean postage by the carrier's price list on the day of the hand-over and the weight that the scale "
    "showed; `costed` of the parcels have both.",
    "interval": "95 %: Wilson's of a share; of a quantile by the ranks of its samples, null where they are too few.",
    "enough": f"Whether there are at least {ENOUGH} parcels. Only those are ranked: by the lower ends of lost (ten "
    "times) and late.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresWanted:
    """Days (UTC, both included) of receipt, and what they are split by."""

    first: date
    last: date
    by: tuple[ScoreCut, ...] = (ScoreCut.CARRIER,)


def scorecard_report(seller: str, wanted: ScoresWanted, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Scorecards by group. Raises InvalidInputError for a period that is too long or holds too much."""
    now = clock.now()
    parcels = parcels_of(seller, wanted.first, wanted.last, store=store, now=now)
    return {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "by": list(wanted.by),
        "total": card_view(whole(parcels, now), ()),
        "items": [card_view(card, wanted.by) for card in scorecards(parcels, wanted.by, now)],
        "definitions": dict(DEFINITIONS),
    }


def scores_by_carrier(seller: str, *, store: Store, clock: Clock, days: int = LONGEST) -> dict[str, Scorecard]:
    """The scorecard of each carrier over the last days. Raises as `scorecard_report`."""
    now = clock.now()
    last = now.date()
    parcels = parcels_of(seller, last - timedelta(days=days - 1), last, store=store, now=now)
    return {card.group[0]: card for card in scorecards(parcels, (ScoreCut.CARRIER,), now)}


_SHARES = ("unscanned", "late", "lost", "returned", "claims")
_LENGTHS = ("first_scan", "transit_p50", "transit_p90")


def scorecard_csv(seller: str, wanted: ScoresWanted, *, store: Store, clock: Clock, separator: Separator) -> str:
    """The same as a table. Raises as `scorecard_report`."""
    now = clock.now()
    parcels = parcels_of(seller, wanted.first, wanted.last, store=store, now=now)
    headings = [
        *wanted.by,
        "parcels",
        *(str(fate) for fate in Fate),
        *(f"{name}{end}" for name in _LENGTHS for end in ("_hours", "_low", "_high", "_samples")),
        *(f"{name}{end}" for name in _SHARES for end in ("", "_of", "_rate", "_low", "_high")),
        "mean_cost",
        "costed",
        "enough",
    ]
    lines = (_line(card) for card in scorecards(parcels, wanted.by, now))
    return csv_text(headings, lines, separator)


def _line(card: Scorecard) -> tuple[str | int | None, ...]:
    cells: list[str | int | None] = [*card.group, card.parcels, *(card.fates[fate] for fate in Fate)]
    for length in (card.first_scan, card.transit_p50, card.transit_p90):
        cells += [_hours(length.value), _hours(length.low), _hours(length.high), length.samples]
    for share in (card.unscanned, card.late, card.lost, card.returned, card.claims):
        low, high = share.interval
        cells += [share.hits, share.of, _text(share.rate), _text(low), _text(high)]
    cells += ["; ".join(str(money) for money in card.costs.values()), card.costed, int(card.enough)]
    return tuple(cells)


def card_view(card: Scorecard, cuts: Sequence[ScoreCut]) -> dict[str, Json]:
    return {
        "group": {cut: value or None for cut, value in zip(cuts, card.group, strict=True)},
        "parcels": card.parcels,
        "fates": {fate: card.fates[fate] for fate in Fate},
        "first_scan": _length_view(card.first_scan),
        "unscanned": _share_view(card.unscanned),
        "transit": {"p50": _length_view(card.transit_p50), "p90": _length_view(card.transit_p90)},
        "late": _share_view(card.late),
        "lost": _share_view(card.lost),
        "returned": _share_view(card.returned),
        "claims": _share_view(card.claims),
        "cost": [{"amount": one.amount, "currency": one.currency} for one in card.costs.values()],
        "costed": card.costed,
        "enough": card.enough,
    }


def _length_view(length: Quantile) -> dict[str, Json]:
    return {
        "hours": _hours(length.value),
        "interval": {"low": _hours(length.low), "high": _hours(length.high)},
        "samples": length.samples,
    }


def _share_view(share: Share) -> dict[str, Json]:
    low, high = share.interval
    return {
        "hits": share.hits,
        "of": share.of,
        "rate": _text(share.rate),
        "interval": {"low": _text(low), "high": _text(high)},
    }


def _hours(length: timedelta | None) -> str | None:
    return None if length is None else f"{length / timedelta(hours=1):.1f}"


def _text(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:.4f}"
