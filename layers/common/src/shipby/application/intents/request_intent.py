"""Ask for an irreversible call: one transaction writes the intent, its event and everything that guards it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from shipby.application.cases.held import DEFAULT_CAP
from shipby.application.intents.cancel_items import check_items
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, RequireAutomation, SaveIntent, SavePosting, SpendCap, Write
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.rating.guard import CancelWish, guard_cancel
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.workflow import refuse_amended, refuse_held, refuse_unconfirmed
from shipby.domain.errors import ActionNotOfferedError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import (
    MOVES_GOODS,
    REPORTS,
    SHAPES,
    Intent,
    IntentAction,
    IntentState,
    intent_id,
    open_of,
    request_hash,
)
from shipby.domain.json_types import Json
from shipby.domain.postings.delivery import OFFERED
from shipby.domain.postings.lines import items_of, price_of_items, quantities
from shipby.domain.postings.posting import FINAL, Alarm, MarketplacePosting, Posting, RungKind, Stage
from shipby.domain.sellers.settings import SellerSettings

PICK_UP_WITHIN = timedelta(seconds=60)
"""A PENDING intent nobody has picked up by then is queued again: a lost message costs a minute, not an order."""
SHIP_CAP = 5000
"""The same for assembling: it is what every order wants, so the cap is there for a runaway only."""

_SHIPS = ("ship", "ship_async", "ship_async_retry", "ship_with_additional_info")
OFFERED_AS: Mapping[IntentAction, tuple[str, ...]] = {
    IntentAction.SHIP: _SHIPS,
    # No action of its own is published for these: they are for what can be assembled.
    **dict.fromkeys(SHAPES, _SHIPS),
    IntentAction.CANCEL: ("cancel",),
    IntentAction.CANCEL_ITEMS: ("product_cancel",),
    IntentAction.SET_TRACKING: ("set_track_number",),
    IntentAction.SET_CUT_OFF: ("set_cutoff",),
    IntentAction.SET_EXEMPLARS: ("ship_with_additional_info", "ship", "ship_async", "ship_async_retry", "update_cis"),
    **{action: (OFFERED[stage],) for action, stage in REPORTS.items()},
}
"""Which `available_actions` of the marketplace allow what. Source: /v3/posting/fbs/get."""
CANCELS = (IntentAction.CANCEL, IntentAction.CANCEL_ITEMS)
"""Both take goods away from a posting, so one of them at a time, and both count in the error index."""
_NOT_BESIDE: Mapping[IntentAction, tuple[IntentAction, ...]] = {
    IntentAction.CANCEL: CANCELS,
    IntentAction.CANCEL_ITEMS: (*CANCELS, *MOVES_GOODS),
    IntentAction.SHIP: (IntentAction.SHIP, *SHAPES),
    IntentAction.SET_EXEMPLARS: (IntentAction.SET_EXEMPLARS, *MOVES_GOODS),
    IntentAction.SET_BOXES: (IntentAction.SHIP, *SHAPES),
    **dict.fromkeys(MOVES_GOODS, (IntentAction.SHIP, *SHAPES, *CANCELS, IntentAction.SET_EXEMPLARS)),
}
"""While one of them is open this is not asked: each is made for the goods that the posting holds then. A whole cancel
waits for none of them but another cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants done to a posting. `automatic` ones stand under the kill switch and the daily cap."""

    seller: str
    number: str
    action: IntentAction
    request: Mapping[str, Json]
    actor: str
    reason: str = ""
    automatic: bool = False
    if_match: int | None = None
    accept_forecast: bool = False
    """A cancel only: somebody who may has seen what it does to the error index and wants it all the same."""
    confirmed_first: bool = False
    """Shipping only: it needs a confirmed posting, or a reason why it is assembled all the same."""


def guards(wish_action: IntentAction, seller: str, settings: SellerSettings, now: datetime) -> list[Write]:
    """What every automatic action spends and requires: the day's count of its kind, and no kill switch."""
    limit = settings.caps.get(wish_action, SHIP_CAP if wish_action is IntentAction.SHIP else DEFAULT_CAP)
    return [RequireAutomation(seller), SpendCap(seller, wish_action, now.date(), limit)]


def prepare_intent(
    posting: Posting, wish: Wish, settings: SellerSettings, *, store: Store, now: datetime
) -> tuple[Posting, Intent, Event, list[Write]]:
    """The posting with the intent noted (same version), the intent, its event, and the guards of automation.

    Raises CancelGuardError for a cancel that the guard of the error index refuses.
    """
    sequence = posting.intent_count + 1
    intent = Intent(
        id=intent_id(posting_ref(posting.number), wish.action, sequence),
        seller=posting.seller,
        ref=posting_ref(posting.number),
        posting_number=posting.number,
        action=wish.action,
        state=IntentState.PENDING,
        version=1,
        request=wish.request,
        request_hash=request_hash(wish.request),
        policy_version=settings.version,
        created_at=now,
        updated_at=now,
        actor=wish.actor,
        reason=wish.reason,
        next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
    )
    event = Event(
        type=EventType.INTENT_CREATED,
        at=now,
        actor=wish.actor,
        reason=wish.reason,
        data={"intent": intent.id, "action": intent.action, "policy": settings.version},
    )
    noted = replace(posting, intent_count=sequence, open_intents=(*posting.open_intents, intent.id))
    beside = guards(wish.action, posting.seller, settings, now) if wish.automatic else []
    if wish.action in CANCELS:
        beside += guard_cancel(_cancel_wish(posting, wish, store), settings, store=store, now=now)
    return noted, intent, event, [SaveIntent(intent), *beside]


