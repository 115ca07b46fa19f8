"""What each intent does at the marketplace, and how its effect shows when the marketplace is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from shipby.application.intake.sync_posting import Beside, read_and_fold
from shipby.application.intents.cancel_items import items_now
from shipby.application.intents.effect import Effect
from shipby.application.intents.request_intent import CANCELS, OFFERED_AS
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import CancelReason, ItemResult, Marketplace
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    ReleasePointer,
    SavePosting,
    Write,
)
from shipby.domain import actors, pointers
from shipby.domain.deadlines.cancel_causes import CancelCause, OfferedReason, TrueReason, true_reason
from shipby.domain.deadlines.ladder import rewind, with_tracking_clock
from shipby.domain.errors import (
    ActionNotOfferedError,
    InvalidInputError,
    NotFoundError,
    NoTrueReasonError,
    RefusedForNowError,
)
from shipby.domain.events import Event, EventType
from shipby.domain.intents import REPORTS, SHAPES, Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.delivery import shows
from shipby.domain.postings.lines import items_of, quantities
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.postings.tracking import ChangeReason, TrackingChange
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead

_BEFORE_ASSEMBLY = frozenset(
    {"awaiting_packaging", "awaiting_approve", "awaiting_verification", "acceptance_in_progress"}
)
_GONE = frozenset({"cancelled", "cancelled_from_split_pending"})
_OVER = _GONE | {"delivered"}
"""What was asked for and has no effect by then will have none: an intent without an answer ends here at the latest."""


def _to_the_millisecond(when: datetime | None) -> datetime | None:
    """The marketplace takes and gives times in milliseconds."""
    return when.replace(microsecond=when.microsecond // 1000 * 1000) if when else None


def _cut_off_effect(intent: Intent, facts: MarketplacePosting, seen: dict[str, Json]) -> Effect | None:
    """None while the move is still to be made; an automatic one is meant for one date only, until that passes."""
    date = _to_the_millisecond(facts.shipment_date)
    seen["cut_off"] = facts.shipment_date.isoformat() if facts.shipment_date else None
    if date == _to_the_millisecond(datetime.fromisoformat(str(intent.request["cut_off"]))):
        return Effect(done=True, text="the marketplace shows this date", read_back=seen)
    asked_from = intent.request.get("from")
    if intent.state is not IntentState.PENDING or asked_from is None or date is None:
        return None
    if date != _to_the_millisecond(datetime.fromisoformat(str(asked_from))) or facts.read_at >= date:
        return Effect(impossible=True, text="its date moved or passed meanwhile", read_back=seen)
    return None


def _cancel_effect(intent: Intent, facts: MarketplacePosting, seen: dict[str, Json]) -> Effect | None:
    """None while the cancel is still to be made; one that gives a posting up is meant for the date it had."""
    if facts.status == "cancelled":
        by = facts.cancellation.type if facts.cancellation else "unknown"
        seen["by"] = by
        return Effect(done=True, text=f"the marketplace shows it cancelled by {by}", read_back=seen)
    given_up_for = intent.request.get("cut_off")
    if intent.state is not IntentState.PENDING or given_up_for is None or facts.shipment_date is None:
        return None
    date = datetime.fromisoformat(str(given_up_for))
    if facts.shipment_date > date:
        return Effect(impossible=True, text="its date has moved, so it is not given up", read_back=seen)
    if ahead(date, facts.read_at):
        # Whoever gave it up had a clock that stood ahead.
        return Effect(impossible=True, text="its date has not passed, so it is not given up", read_back=seen)
    return None


def _items_effect(intent: Intent, facts: MarketplacePosting, seen: dict[str, Json]) -> Effect | None:
    """None while the items are still there; what was taken away meanwhile by others is not taken away once more."""
    asked_with = intent.read_back.get("related") if intent.state is not IntentState.PENDING else None
    seen["related"] = asked_with if isinstance(asked_with, list) else list(facts.related_numbers)
    if set(facts.related_numbers) - {str(number) for number in cast("list[Json]", seen["related"])}:
        # Once sent: whether pieces went into another posting or were cancelled, quantities do not tell.
        return Effect(text="it was split after this was sent: its quantities prove nothing", read_back=seen)
    if facts.status in _GONE:
        return None
    now = quantities(facts)
    asked, before = items_of(intent.request["items"]), items_of(intent.request["before"])
    seen["items"] = {sku: now.get(sku, 0) for sku in asked}
    match items_now(asked, before, now):
        case "done" if intent.state is not IntentState.PENDING:
            return Effect(done=True, text="the marketplace shows the posting without them", read_back=seen)
        case "done" | "other":
            text = "the posting holds other quantities than when this was asked"
            # Once sent, other quantities prove nothing: a person has to look.
            return Effect(impossible=intent.state is IntentState.PENDING, text=text, read_back=seen)
    return None


_EFFECTS: Mapping[IntentAction, Callable[[Intent, MarketplacePosting, dict[str, Json]], Effect | None]] = {
    IntentAction.CANCEL: _cancel_effect,
    IntentAction.CANCEL_ITEMS: _items_effect,
    IntentAction.SET_CUT_OFF: _cut_off_effect,
}


def _shown(
    intent: Intent, facts: MarketplacePosting, seen: dict[str, Json], parts: Sequence[MarketplacePosting]
) -> Effect | None:
    if intent.action in SHAPES:
        from shipby.application.intents.shape_actions import shape_effect  # these alone: cold starts

        return shape_effect(intent, facts, seen, parts)
    return _EFFECTS[intent.action](intent, facts, seen)


def effect(intent: Intent, facts: MarketplacePosting, parts: Sequence[MarketplacePosting] = ()) -> Effect:
    """Hold an intent against a fresh read of its posting, and of what it was split into where that is asked."""
    seen: dict[str, Json] = {"status": facts.status, "substatus": facts.substatus}
    match intent.action:
        case IntentAction.SHIP:
            split = facts.status == "cancelled_from_split_pending"
            if split or facts.status not in _BEFORE_ASSEMBLY | _GONE:
                return Effect(done=True, text="the marketplace shows it assembled", read_back=seen)
            # What was there before the call says nothing about the call.
            failed_before = intent.read_back.get("substatus") == "ship_failed"
            if facts.substatus == "ship_failed" and intent.state is not IntentState.PENDING and not failed_before:
                return Effect(impossible=True, text="ship_failed: ask to ship again", read_back=seen)
        case (
            IntentAction.CANCEL
            | IntentAction.CANCEL_ITEMS
            | IntentAction.SET_CUT_OFF
            | IntentAction.SPLIT
            | IntentAction.SHIP_PART
            | IntentAction.SET_BOXES
        ):
            if (known := _shown(intent, facts, seen, parts)) is not None:
                return known
        case IntentAction.SET_TRACKING:
            seen["tracking_number"] = facts.tracking_number
            if facts.tracking_number == intent.request["tracking_number"]:
                return Effect(done=True, text="the marketplace shows this number", read_back=seen)
        case IntentAction.REPORT_DELIVERING | IntentAction.REPORT_LAST_MILE | IntentAction.REPORT_DELIVERED:
            if shows(REPORTS[intent.action], facts.status, facts.substatus):
                return Effect(done=True, text="the marketplace shows it", read_back=seen)
        case IntentAction.RETURN_ACTION | IntentAction.CANCEL_REQUEST | IntentAction.SET_EXEMPLARS:
            raise InvalidInputError(f"intent {intent.id} ({intent.action}) is not settled by reading its posting")
    if facts.status in _OVER:
        return Effect(impossible=True, text=f"the posting is {facts.status}", read_back=seen)
    if not set(OFFERED_AS[intent.action]) & set(facts.actions):
        offered = ", ".join(facts.actions) or "nothing"
        text = f"the marketplace does not offer {intent.action} any more; it offers {offered}"
        # Once sent, an action that has vanished is the sign that something is under way, not that it failed.
        return Effect(impossible=intent.state is IntentState.PENDING, text=text, read_back=seen)
    return Effect(text="still offered", read_back=seen, offered=True)


def prepare(intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
    """Do every read that the call needs, and give back the one call that acts.

    Reads come before the claim: one that fails costs nothing, while a claimed intent is never sent again.
    """
    if intent.action in CANCELS:
        return _prepare_cancel(intent, marketplace)
    if intent.action is IntentAction.SET_EXEMPLARS:
        from shipby.application.intents.exemplar_actions import prepare_exemplars  # this action alone: cold starts

        return prepare_exemplars(intent, marketplace)
    if intent.action in SHAPES:
        from shipby.application.intents.shape_actions import prepare_shape  # as above

        return prepare_shape(intent, marketplace)
    return lambda: _act(intent, marketplace)


def _act(intent: Intent, marketplace: Marketplace) -> str:
    number, request = intent.posting_number, intent.request
    match intent.action:
        case IntentAction.SHIP:
            packages = cast("Sequence[Mapping[str, int]]", request["packages"])
            into = marketplace.ship(number, packages)
            return f"assembled as {', '.join(into) or number}"
        case IntentAction.SET_CUT_OFF:
            marketplace.set_cut_off(number, datetime.fromisoformat(str(request["cut_off"])))
            return "date moved"
        case (
            IntentAction.SET_TRACKING
            | IntentAction.REPORT_DELIVERING
            | IntentAction.REPORT_LAST_MILE
            | IntentAction.REPORT_DELIVERED
        ):
            [result] = call_together(intent.action, {number: intent}, marketplace)
            if not result.ok:
                refusal = RefusedForNowError if result.may_pass else ActionNotOfferedError
                raise refusal(result.error or f"{intent.action} of posting {number} was refused")
            return "accepted"
        case (
            IntentAction.CANCEL
            | IntentAction.CANCEL_ITEMS
            | IntentAction.SET_EXEMPLARS
            | IntentAction.SPLIT
            | IntentAction.SHIP_PART
            | IntentAction.SET_BOXES
            | IntentAction.RETURN_ACTION
            | IntentAction.CANCEL_REQUEST
        ):
            raise InvalidInputError(f"intent {intent.id} ({intent.action}) is not carried out here")


def call_together(
    action: IntentAction, intents: Mapping[str, Intent], marketplace: Marketplace
) -> tuple[ItemResult, ...]:
    """One call for intents of one action of several postings (by number), with a result each."""
    if action is IntentAction.SET_TRACKING:
        wanted = {number: str(intent.request["tracking_number"]) for number, intent in intents.items()}
        return marketplace.set_tracking_numbers(wanted)
    return marketplace.report_delivery(REPORTS[action], list(intents))


def _prepare_cancel(intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
    offered = marketplace.cancel_reasons(intent.posting_number)
    if (cause := _cause(intent)) is not None:
        chosen = _chosen(intent, cause, offered)
        return lambda: _cancel(intent, chosen, marketplace)
    wanted = int(cast("int", intent.request["reason_id"]))
    reason = next((reason for reason in offered if reason.id == wanted), None)
    if reason is None:
        ids = _listed(offered)
        raise ActionNotOfferedError(f"cancel reason {wanted} is not offered; offered are {ids}", offered=[ids])
    title = reason.title

    def cancel() -> str:
        if intent.action is IntentAction.CANCEL_ITEMS:
            message = str(intent.request.get("message") or title)
            marketplace.cancel_items(intent.posting_number, items_of(intent.request["items"]), wanted, message)
            return f"items cancelled with reason {wanted} ({title})"
        marketplace.cancel(intent.posting_number, wanted, str(intent.request.get("message") or title))
        return f"cancelled with reason {wanted} ({title})"

    return cancel


def _cause(intent: Intent) -> CancelCause | None:
    """What happened, where a machine decided to cancel; None where a person named the reason."""
    if (told := intent.request.get("cause")) is not None:
        return CancelCause(str(told))
    if intent.action is not IntentAction.CANCEL or not actors.is_automatic(intent.actor):
        return None
    # Asked for by an older release, which named a reason before it knew what is offered.
    return CancelCause.NOT_SENT if "cut_off" in intent.request else CancelCause.BUYER


def _chosen(intent: Intent, cause: CancelCause, offered: Sequence[CancelReason]) -> TrueReason:
    preferred = intent.request.get("preferred")
    reasons = [OfferedReason(reason.id, reason.title, reason.by) for reason in offered]
    chosen = true_reason(cause, reasons, preferred=int(cast("int", preferred)) if preferred is not None else None)
    if chosen is None:
        raise NoTrueReasonError(
            f"no reason that the marketplace offers is true of it ({_HAPPENED[cause]}); offered are "
            f"{_listed(offered)}: cancel it yourself with a reason that is, or have the buyer cancel it",
            offered=[str(reason.id) for reason in offered],
        )
    return chosen


_HAPPENED: Mapping[CancelCause, str] = {
    CancelCause.NOT_SENT: "it is not sent",
    CancelCause.BUYER: "the buyer does not want it any more",
    CancelCause.BUYER_AS_LATE: "it is late, and the buyer does not want it any more",
}


def _cancel(intent: Intent, reason: TrueReason, marketplace: Marketplace) -> str:
    marketplace.cancel(intent.posting_number, reason.id, reason.message)
    return f"cancelled with reason {reason.id} ({reason.message})"


def _listed(offered: Sequence[CancelReason]) -> str:
    return ", ".join(f"{reason.id} ({reason.title})" for reason in offered) or "none"


def read(intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> Effect:
    """Read the posting, fold it, and hold it against the intent. Raises what the marketplace's reads raise.

    Before a call, a read that changed nothing is not noted: the read after the call is.
    """
    if intent.action in SHAPES:
        from shipby.application.intents.shape_actions import read_shape  # these alone: cold starts

        return read_shape(intent, store=store, marketplace=marketplace, clock=clock)
    seller, number = intent.seller, intent.posting_number
    noted = intent.state is not IntentState.PENDING
    facts, _ = read_and_fold(seller, number, store=store, marketplace=marketplace, clock=clock, noted=noted)
    if intent.action is not IntentAction.SET_EXEMPLARS:
        return effect(intent, facts)
    if facts.status in _OVER:
        return Effect(impossible=True, text=f"the posting is {facts.status}", read_back={"status": facts.status})
    from shipby.application.intents.exemplar_actions import exemplar_effect  # this action alone: cold starts

    return exemplar_effect(intent, marketplace)


def read_beside(
    intent: Intent, beside: Beside, *, store: Store, marketplace: Marketplace, clock: Clock
) -> tuple[Effect, bool]:
    """As `read`, with what it settles in the same transaction; and whether there was one, for it changed something."""
    seller, number = intent.seller, intent.posting_number
    facts, synced = read_and_fold(seller, number, store=store, marketplace=marketplace, clock=clock, beside=beside)
    return effect(intent, facts), synced.outcome in ("created", "changed")


def without(posting: Posting, moved: Intent) -> Posting:
    """The posting with the intent's step noted."""
    still_open = tuple(known for known in posting.open_intents if known != moved.id or moved.open)
    return replace(posting, open_intents=still_open)


