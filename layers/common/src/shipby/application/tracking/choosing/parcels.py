"""Parcels of a period as they stand, for scorecards: read from postings, histories and scans, nothing is written.

A number that was replaced because its parcel was lost and sent again is a parcel of its own, and a lost one unless it
arrived after all; a number that was merely corrected is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import chain, islice

from shipby.application.carriers.directory import carriers_of
from shipby.application.ports.matters import CaseReads, EvidenceReads
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.application.tracking.choosing.kept import LearnedLimits, carrier_of, learned_limits
from shipby.application.tracking.ways import journeys, silence_of
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import InvalidInputError
from shipby.domain.evidence.pieces import EvidenceKind
from shipby.domain.money import Money
from shipby.domain.postings.posting import BY_SPLIT, MarketplacePosting, Posting, Stage
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.tracking.exceptions import Remedy
from shipby.domain.tracking.journeys import Journey
from shipby.domain.tracking.scans import ScanStatus
from shipby.domain.tracking.scorecard import Fate, Parcel
from shipby.domain.tracking.silence import Silence, silences

LONGEST = 92
"""Days in one answer."""
MOST = 20_000
"""Postings that are read for one answer."""
MOST_OWN = 2_000
"""Parcels of the seller's own carriers in one answer: each has its scans read."""
MOST_CASES = 5_000
_AT_ONCE = 100
_BACK = frozenset({ScanStatus.RETURNING, ScanStatus.RETURNED})


@dataclass(frozen=True, slots=True)
class _Scene:
    seller: str
    carriers: Mapping[str, Carrier]
    claimed: frozenset[tuple[str, str]]
    """Posting and tracking number of parcels for which compensation was chosen."""
    store: Store
    now: datetime
    limits: LearnedLimits | None


def parcels_of(seller: str, first: date, last: date, *, store: Store, now: datetime) -> list[Parcel]:
    """Parcels of postings first seen on the days (UTC, both included) that have left the house.

    Raises InvalidInputError for a period that is too long or holds too much for one answer.
    """
    days = (last - first).days + 1
    if not 1 <= days <= LONGEST:
        raise InvalidInputError(f"{days} days are no period for this", errors=[("from", f"1 to {LONGEST} days")])
    found = list(_left(seller, _bounded(_received(seller, first, days, store), MOST, "postings"), store))
    _bounded((posting.number for posting, _ in found if posting.own_carrier), MOST_OWN, "parcels of your own carriers")
    limits = learned_limits(seller, store=store, now=now)
    scene = _Scene(seller, carriers_of(seller, store), _claims(seller, first, store), store, now, limits)
    return [parcel for posting, detail in found for parcel in _of_posting(posting, detail, scene)]


def _received(seller: str, first: date, days: int, store: PostingReads) -> Iterator[str]:
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        yield from every(lambda cursor, day=day: store.received_on(seller, day, cursor=cursor))  # type: ignore[misc]  # a default binds the day


def _left(seller: str, numbers: list[str], store: PostingReads) -> Iterator[tuple[Posting, MarketplacePosting]]:
    """Those that were handed over, with what the marketplace says of them; what was split is counted by its parts."""
    for start in range(0, len(numbers), _AT_ONCE):
        for posting, detail in store.postings_with_details(seller, numbers[start : start + _AT_ONCE]).values():
            if detail is not None and posting.cancelled_by != BY_SPLIT and _handed_over(posting, detail) is not None:
                yield posting, detail


def _handed_over(posting: Posting, detail: MarketplacePosting) -> datetime | None:
    return posting.handed_over_at or detail.delivering_date


