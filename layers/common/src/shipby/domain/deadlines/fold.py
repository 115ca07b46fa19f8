"""Folding what the marketplace says into what we know: facts only, never backwards, never last-write-wins.

A read counts from the moment it started; an older read than the newest one folded in is ignored whole. Where that
newest one stands ahead of the clock, nobody knows which is older, and what was just read counts (see `skew`). The
marketplace's status is mirrored as it is; our own stage only moves forward or to a side exit that the facts prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.domain.deadlines.ladder import as_it_stands, build_rungs, keep_prices, rewind
from shipby.domain.deadlines.outcomes import as_it_left
from shipby.domain.deadlines.split import begins_as
from shipby.domain.events import Event, EventType
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import (
    BEFORE_HAND_OVER,
    BY_SPLIT,
    FINAL,
    MAIN_LINE,
    ONCE,
    SPLIT,
    MarketplacePosting,
    Posting,
    RungKind,
    Stage,
)
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.refunds.ledger import LineBalance, MoneyLedger
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead, runs_behind, times_ahead

MARKETPLACE = "marketplace"
WRONG_CLOCK = "read again: its times lay ahead, a clock was wrong"

_ASSEMBLED = frozenset({"awaiting_deliver", "awaiting_registration", "sent_by_seller"})
_MOVING = frozenset({"delivering", "driver_pickup"})
_ASSEMBLED_BY = _ASSEMBLED | _MOVING | {"delivered"}
"""Statuses that no posting reaches without having been assembled."""
_DISPUTED = frozenset({"not_accepted", "arbitration", "client_arbitration"})
_CANCELLED = frozenset({"cancelled", SPLIT})
_GONE_OUT = _MOVING | {"sent_by_seller", "delivered", "arbitration", "client_arbitration", "cancelled"}
"""Statuses in which a date of the hand-over tells that it has left the house."""
_NOT_ACCEPTED = ("not_accepted", "posting_not_in_sort_center")
"""Its status, or the substatus. Source: ozon Seller API, section Process and the table of push states."""
_NO_PASSPORT = "posting_awaiting_passport_data"
_STILL_POSSIBLE = ("ship", "label_download", "awaiting_delivery", "pack", "non_int_")
"""Offered actions that mean the posting can still be sent: ship, label, or hand-over by the seller's own carrier
(`non_int_delivering` …). Source: `available_actions` of /v3/posting/fbs/get."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The posting one version on, with what happened; `tracking` is a row for the history of tracking numbers."""

    posting: Posting
    events: tuple[Event, ...]
    tracking: TrackingChange | None = None
    cancelled: bool = False
    """The marketplace cancelled it for good: it pays the buyer back by itself."""


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def receive(
    facts: MarketplacePosting, *, seller: str, settings: SellerSettings, at: datetime, parent: Posting | None = None
) -> Folded:
    """The first record of a posting, at version 1, whatever state the marketplace has it in.

    `parent` is the posting that it was split from, where that is known: what was done for the goods is done.
    """
    blank = Posting(
        seller=seller,
        number=facts.number,
        version=0,
        stage=Stage.RECEIVED,
        status="",
        substatus="",
        scheme=facts.scheme,
        integration=facts.integration,
        received_at=at,
        synced_at=facts.read_at,
        warehouse_id=facts.warehouse_id,
        parent_number=facts.parent_number,
    )
    if parent is not None:
        blank = begins_as(blank, parent, block=parent.split_block or _block_of_ours(parent))
    received = Event(
        type=EventType.POSTING_RECEIVED,
        at=at,
        actor=MARKETPLACE,
        data={
            "scheme": facts.scheme,
            "status": facts.status,
            "shipment_date": _iso(facts.shipment_date),
            "parent": facts.parent_number,
            **({"stage": blank.stage, "since": _iso(blank.received_at)} if parent is not None else {}),
        },
    )
    folded = _apply(blank, facts, settings, at)
    assert folded is not None  # noqa: S101  # a blank posting always differs from facts
    events = (received, *(event for event in folded.events if event.type is not EventType.POSTING_CHANGED))
    return replace(folded, events=events)


def fold(posting: Posting, facts: MarketplacePosting, settings: SellerSettings, *, at: datetime) -> Folded | None:
    """Fold a newer read in, or one of which nobody knows whether it is. None if it is older, or changes nothing."""
    if facts.read_at < posting.synced_at and not ahead(posting.synced_at, at):
        return None
    return _apply(posting, facts, settings, at)