def writes(moved: Intent, told: tuple[Event, ...], store: Store, now: datetime) -> list[Write]:
    """What an intent's step changes in its posting, in the same transaction."""
    posting = store.posting(moved.seller, moved.posting_number)
    if posting is None:
        raise NotFoundError(f"posting {moved.posting_number} of intent {moved.id} is gone from the store")
    changed = replace(without(posting, moved), version=posting.version + 1)
    events, writes = [*told], list[Write]()
    if moved.action is IntentAction.SET_TRACKING and moved.state is IntentState.CONFIRMED:
        changed, change, writes = _book_tracking(moved, changed, store, now)
        events.append(
            Event(
                type=EventType.TRACKING_CHANGED,
                at=now,
                actor=moved.actor,
                reason=moved.reason,
                data={"old": change.old, "new": change.new, "carrier": change.carrier, "intent": moved.id},
            )
        )
    if moved.action is IntentAction.SET_BOXES and moved.state is IntentState.CONFIRMED:
        changed = replace(changed, boxes=int(cast("int", moved.request["boxes"])))
    changed = rewind(changed)
    return [
        SavePosting(changed),
        AppendEvents(moved.seller, moved.ref, changed.version, tuple(events)),
        *writes,
        *_give_back_pointer(moved),
        *_book_entries(moved, store),
    ]


