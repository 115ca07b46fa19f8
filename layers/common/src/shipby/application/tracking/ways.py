"""The way of a posting's parcel: every number it had with its own journeys, and what the present one's silence says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shipby.application.carriers.directory import carriers_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import ScanReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.paging import every
from shipby.application.shared.views import money_view, time_text
from shipby.domain.carriers.directory import find
from shipby.domain.carriers.formats import likeliest
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.tracking.journeys import Journey, journeys_of
from shipby.domain.tracking.scans import Scan
from shipby.domain.tracking.silence import Heard, Silence, heard, phase_of, weekend_days

if TYPE_CHECKING:
    from shipby.application.tracking.choosing.kept import LearnedLimits

UNDER_WAY = (Stage.HANDED_OVER, Stage.IN_TRANSIT)


def journeys(seller: str, number: str, store: ScanReads) -> tuple[Journey, ...]:
    """All journeys of a number."""
    return journeys_of(every(lambda cursor: store.scans(seller, number, cursor=cursor)))


def under_way_since(posting: Posting, store: PostingReads) -> datetime:
    """Since when the carrier could have said something of the present number: from the hand-over on, or from when the
    number replaced another one; what the parcel before did not tell is not its silence.
    """
    since = posting.handed_over_at or posting.received_at
    if posting.tracking_count < 2:
        return since
    history = store.tracking_history(posting.seller, posting.number)
    began = [change.at for change in history if change.new == posting.tracking_number != change.old]
    return max(since, began[-1]) if began else since


def silence_of(
    posting: Posting,
    found: tuple[Journey, ...],
    now: datetime,
    store: PostingReads,
    limits: LearnedLimits | None = None,
) -> Heard | None:
    """What the silence of a posting's present number says; None while it is not under way, has no number, or another
    carrier than the seller's own brings it, of whom nobody tells us.

    Of a number that is used again only the journey counts that goes on since the hand-over.
    """
    if posting.stage not in UNDER_WAY or not posting.tracking_number or not (posting.own_carrier or found):
        return None
    since = under_way_since(posting, store)
    present = next((one for one in reversed(found) if one.ended_at is None or one.ended_at >= since), None)
    last = max(since, present.last_at) if present else since
    own = limits.of(posting, phase_of(present), store) if limits else None
    return heard(present, since, now, own, days_off=weekend_days(last, now))


def posting_way(seller: str, number: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Every number of a posting with its journeys, the present one first. Raises NotFoundError."""
    from shipby.application.tracking.choosing.kept import learned_limits

    posting, now = load_posting(store, seller, number), clock.now()
    history = store.tracking_history(seller, number)
    carriers = carriers_of(seller, store)
    named = {change.new: change.carrier for change in history}
    present = [posting.tracking_number] if posting.tracking_number else []
    numbers = list(dict.fromkeys([*present, *(change.new for change in reversed(history))]))
    items: list[Json] = []
    told: Heard | None = None
    for tracking in numbers:
        found = journeys(seller, tracking, store)
        fit = likeliest(tracking)
        carrier = find(named.get(tracking, ""), carriers) or (carriers.get(fit.carrier) if fit else None)
        if tracking == posting.tracking_number:
            told = silence_of(posting, found, now, store, learned_limits(seller, store=store, now=now))
        items.append(
            {
                "tracking_number": tracking,
                "present": tracking == posting.tracking_number,
                "carrier": carrier.code if carrier else None,
                "tracking_page": (carrier.link(tracking) or None) if carrier else None,
                "journeys": [_journey_view(one) for one in found],
            }
        )
    return {
        "posting_number": number,
        "stage": posting.stage,
        "marketplace": {"status": posting.status, "substatus": posting.substatus},
        "silence": _heard_view(told) if told else None,
        "numbers": items,
    }


def silent_parcels(seller: str, *, limit: int, cursor: str | None, store: Store, clock: Clock) -> dict[str, Json]:
    """Parcels on their way whose silence asks for something, with what they are worth. A page may hold fewer than
    `limit` although more follow."""
    from shipby.application.tracking.choosing.kept import learned_limits

    now = clock.now()
    limits = learned_limits(seller, store=store, now=now)
    page = store.worklist(seller, Stage.IN_TRANSIT, due_before=None, limit=limit, cursor=cursor)
    items: list[Json] = []
    for item in page.items:
        posting = store.posting(seller, item.number)
        if posting is None:
            continue
        told = (
            silence_of(posting, journeys(seller, posting.tracking_number, store), now, store, limits)
            if posting.tracking_number
            else None
        )
        if told is None or told.silence is Silence.FINE:
            continue
        detail = store.detail(seller, item.number)
        items.append(
            {
                "posting_number": item.number,
                "tracking_number": posting.tracking_number,
                "silence": _heard_view(told),
                "worth": money_view(detail.paid if detail else None),
            }
        )
    return {"items": items, "next_cursor": page.cursor}


def _journey_view(journey: Journey) -> dict[str, Json]:
    return {
        "journey": journey.index,
        "status": journey.status,
        "progress": journey.progress,
        "accepted_at": time_text(journey.accepted_at),
        "last_scan_at": time_text(journey.last_at),
        "delivered_at": time_text(journey.delivered_at),
        "eta": time_text(journey.eta),
        "scans": [_scan_view(scan) for scan in journey.scans],
    }


def _scan_view(scan: Scan) -> dict[str, Json]:
    return {
        "at": time_text(scan.at),
        "status": scan.status,
        "words": scan.words or None,
        "place": scan.place or None,
        "source": scan.source,
    }


def _heard_view(told: Heard) -> dict[str, Json]:
    return {
        "says": told.silence,
        "phase": told.phase,
        "since": time_text(told.since),
        "delayed_at": time_text(told.delayed_at),
        "lost_at": time_text(told.lost_at),
        "limits_from": told.limits.source,
        "samples": told.limits.samples,
    }