def put_right(posting: Posting, facts: MarketplacePosting, at: datetime) -> Posting:
    """The posting without what a clock that stood ahead made of it: rungs that rang before their time, expired by it,
    and times of ours to come. What acts outside stays as rung: it is tried once in a posting's life."""
    if not times_ahead(posting, at) or runs_behind(facts, at):
        return posting
    early = {kind for kind, due in posting.fired.items() if ahead(due, at)}
    stage, last = posting.stage, facts.without_delay or facts.shipment_date
    proven = ahead(posting.synced_at, at) and last is not None and at <= last
    if stage is Stage.EXPIRED and (RungKind.GIVE_UP_AT in early or proven):
        stage = posting.blocked_from or Stage.RECEIVED
    since = posting.passport_since, posting.tracking_asked_at, posting.assembled_at
    passport, tracking, assembled = (min(when, at) if when and ahead(when, at) else when for when in since)
    return replace(
        posting,
        stage=stage,
        fired={kind: due for kind, due in posting.fired.items() if kind not in early - ONCE},
        passport_since=passport,
        tracking_asked_at=tracking,
        assembled_at=assembled,
    )


def _stage_after(posting: Posting, facts: MarketplacePosting) -> tuple[Stage, str]:
    """The stage the facts prove, and why; the present one where they prove nothing new."""
    stage, status = posting.stage, facts.status
    if stage in FINAL and not (stage is Stage.CLOSED and status in _CANCELLED):
        return stage, ""
    if status in _CANCELLED:
        reason = BY_SPLIT if status == SPLIT else _cancel_reason(facts)
        return Stage.CANCELLED, reason
    if status == "delivered":
        return Stage.DELIVERED, ""
    if status in _MOVING:
        reached = stage in MAIN_LINE and MAIN_LINE.index(stage) >= MAIN_LINE.index(Stage.IN_TRANSIT)
        return (stage, "") if reached else (Stage.IN_TRANSIT, "")
    if status in _DISPUTED:
        # The same read again says nothing new: what is offered during a dispute does not prove that it expired.
        return (stage, "") if stage in (Stage.BLOCKED, Stage.EXPIRED) else (Stage.BLOCKED, status)
    # Before the end of a dispute: what a settled one leaves expired is not received first and expired by the next read.
    if _proven_expired(posting, facts):
        return Stage.EXPIRED, "past its date, and the marketplace offers neither ship nor label nor hand-over"
    if stage is Stage.BLOCKED and posting.blocked_reason in _DISPUTED:
        return posting.blocked_from or Stage.RECEIVED, "the marketplace settled the dispute"
    return stage, ""


def _cancel_reason(facts: MarketplacePosting) -> str:
    return facts.cancellation.reason if facts.cancellation else ""


def _proven_expired(posting: Posting, facts: MarketplacePosting) -> bool:
    stage = posting.blocked_from if posting.stage is Stage.BLOCKED else posting.stage
    if stage not in BEFORE_HAND_OVER or not facts.actions or posting.override_reason:
        # A person who overrode it with a reason knows better than the list of actions.
        return False
    last = facts.without_delay or facts.shipment_date
    if last is None or facts.read_at <= last:
        return False
    return not any(action.startswith(_STILL_POSSIBLE) for action in facts.actions)


_STAGE_EVENTS: Mapping[Stage, EventType] = {
    Stage.CANCELLED: EventType.POSTING_CANCELLED,
    Stage.DELIVERED: EventType.POSTING_DELIVERED,
    Stage.IN_TRANSIT: EventType.POSTING_IN_TRANSIT,
    Stage.BLOCKED: EventType.POSTING_BLOCKED,
    Stage.EXPIRED: EventType.POSTING_EXPIRED,
}


def _tracking_after(posting: Posting, facts: MarketplacePosting, at: datetime) -> TrackingChange | None:
    """A number the marketplace shows and we did not know; one of our own open intent is booked when that settles."""
    ours = open_of(posting, IntentAction.SET_TRACKING)
    if not facts.tracking_number or facts.tracking_number == posting.tracking_number or ours:
        return None
    return TrackingChange(
        seller=posting.seller,
        posting_number=posting.number,
        sequence=posting.tracking_count + 1,
        old=posting.tracking_number,
        new=facts.tracking_number,
        carrier=facts.carrier,
        reason="set by the marketplace or the carrier",
        asked_by=MARKETPLACE,
        at=at,
    )


