"""What was learned of carriers last: their track records, and how long they may say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shipby.application.carriers.directory import carriers_of
from shipby.application.ports.papers import CarrierReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Reports
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.carriers.directory import find
from shipby.domain.carriers.numbers import judge
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.tracking.choice import Track
from shipby.domain.tracking.silence import LaneLimits, SilenceLimits, of_lane

REPORT = "carriers"
"""The kind of the report that is saved once a UTC day."""
_KEPT = 3
"""Days after which a row is too old to be believed."""


class LimitReads(Reports, CarrierReads, Protocol):
    """What the limits that hold for a seller are read from."""


@dataclass(frozen=True, slots=True)
class LearnedLimits:
    """A seller's learned limits, and by whose names numbers are looked up in them."""

    limits: LaneLimits
    carriers: Mapping[str, Carrier]

    def of(self, posting: Posting, phase: str, store: PostingReads) -> SilenceLimits | None:
        """For the present number of a posting; None: the dated default counts."""
        history = store.tracking_history(posting.seller, posting.number) if posting.tracking_count else []
        carrier = carrier_of(posting.tracking_number, None, history, self.carriers)
        return of_lane(self.limits, carrier.code, posting.delivery_method_id, phase) if carrier else None


def carrier_of(
    number: str,
    detail: MarketplacePosting | None,
    history: Sequence[TrackingChange],
    carriers: Mapping[str, Carrier],
) -> Carrier | None:
    """As a person named it for this number, else as the marketplace names it, else as its format says."""
    of_this = [change.carrier for change in history if change.new == number and change.carrier]
    told = of_this[-1] if of_this else detail.carrier if detail else ""
    named = find(told, carriers) if told else None
    return named or (carriers.get(judge(number, carriers).carrier) if number else None)


def learned_tracks(seller: str, *, store: Reports, now: datetime) -> tuple[tuple[Track, ...], str | None]:
    """What was learned last, and when; nothing where no row of the last days is there."""
    row = _newest(seller, store, now)
    return (tuple(_read(row)), str(row["at"])) if row is not None else ((), None)


def learned_limits(seller: str, *, store: LimitReads, now: datetime) -> LearnedLimits | None:
    """None where nothing is learned: every dated default counts."""
    row = _newest(seller, store, now)
    found = dict(_read_limits(row)) if row is not None else {}
    return LearnedLimits(found, carriers_of(seller, store)) if found else None


def _newest(seller: str, store: Reports, now: datetime) -> Mapping[str, Json] | None:
    days = (now.date() - timedelta(days=back) for back in range(_KEPT))
    return next((row for day in days if (row := store.report(seller, REPORT, day)) is not None), None)


def _read_limits(row: Mapping[str, Json]) -> Iterable[tuple[tuple[str, str, str], SilenceLimits]]:
    found = row.get("limits")
    for one in found if isinstance(found, list) else []:
        if isinstance(one, Mapping):
            samples = int(str(one["samples"]))
            yield (
                (str(one["carrier"]), str(one["lane"]), str(one["phase"])),
                SilenceLimits(
                    delayed=timedelta(seconds=int(str(one["delayed_s"]))),
                    lost=timedelta(seconds=int(str(one["lost_s"]))),
                    source=f"{samples} finished journeys of this carrier" + (" and lane" if one["lane"] else ""),
                    samples=samples,
                ),
            )


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