def _book_tracking(
    moved: Intent, posting: Posting, store: Pointers, now: datetime
) -> tuple[Posting, TrackingChange, list[Write]]:
    number = str(moved.request["tracking_number"])
    unsaid = ChangeReason.OTHER if posting.tracking_number else ChangeReason.FIRST_NUMBER
    change = TrackingChange(
        seller=moved.seller,
        posting_number=posting.number,
        sequence=posting.tracking_count + 1,
        old=posting.tracking_number,
        new=number,
        carrier=str(moved.request.get("carrier") or ""),
        reason=moved.reason,
        asked_by=moved.actor,
        at=now,
        intent_id=moved.id,
        approved_by=moved.approved_by,
        kind=ChangeReason(str(moved.request.get("kind") or unsaid)),
        evidence=_texts(moved.request.get("evidence")),
        doubts=_texts(moved.request.get("doubts")),
        seen_again=bool(moved.request.get("seen_again")),
        asked_at=moved.created_at,
    )
    writes: list[Write] = [
        AppendTracking(change),
        ClaimPointer(moved.seller, pointers.TRACKING, number, posting.number),
    ]
    if posting.tracking_number and posting.tracking_number != number:
        writes.append(ReleasePointer(moved.seller, pointers.TRACKING, posting.tracking_number, posting.number))
        # Several postings may travel in one parcel: the number stays with the first that gave it up.
        if store.find(moved.seller, pointers.FORMER_TRACKING, posting.tracking_number) in (None, posting.number):
            former = ClaimPointer(moved.seller, pointers.FORMER_TRACKING, posting.tracking_number, posting.number)
            writes.append(former)
    renumbered = replace(posting, tracking_number=number, tracking_count=change.sequence)
    if renumbered.tracking_asked_at is not None:
        # The new number is the answer that the marketplace waits for.
        renumbered = with_tracking_clock(renumbered, None, SellerSettings(seller=posting.seller))
    return renumbered, change, writes


def _texts(value: Json | None) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _book_entries(moved: Intent, store: BenchReads) -> list[Write]:
    """What the end of the call means for the entries of the pieces."""
    if moved.action is not IntentAction.SET_EXEMPLARS:
        return []
    from shipby.application.intents.exemplar_actions import booked  # this action alone: cold starts

    return booked(moved, store)


def _give_back_pointer(moved: Intent) -> list[Write]:
    """A number that was claimed when it was asked for is free again if the marketplace refused it."""
    if moved.action is not IntentAction.SET_TRACKING or moved.state is not IntentState.REJECTED:
        return []
    return [
        ReleasePointer(moved.seller, pointers.TRACKING, str(moved.request["tracking_number"]), moved.posting_number)
    ]


def touch(intent: Intent, events: tuple[Event, ...], store: PostingReads) -> list[Write]:
    """The posting one version on, with events about an intent that does not move."""
    posting = store.posting(intent.seller, intent.posting_number)
    if posting is None:
        raise InvalidInputError(f"posting {intent.posting_number} of intent {intent.id} is gone from the store")
    changed = rewind(replace(posting, version=posting.version + 1))
    return [SavePosting(changed), AppendEvents(intent.seller, intent.ref, changed.version, events)]
