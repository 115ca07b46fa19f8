"""Ask for an irreversible call: one transaction writes the intent, its event and everything that guards it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from shipby.application.guard import CancelWish, guard_cancel
from shipby.application.idempotency import Answer, Remember
from shipby.application.ports import (
    AppendEvents,
    Clock,
    RequireAutomation,
    SaveIntent,
    SaveMoney,
    SavePosting,
    SaveReturn,
    SpendCap,
    Store,
    Write,
)
from shipby.application.retry import decide_anew
from shipby.application.views import intent_view
from shipby.application.work_posting import check_version, load_posting
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import Event, EventType, posting_ref, return_ref
from shipby.domain.intents import Intent, IntentAction, IntentState, intent_id, open_of
from shipby.domain.json_types import Json
from shipby.domain.ladder import rewind
from shipby.domain.money import Money
from shipby.domain.posting import FINAL, Alarm, MarketplacePosting, Posting, RungKind, Stage
from shipby.domain.records import SellerSettings
from shipby.domain.returns import COMPENSATE_ACTION, REJECT_ACTIONS, ReturnCase

PICK_UP_WITHIN = timedelta(seconds=60)
"""A PENDING intent nobody has picked up by then is queued again: a lost message costs a minute, not an order."""
DEFAULT_CAP = 10
"""Automatic actions of one kind a day where the seller named no cap."""
SHIP_CAP = 5000
"""The same for assembling: it is what every order wants, so the cap is there for a runaway only."""

OFFERED_AS: Mapping[IntentAction, tuple[str, ...]] = {
    IntentAction.SHIP: ("ship", "ship_async", "ship_async_retry", "ship_with_additional_info"),
    IntentAction.CANCEL: ("cancel",),
    IntentAction.SET_TRACKING: ("set_track_number",),
    IntentAction.SET_CUT_OFF: ("set_cutoff",),
}
"""Which `available_actions` of the marketplace allow what. Source: /v3/posting/fbs/get."""


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


def _guards(wish_action: IntentAction, seller: str, settings: SellerSettings, now: datetime) -> list[Write]:
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
        data={"intent": intent.id, "action": intent.action},
    )
    noted = replace(posting, intent_count=sequence, open_intents=(*posting.open_intents, intent.id))
    guards = _guards(wish.action, posting.seller, settings, now) if wish.automatic else []
    if wish.action is IntentAction.CANCEL:
        guards += guard_cancel(_cancel_wish(posting, wish, store), settings, store=store, now=now)
    return noted, intent, event, [SaveIntent(intent), *guards]


def _cancel_wish(posting: Posting, wish: Wish, store: Store) -> CancelWish:
    detail = store.detail(posting.seller, posting.number)
    return CancelWish(
        seller=posting.seller,
        number=posting.number,
        reason_id=int(cast("int", wish.request["reason_id"])),
        actor=wish.actor,
        automatic=wish.automatic,
        accepted=wish.accept_forecast,
        price=detail.paid if detail else None,
    )


def check_offered(posting: Posting, action: IntentAction, offered: Sequence[str]) -> None:
    """Raises ActionNotOfferedError with what the marketplace does offer, as far as its last read tells."""
    if posting.stage in FINAL:
        raise ActionNotOfferedError(f"posting {posting.number} is {posting.stage}: nothing can be done to it any more")
    if posting.stage is Stage.EXPIRED and action is not IntentAction.CANCEL:
        raise ActionNotOfferedError(
            f"posting {posting.number} expired ({posting.expired_reason}); override it first", offered=["override"]
        )
    if open_of(posting, action):
        raise ActionNotOfferedError(
            f"posting {posting.number} already has an open {action} intent: wait until it is settled",
            offered=[f"/v1/intents/{intent}" for intent in posting.open_intents],
        )
    if not set(OFFERED_AS[action]) & set(offered):
        raise ActionNotOfferedError(
            f"the marketplace does not offer {action} for posting {posting.number} ({posting.status})", offered=offered
        )


def check_ship(posting: Posting, detail: MarketplacePosting | None) -> None:
    """Raises ActionNotOfferedError if the marketplace does not offer to ship it, or wants something first."""
    check_offered(posting, IntentAction.SHIP, detail.actions if detail else ())
    if detail and detail.requirements:
        missing = "; ".join(f"{name} for SKU {', '.join(skus)}" for name, skus in detail.requirements.items())
        raise ActionNotOfferedError(f"posting {posting.number} cannot be shipped yet, the marketplace wants: {missing}")


def request_intent(wish: Wish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a wish: 202 with the intent's place, or an error that says what is offered instead.

    Raises NotFoundError, ActionNotOfferedError, PreconditionFailedError, CapReachedError, KillSwitchOnError,
    CancelGuardError.
    """

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        check_version(posting, wish.if_match)
        detail = store.detail(wish.seller, wish.number)
        if wish.action is IntentAction.SHIP:
            check_ship(posting, detail)
        else:
            check_offered(posting, wish.action, detail.actions if detail else ())
        settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
        noted, intent, event, writes = prepare_intent(posting, wish, settings, store=store, now=clock.now())
        noted = rewind(replace(noted, version=posting.version + 1))
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        events = AppendEvents(wish.seller, posting_ref(wish.number), noted.version, (event,))
        store.commit([SavePosting(noted), events, *writes, *remember(answer)])
        return answer

    return decide_anew(once)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDecision:
    """What to do about a return: one of the actions the marketplace offers for it.

    `amount` is what the buyer gets: required for action 1020 (compensation), and for every other action that gives
    money back it is worked out from the goods. `comment` goes to the marketplace and is kept with the intent.
    """

    seller: str
    return_id: str
    action_id: int
    actor: str
    refund: bool
    """Whether this action gives the buyer money (accepting a refund or compensating)."""
    amount: Money | None = None
    rejection_reason_id: int | None = None
    comment: str = ""
    reason: str = ""
    automatic: bool = False
    if_match: int | None = None