def _handed_over(facts: MarketplacePosting) -> datetime | None:
    """When it left the house, by the marketplace's word; None while it does not say, or says a time to come.

    By the official text `fact_delivery_date` is the hand-over into delivery as well; in any case it is not before it.
    """
    if facts.status not in _GONE_OUT:
        return None
    told = facts.delivering_date or (facts.delivered_at if facts.status == "delivered" else None)
    return told if told is not None and not ahead(told, facts.read_at) else None


def _delivered(before: Posting, facts: MarketplacePosting) -> datetime | None:
    """When it reached the buyer: periods of the buyer start here, so no earlier time is believed than reads bear out.

    `fact_delivery_date` is by the official text the hand-over into delivery, by its name the delivery. A read that
    still showed the posting on its way before that date makes it the delivery; else it is this read that shows it.
    """
    if facts.status != "delivered":
        return None
    told = facts.delivered_at
    on_its_way = before.status in _MOVING and told is not None and before.synced_at < told <= facts.read_at
    return told if on_its_way else facts.read_at


def _apply(before: Posting, facts: MarketplacePosting, settings: SellerSettings, at: datetime) -> Folded | None:
    posting = put_right(before, facts, at)
    stage, why = _stage_after(posting, facts)
    assembled = posting.assembled_at or (facts.read_at if facts.status in _ASSEMBLED_BY else None)
    tracking = _tracking_after(posting, facts, at)
    cancelled_by = posting.cancelled_by
    if stage is Stage.CANCELLED and posting.stage is not Stage.CANCELLED:
        cancelled_by = BY_SPLIT if why == BY_SPLIT else (facts.cancellation.type if facts.cancellation else "unknown")
    changes: dict[str, object] = {
        "status": facts.status,
        "substatus": facts.substatus,
        "integration": facts.integration,
        "delivery_schema": facts.delivery_schema or posting.delivery_schema,
        "warehouse_id": facts.warehouse_id,
        "shipment_date": facts.shipment_date or posting.shipment_date,
        "without_delay": facts.without_delay or posting.without_delay,
        "delivery_by": facts.delivery_by or posting.delivery_by,
        "stage": stage,
        "assembled_at": assembled,
        "handed_over_at": posting.handed_over_at or _handed_over(facts),
        "delivered_at": posting.delivered_at or _delivered(before, facts),
        "blocked_from": _blocked_from(posting, stage),
        "blocked_reason": why if stage is Stage.BLOCKED and why else posting.blocked_reason * (stage is Stage.BLOCKED),
        "expired_reason": why if stage is Stage.EXPIRED and why else posting.expired_reason * (stage is Stage.EXPIRED),
        "cancelled_by": cancelled_by,
        "passport_since": (posting.passport_since or facts.read_at) if facts.substatus == _NO_PASSPORT else None,
        "not_accepted_since": (posting.not_accepted_since or facts.read_at) if _missed(facts) else None,
        "parent_number": facts.parent_number or posting.parent_number,
    }
    if cancelled_by == BY_SPLIT and posting.stage is not Stage.CANCELLED:
        changes |= {"split_stage": posting.blocked_from or posting.stage, "split_block": _block_of_ours(posting)}
    if tracking is not None:
        # Another number is the answer to a request for one.
        changes |= {"tracking_number": tracking.new, "tracking_count": tracking.sequence, "tracking_asked_at": None}
    changed = replace(posting, **changes)  # type: ignore[arg-type]  # replace() is typed per field
    # An empty date waits: the last known one keeps the ladder standing until the marketplace names the next.
    known = replace(
        facts,
        shipment_date=changed.shipment_date,
        without_delay=changed.without_delay,
        delivery_by=changed.delivery_by,
    )
    rungs = build_rungs(changed, known, settings)
    if facts.shipment_date is None and not facts.tariff_steps:
        rungs = keep_prices(rungs, posting.rungs)
    changed = rewind(as_it_stands(replace(changed, rungs=rungs), facts))
    changed = as_it_left(before, changed, at, told=facts.delivering_date)
    # A read that only takes a wrong time back has a version too: the history tells of it.
    if changed == before and facts.read_at >= before.synced_at:
        return None
    changed = replace(changed, version=posting.version + 1, synced_at=facts.read_at)
    return Folded(
        changed,
        _events(before, changed, facts, why, tracking, at),
        tracking,
        cancelled=stage is Stage.CANCELLED and posting.stage is not Stage.CANCELLED and cancelled_by != BY_SPLIT,
    )