def _cancel_wish(posting: Posting, wish: Wish, store: PostingReads) -> CancelWish:
    detail = store.detail(posting.seller, posting.number, of=posting)
    return CancelWish(
        seller=posting.seller,
        number=posting.number,
        # What a machine cancels with is chosen right before the call: until then it may be the seller's fault.
        reason_id=int(cast("int", wish.request.get("reason_id", 0))),
        actor=wish.actor,
        automatic=wish.automatic,
        accepted=wish.accept_forecast,
        price=price_of_items(detail, wish.request.get("items")) if detail else None,
    )


def resolve_items(wish: Wish, detail: MarketplacePosting | None) -> Wish:
    """A cancel of some items with what the posting holds now; a cancel of all its items is a cancel of the posting.

    Raises InvalidInputError for an SKU or a quantity that the posting does not hold, or without a message.
    """
    if wish.action in SHAPES:
        from shipby.application.intents.shape_actions import resolve_shape  # these alone: cold starts

        return resolve_shape(wish, detail)
    if wish.action is not IntentAction.CANCEL_ITEMS:
        return wish
    items = items_of(wish.request.get("items"))
    have = quantities(detail)
    check_items(items, have, str(wish.request.get("message") or ""))
    if items == have:
        whole = {key: wish.request[key] for key in ("reason_id", "message")}
        return replace(wish, action=IntentAction.CANCEL, request=whole)
    before: dict[str, Json] = {sku: have[sku] for sku in items}
    return replace(wish, request={**wish.request, "items": dict(items), "before": before})


def check_offered(posting: Posting, action: IntentAction, offered: Sequence[str]) -> None:
    """Raises ActionNotOfferedError with what the marketplace does offer, as far as its last read tells."""
    if posting.stage in FINAL:
        raise ActionNotOfferedError(f"posting {posting.number} is {posting.stage}: nothing can be done to it any more")
    if posting.stage is Stage.EXPIRED and action is not IntentAction.CANCEL:
        raise ActionNotOfferedError(
            f"posting {posting.number} expired ({posting.expired_reason}); override it first", offered=["override"]
        )
    open_one = next((each for each in _NOT_BESIDE.get(action, (action,)) if open_of(posting, each)), None)
    if open_one is not None:
        raise ActionNotOfferedError(
            f"posting {posting.number} already has an open {open_one} intent: wait until it is settled",
            offered=[f"/v1/intents/{intent}" for intent in posting.open_intents],
        )
    if not set(OFFERED_AS[action]) & set(offered):
        raise ActionNotOfferedError(
            f"the marketplace does not offer {action} for posting {posting.number} ({posting.status})", offered=offered
        )


def check_ship(
    posting: Posting,
    detail: MarketplacePosting | None,
    *,
    store: BenchReads,
    action: IntentAction = IntentAction.SHIP,
) -> None:
    """Raises ActionNotOfferedError if the marketplace does not offer to ship it (a part of it, by `action`),
    CannotShipError while a check stops it, AmendedError until a change of it was seen, DutyNeededError if the
    marketplace wants something first."""
    check_offered(posting, action, detail.actions if detail else ())
    if detail and (detail.requirements or detail.multibox):
        from shipby.application.postings.exemplars import refuse_unmet  # only such postings need it: cold starts

        refuse_unmet(posting, detail, store=store)
    refuse_held(posting)
    refuse_amended(posting)


def request_intent(wish: Wish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a wish: 202 with the intent's place, or an error that says what is offered instead.

    Raises NotFoundError, ActionNotOfferedError, NotConfirmedError, PreconditionFailedError, CapReachedError,
    KillSwitchOnError, CancelGuardError.
    """

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        check_version(posting, wish.if_match)
        detail = store.detail(wish.seller, wish.number, of=posting)
        asked = resolve_items(wish, detail)
        if asked.action in (IntentAction.SHIP, IntentAction.SHIP_PART):
            check_ship(posting, detail, store=store, action=asked.action)
            if asked.confirmed_first:
                refuse_unconfirmed(posting, asked.reason)
        else:
            check_offered(posting, asked.action, detail.actions if detail else ())
        settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
        noted, intent, event, writes = prepare_intent(posting, asked, settings, store=store, now=clock.now())
        noted = rewind(replace(noted, version=posting.version + 1))
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        events = AppendEvents(wish.seller, posting_ref(wish.number), noted.version, (event,))
        store.commit([SavePosting(noted), events, *writes, *remember(answer)])
        return answer

    return decide_anew(once)
