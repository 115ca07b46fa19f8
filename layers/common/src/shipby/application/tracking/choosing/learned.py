"""Once a day: what the parcels of the last months tell of their carriers, kept as one row for who chooses a carrier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.tracking.choosing.kept import REPORT, learned_tracks
from shipby.application.tracking.choosing.parcels import LONGEST, parcels_of
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.tracking.choice import Track, tracks
from shipby.domain.tracking.scorecard import Parcel
from shipby.domain.tracking.silence import default_limits, learned

DAYS = (LONGEST, 30, 7, 2)
"""How far back it looks: the first of these whose parcels are few enough to be read."""
MOST_LIMITS = 500
MOST_TRACKS = 200
"""Of the carriers and lanes with most parcels; a row of 400 KB is the most that can be kept."""


def learn_carriers(seller: str, *, store: Store, clock: Clock) -> Mapping[str, Json]:
    """Read the parcels and keep what they tell of their carriers. Safe to repeat: the newest of a day is kept."""
    now = clock.now()
    parcels, days = _parcels(seller, store, now)
    kept = sorted(tracks(parcels), key=lambda one: (-one.ended, one.carrier, one.lane))[:MOST_TRACKS]
    row: dict[str, Json] = {
        "at": now.isoformat(),
        "days": days,
        "tracks": [_row(one) for one in kept],
        "limits": list(_limits(parcels, now.date()))[:MOST_LIMITS],
    }
    store.save_report(seller, REPORT, now.date(), row)
    return row


def learn_again(seller: str, under_way: bool, *, store: Store, clock: Clock) -> None:
    """Learn where parcels of the seller's own carriers are under way, or were some days ago; else nothing is read."""
    if under_way or learned_tracks(seller, store=store, now=clock.now())[0]:
        learn_carriers(seller, store=store, clock=clock)


def _parcels(seller: str, store: Store, now: datetime) -> tuple[list[Parcel], int]:
    last = now.date()
    for days in DAYS:
        try:
            first = last - timedelta(days=days - 1)
            return parcels_of(seller, first, last, store=store, now=now), days
        except InvalidInputError:
            continue
    return [], 0


def _row(one: Track) -> dict[str, Json]:
    return {
        "carrier": one.carrier,
        "lane": one.lane,
        "ended": one.ended,
        "lost": one.lost,
        "delivered": one.delivered,
        "hours": list(one.hours),
    }


def _limits(parcels: Iterable[Parcel], on: date) -> Iterable[dict[str, Json]]:
    """Limits of silence of each carrier, lane and phase that has enough finished journeys."""
    lengths: dict[tuple[str, str, str], list[timedelta]] = {}
    for one in parcels:
        for phase, length in one.silences.items():
            for lane in dict.fromkeys((one.lane, "")):
                lengths.setdefault((one.carrier, lane, phase), []).append(length)
    for (carrier, lane, phase), own in sorted(lengths.items()):
        found = learned(own, default_limits(phase, on))
        if carrier and found.samples:
            yield {
                "carrier": carrier,
                "lane": lane,
                "phase": phase,
                "delayed_s": round(found.delayed.total_seconds()),
                "lost_s": round(found.lost.total_seconds()),
                "samples": found.samples,
            }