def load_return(store: Store, seller: str, return_id: str) -> ReturnCase:
    case = store.return_case(seller, return_id)
    if case is None:
        raise NotFoundError(f"there is no return {return_id}; new ones appear within minutes")
    return case


def _check_decision(case: ReturnCase, decision: ReturnDecision) -> None:
    if case.open_intent:
        raise ActionNotOfferedError(
            f"return {case.id} already has an open decision", offered=[f"/v1/intents/{case.open_intent}"]
        )
    offered = [f"{action.id}: {action.name}" for action in case.actions]
    if decision.action_id not in {action.id for action in case.actions}:
        raise ActionNotOfferedError(f"return {case.id} does not offer action {decision.action_id}", offered=offered)
    if decision.action_id in REJECT_ACTIONS:
        if decision.rejection_reason_id is None or not decision.comment:
            raise InvalidInputError(
                "a rejection needs rejection_reason_id and a comment",
                errors=[("rejection_reason_id", "choose one of rejection_reasons"), ("comment", "say why")],
            )
        if decision.refund:
            raise InvalidInputError("a rejection gives no money back", errors=[("refund", "must be false")])
    if decision.action_id == COMPENSATE_ACTION:
        if decision.amount is None:
            raise InvalidInputError("a compensation needs an amount", errors=[("amount", "say how much")])
        if not decision.refund:
            raise InvalidInputError("a compensation gives money back", errors=[("refund", "must be true")])
    elif decision.amount is not None and case.price is not None and decision.amount != case.price * case.quantity:
        problem = f"this action gives back {case.price * case.quantity}: leave the amount out"
        raise InvalidInputError("only a compensation takes an amount of its own", errors=[("amount", problem)])


def decide_return(decision: ReturnDecision, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Decide a return: the amount is reserved in the posting's ledger in the transaction that writes the intent.

    Raises NotFoundError, ActionNotOfferedError, InvalidInputError, OverRefundError, CapReachedError,
    KillSwitchOnError.
    """

    def once() -> Answer:
        case = load_return(store, decision.seller, decision.return_id)
        if decision.if_match is not None and case.version != decision.if_match:
            raise PreconditionFailedError(
                f"return {case.id} is at version {case.version}, you have {decision.if_match}: read it again"
            )
        _check_decision(case, decision)
        now = clock.now()
        ledger = store.money(decision.seller, case.posting_number)
        amount = None
        if decision.refund:
            amount = decision.amount or (case.price * case.quantity if case.price else None)
            if amount is None or ledger is None:
                raise InvalidInputError(
                    f"what was paid for posting {case.posting_number} is not known yet: its money cannot be reserved"
                )
        sequence = case.intent_count + 1
        identifier = intent_id(return_ref(case.id), IntentAction.RETURN_ACTION, sequence)
        request: dict[str, Json] = {"action_id": decision.action_id, "comment": decision.comment}
        if decision.action_id == COMPENSATE_ACTION and amount is not None:
            request["compensation"] = {"minor": amount.minor, "currency": amount.currency}
        if decision.rejection_reason_id is not None:
            request["rejection_reason_id"] = decision.rejection_reason_id
        intent = Intent(
            id=identifier,
            seller=decision.seller,
            ref=return_ref(case.id),
            posting_number=case.posting_number,
            action=IntentAction.RETURN_ACTION,
            state=IntentState.PENDING,
            version=1,
            request=request,
            created_at=now,
            updated_at=now,
            actor=decision.actor,
            reason=decision.reason,
            amount=amount,
            previously_refunded=ledger.refunded if amount and ledger else None,
            next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
        )
        event = Event(
            type=EventType.INTENT_CREATED,
            at=now,
            actor=decision.actor,
            reason=decision.reason,
            data={"intent": identifier, "action": intent.action, "action_id": decision.action_id},
        )
        noted = replace(case, version=case.version + 1, intent_count=sequence, open_intent=identifier)
        writes: list[Write] = [
            SaveReturn(noted),
            AppendEvents(decision.seller, return_ref(case.id), noted.version, (event,)),
            SaveIntent(intent),
        ]
        if amount is not None and ledger is not None:
            lines = {case.sku: amount.minor} if case.sku in ledger.lines else {}
            writes.append(SaveMoney(ledger.reserve(identifier, amount, lines=lines)))
        if decision.automatic:
            settings = store.settings(decision.seller) or SellerSettings(seller=decision.seller)
            writes += _guards(IntentAction.RETURN_ACTION, decision.seller, settings, now)
        answer = Answer(202, intent_view(intent), f"/v1/intents/{identifier}")
        store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)
