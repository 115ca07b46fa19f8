"""Once a day: what the parcels of the last months tell of their carriers, kept as one row for who chooses a carrier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.sellers import Reports
from shipby.application.ports.store import Store
from shipby.application.tracking.choosing.parcels import LONGEST, parcels_of
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.tracking.choice import Track, tracks

REPORT = "carriers"
"""The kind of the report that is saved once a UTC day."""
DAYS = (LONGEST, 30, 7, 2)
"""How far back it looks: the first of these whose parcels are few enough to be read."""
MOST_TRACKS = 200
"""Of the carriers and lanes with most parcels; a row of 400 KB is the most that can be kept."""
_KEPT = 3
"""Days after which a row is too old to be believed."""


def learn_carriers(seller: str, *, store: Store, clock: Clock) -> Mapping[str, Json]:
    """Read the parcels and keep what they tell of their carriers. Safe to repeat: the newest of a day is kept."""
    now = clock.now()
    found, days = _parcels(seller, store, now)
    kept = sorted(found, key=lambda one: (-one.ended, one.carrier, one.lane))[:MOST_TRACKS]
    row: dict[str, Json] = {"at": now.isoformat(), "days": days, "tracks": [_row(one) for one in kept]}
    store.save_report(seller, REPORT, now.date(), row)
    return row


def learn_again(seller: str, under_way: bool, *, store: Store, clock: Clock) -> None:
    """Learn where parcels of the seller's own carriers are under way, or were some days ago; else nothing is read."""
    if under_way or learned_tracks(seller, store=store, now=clock.now())[0]:
        learn_carriers(seller, store=store, clock=clock)


def _parcels(seller: str, store: Store, now: datetime) -> tuple[tuple[Track, ...], int]:
    last = now.date()
    for days in DAYS:
        try:
            first = last - timedelta(days=days - 1)
            return tracks(parcels_of(seller, first, last, store=store, now=now)), days
        except InvalidInputError:
            continue
    return (), 0


def learned_tracks(seller: str, *, store: Reports, now: datetime) -> tuple[tuple[Track, ...], str | None]:
    """What was learned last, and when; nothing where no row of the last days is there."""
    for back in range(_KEPT):
        row = store.report(seller, REPORT, now.date() - timedelta(days=back))
        if row is not None:
            return tuple(_read(row)), str(row["at"])
    return (), None


def _row(one: Track) -> dict[str, Json]:
    return {
        "carrier": one.carrier,
        "lane": one.lane,
        "ended": one.ended,
        "lost": one.lost,
        "delivered": one.delivered,
        "hours": list(one.hours),
    }


def _read(row: Mapping[str, Json]) -> Iterable[Track]:
    found = row.get("tracks")
    for one in found if isinstance(found, list) else []:
        if isinstance(one, Mapping):
            hours = one.get("hours")
            yield Track(
                carrier=str(one["carrier"]),
                lane=str(one["lane"]),
                ended=int(str(one["ended"])),
                lost=int(str(one["lost"])),
                delivered=int(str(one["delivered"])),
                hours=tuple(int(str(hour)) for hour in hours) if isinstance(hours, list) else (),
            )
