"""Once a day: parcels of the seller's own carrier whose silence asks for a person become cases, and stop being ones.

A case is told again every day until it is closed, so silence has a clock without an alarm for each parcel. Where no
scan of a number ever came, nobody sends us scans of it: then only what counts as lost is a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from shipby.application.cases.opening import close_open_case, find_open_case, report_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingReads, WorkItem
from shipby.application.ports.sellers import Reports
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.application.tracking.ways import UNDER_WAY, journeys, silence_of
from shipby.domain import actors
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting, Scheme, Stage
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.silence import Heard, Silence

if TYPE_CHECKING:
    from shipby.application.tracking.choosing.kept import LearnedLimits

REPORT = "silence"
"""The kind of the report that is saved once a UTC day."""
_SAYS: Mapping[Silence, str] = {
    Silence.NOT_ACCEPTED: "the carrier has not scanned it since the hand-over: ask whether it has the parcel",
    Silence.DELAYED: "the carrier has said nothing of it for too long: ask the carrier, and tell the buyer",
    Silence.LOST: "it counts as lost: claim it from the carrier, and send it again or have the buyer paid back",
    Silence.GOING_BACK: "it is on its way back to you: the marketplace cancels what goes back",
    Silence.HELD: "the carrier says itself that something is wrong: ask what",
}


def watch_silence(seller: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Look at every parcel that is under way; returns how many cases were opened and closed. Safe to repeat.

    Cases of parcels that have arrived meanwhile are closed too.
    """
    now = clock.now()
    settings = store.settings(seller) or SellerSettings(seller=seller)
    from shipby.application.tracking.choosing.kept import learned_limits  # once a day: cold starts

    limits = learned_limits(seller, store=store, now=now)
    opened = closed = looked = 0
    seen: set[str] = set()
    for stage in UNDER_WAY:
        for item in list(every(partial(_worklist, store, seller, stage))):
            # Nobody but the seller's own carrier sends scans to us, and only rFBS has one.
            posting = store.posting(seller, item.number) if item.scheme == Scheme.RFBS else None
            if posting is None or item.number in seen:
                continue
            seen.add(item.number)
            looked += 1
            told = _asks(posting, store, now, limits)
            if told is not None:
                opened += _report(posting, told, settings, store, now)
            elif (case := _open_case(seller, item.number, store)) is not None:
                closed += _heard_again(case, settings, posting, store, now)
    for identifier in list(every(lambda cursor: store.cases_in(seller, cursor=cursor))):
        case = store.case(seller, identifier)
        if case is not None and case.kind is CaseKind.SILENT_PARCEL and case.subject not in seen:
            closed += _close(seller, case.subject, "it is not under way any more", store, now)
    return {"at": now.isoformat(), "looked": looked, "opened": opened, "closed": closed}


def silence_is_due(seller: str, *, store: Reports, clock: Clock) -> bool:
    """Whether the parcels of this UTC day have not been looked at yet."""
    return store.report(seller, REPORT, clock.now().date()) is None


def _worklist(store: PostingReads, seller: str, stage: Stage, cursor: str | None) -> Page[WorkItem]:
    return store.worklist(seller, stage, cursor=cursor)


def _asks(posting: Posting, store: Store, now: datetime, limits: LearnedLimits | None) -> Heard | None:
    if not posting.own_carrier or not posting.tracking_number:
        return None
    found = journeys(posting.seller, posting.tracking_number, store)
    told = silence_of(posting, found, now, store, limits)
    if told is None or told.silence is Silence.FINE or (not found and told.silence is not Silence.LOST):
        return None
    return told


def _report(posting: Posting, told: Heard, settings: SellerSettings, store: Cases, now: datetime) -> bool:
    return report_case(
        store,
        seller=posting.seller,
        kind=CaseKind.SILENT_PARCEL,
        subject=posting.number,
        reason=f"{posting.tracking_number} is {told.silence} (silent since {told.since:%Y-%m-%d}, counts as lost on "
        f"{told.lost_at:%Y-%m-%d}): {_SAYS[told.silence]}",
        owner=owner_of(posting, settings),
        now=now,
        actor=actors.MARKETPLACE_POLL,
    )


def _open_case(seller: str, number: str, store: Cases) -> Case | None:
    return find_open_case(store, Matter(seller=seller, kind=CaseKind.SILENT_PARCEL, subject=number))


def _heard_again(case: Case, settings: SellerSettings, posting: Posting, store: Store, now: datetime) -> bool:
    """A case that nobody decided on ends by itself; of a decision somebody has to take something back."""
    remedy, number = case.data.get("remedy"), case.data.get("tracking_number")
    if remedy is None:
        return _close(case.seller, case.subject, "it was heard of again", store, now)
    resent = posting.tracking_number != number
    what = f"it goes on under {posting.tracking_number}" if resent else "it was heard of again"
    first = journeys(case.seller, str(number), store) if resent else ()
    if first and first[-1].last_at > datetime.fromisoformat(str(case.data["at"])):
        what += f", and the first parcel was heard of again ({first[-1].status})"
    report_case(
        store,
        seller=case.seller,
        kind=case.kind,
        subject=case.subject,
        reason=f"{number}: {what} after a person chose {remedy}; "
        + ("the first parcel may still arrive" if resent else "stop the claim or the second parcel")
        + ", then close this",
        owner=owner_of(posting, settings),
        now=now,
        actor=actors.MARKETPLACE_POLL,
    )
    return False


def _close(seller: str, number: str, why: str, store: Cases, now: datetime) -> bool:
    return close_open_case(
        store,
        seller=seller,
        kind=CaseKind.SILENT_PARCEL,
        subject=number,
        resolution=why,
        now=now,
        actor=actors.MARKETPLACE_POLL,
    )