def _of_posting(posting: Posting, detail: MarketplacePosting, scene: _Scene) -> Iterator[Parcel]:
    handed_over = _handed_over(posting, detail)
    if handed_over is None:
        return
    history = scene.store.tracking_history(scene.seller, posting.number) if posting.tracking_count else []
    resent = [one for one in history if one.kind is ChangeReason.LOST_AND_SENT_AGAIN and one.old]
    starts = [handed_over, *(change.at for change in resent)]
    numbers = [*(change.old for change in resent), posting.tracking_number]
    for place, (number, start) in enumerate(zip(numbers, starts, strict=True)):
        present = place == len(resent)
        found = journeys(scene.seller, number, scene.store) if number and posting.own_carrier else ()
        way = next((one for one in reversed(found) if one.ended_at is None or one.ended_at >= start), None)
        carrier = carrier_of(number, detail, history, scene.carriers) if posting.own_carrier else None
        delivered = way.delivered_at if way else None
        if present and delivered is None:
            delivered = detail.delivered_at or posting.delivered_at
        yield Parcel(
            carrier=carrier.code if carrier else "" if posting.own_carrier else detail.carrier or posting.integration,
            lane=detail.delivery_method_id,
            handed_over_at=start,
            fate=_fate(posting, found, way, delivered, scene) if present else _fate_of_first(way, delivered),
            tracked=posting.own_carrier and bool(number),
            first_scan_at=way.accepted_at if way else None,
            delivered_at=delivered,
            promised_by=posting.delivery_by or detail.delivery_by,
            silences=silences(way, start) if way and way.ended_at else {},
            claimed=(posting.number, number) in scene.claimed,
            cost=_cost(posting, carrier, detail.delivery_method_id, start.date(), scene.store),
        )


def _fate(
    posting: Posting, found: tuple[Journey, ...], way: Journey | None, delivered: datetime | None, scene: _Scene
) -> Fate:
    if delivered is not None:
        return Fate.DELIVERED
    if way is not None and way.status in _BACK:
        return Fate.RETURNED
    if posting.stage is Stage.CANCELLED:
        return Fate.CANCELLED
    told = silence_of(posting, found, scene.now, scene.store, scene.limits)
    return Fate.LOST if told is not None and told.silence is Silence.LOST else Fate.OPEN


def _fate_of_first(way: Journey | None, delivered: datetime | None) -> Fate:
    """Of a parcel that was sent again because it was lost."""
    if delivered is not None:
        return Fate.DELIVERED
    return Fate.RETURNED if way is not None and way.status in _BACK else Fate.LOST


def _cost(posting: Posting, carrier: Carrier | None, lane: str, on: date, store: EvidenceReads) -> Money | None:
    if carrier is None or not carrier.prices:
        return None
    grams = weighed(posting, store)
    return carrier.price(grams, on, lane) if grams is not None else None


def weighed(posting: Posting, store: EvidenceReads) -> int | None:
    """What a scale showed last, in grams."""
    for item in reversed(store.evidence(posting.seller, posting.number)):
        grams = item.data.get("grams")
        if item.kind is EvidenceKind.WEIGHT and isinstance(grams, int):
            return grams
    return None


def _claims(seller: str, first: date, store: CaseReads) -> frozenset[tuple[str, str]]:
    since = datetime.combine(first, time(), UTC)
    listed = chain.from_iterable(
        every(partial(_cases, store, seller, open_only=open_only, since=since)) for open_only in (True, False)
    )
    cases = (store.case(seller, identifier) for identifier in _bounded(listed, MOST_CASES, "cases"))
    return frozenset(
        (case.subject, str(case.data.get("tracking_number", "")))
        for case in cases
        if case and case.kind is CaseKind.SILENT_PARCEL and case.data.get("remedy") == Remedy.COMPENSATION
    )


def _cases(store: CaseReads, seller: str, cursor: str | None, *, open_only: bool, since: datetime) -> Page[str]:
    return store.cases_in(seller, open_only=open_only, since=since, cursor=cursor)


def _bounded(found: Iterable[str], most: int, what: str) -> list[str]:
    chosen = list(islice(found, most + 1))
    if len(chosen) > most:
        raise InvalidInputError(
            f"too many {what} for one answer", errors=[("from", f"more than {most} {what}: choose a shorter period")]
        )
    return chosen