def _block_of_ours(posting: Posting) -> str:
    """Why somebody of ours stopped work on a posting; a dispute at the marketplace is its own."""
    return "" if posting.blocked_reason in _DISPUTED else posting.blocked_reason


def _missed(facts: MarketplacePosting) -> bool:
    return facts.status in _NOT_ACCEPTED or facts.substatus in _NOT_ACCEPTED


def _blocked_from(posting: Posting, stage: Stage) -> Stage | None:
    if stage not in (Stage.BLOCKED, Stage.EXPIRED):
        return None
    return posting.blocked_from if posting.stage in (Stage.BLOCKED, Stage.EXPIRED) else posting.stage


def _events(
    old: Posting, new: Posting, facts: MarketplacePosting, why: str, tracking: TrackingChange | None, at: datetime
) -> tuple[Event, ...]:
    events: list[Event] = []

    def happened(kind: EventType, reason: str, data: dict[str, Json]) -> None:
        events.append(Event(type=kind, at=at, actor=MARKETPLACE, reason=reason, data=data))

    if old.shipment_date is not None and old.shipment_date != new.shipment_date:
        moved: dict[str, Json] = {"old": _iso(old.shipment_date), "new": _iso(new.shipment_date), "late": new.late}
        happened(EventType.POSTING_CUT_OFF_MOVED, "", moved)
    if new.assembled_at is not None and old.assembled_at is None:
        happened(EventType.POSTING_ASSEMBLED, "", {"status": facts.status})
    if tracking is not None:
        change: dict[str, Json] = {"old": tracking.old, "new": tracking.new, "by": MARKETPLACE}
        happened(EventType.TRACKING_CHANGED, tracking.reason, change)
    if new.stage is not old.stage:
        if new.cancelled_by == BY_SPLIT:
            happened(EventType.POSTING_SPLIT, why, {"into": list(facts.related_numbers)})
        elif old.stage is Stage.BLOCKED and new.stage is old.blocked_from:
            happened(EventType.POSTING_UNBLOCKED, why, {"from": "blocked", "to": new.stage})
        elif old.stage is Stage.EXPIRED and new.stage in BEFORE_HAND_OVER:
            happened(EventType.POSTING_UNBLOCKED, WRONG_CLOCK, {"from": "expired", "to": new.stage})
        elif new.stage is Stage.CANCELLED:
            rating = bool(facts.cancellation and facts.cancellation.affects_rating)
            by: dict[str, Json] = {"by": new.cancelled_by, "affects_rating": rating, "late": new.late}
            happened(EventType.POSTING_CANCELLED, why, by)
        else:
            happened(_STAGE_EVENTS[new.stage], why, {"from": old.stage, "to": new.stage, "late": new.late})
    if not events:
        why = WRONG_CLOCK if times_ahead(old, at) else ""
        happened(EventType.POSTING_CHANGED, why, {"status": facts.status, "substatus": facts.substatus})
    return tuple(events)


def open_ledger(facts: MarketplacePosting, *, seller: str) -> MoneyLedger | None:
    """The ledger of a new posting: what the buyer paid, in total and per line. None while that is not known.

    Of a posting that ended by a split nothing is left: its goods, and what was paid for them, are its children's.
    """
    paid = facts.paid
    if paid is None:
        return None
    family = tuple(sorted(facts.related_numbers))
    lines: dict[str, LineBalance] = {}
    if facts.status == SPLIT:
        return MoneyLedger(
            seller=seller,
            number=facts.number,
            version=1,
            currency=paid.currency,
            paid=0,
            lines=lines,
            family=family,
            opened_at=facts.read_at,
            without=family,
        )
    for line in facts.lines:
        before = lines.get(line.sku, LineBalance(paid=0))
        price = line.price.minor if line.price else 0  # never: `paid` is known
        lines[line.sku] = LineBalance(paid=before.paid + price * line.quantity)
    return MoneyLedger(
        seller=seller,
        number=facts.number,
        version=1,
        currency=paid.currency,
        paid=paid.minor,
        lines=lines,
        family=family,
        opened_at=facts.read_at,
        without=family,
    )
