"""Our answer to a buyer's wish to cancel: how it is given, how its effect shows, and what follows in our record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shipby.application.cancels.sync import apply_cancel_request_facts, event_data, read_cancel_request
from shipby.application.intake.sync_posting import read_and_fold
from shipby.application.intents.effect import Effect
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.returns import CancelRequestReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCancelRequest, Write
from shipby.domain import actors
from shipby.domain.cancels.requests import (
    APPROVE,
    GONE,
    CancelRequestState,
    DecidedBy,
    MarketplaceCancelRequest,
    by_the_clock,
)
from shipby.domain.cancels.rules import suggest
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Event, EventType
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json


def read(intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> Effect:
    """Read the request (and, before an automatic answer, its posting), fold it, and hold it against the intent.

    Raises what the marketplace's reads raise, NotFoundError if the request is gone from the store.
    """
    known = store.cancel_request(intent.seller, intent.ref.id)
    if known is None:
        raise NotFoundError(f"cancel request {intent.ref.id} of intent {intent.id} is gone from the store")
    moved_on = ""
    if intent.state is IntentState.PENDING and actors.is_automatic(intent.actor):
        moved_on = _moved_on(intent, store=store, marketplace=marketplace, clock=clock)
    found = read_cancel_request(known, marketplace=marketplace, clock=clock)
    apply_cancel_request_facts(intent.seller, found, store=store, clock=clock)
    shown = effect(intent, found)
    if moved_on and not shown.impossible:
        return replace(shown, impossible=True, text=moved_on)
    return shown


def effect(intent: Intent, found: MarketplaceCancelRequest) -> Effect:
    """Hold an intent against a fresh read of its request.

    Before the call an answer that is there already is not ours. After it, an approval at the end of the request's
    time is the marketplace's own, and a comment that is not ours is another person's.
    """
    seen: dict[str, Json] = {
        "state": found.state,
        "state_name": found.state_name,
        "decided_at": found.decided_at.isoformat() if found.decided_at else None,
    }
    pending = intent.state is IntentState.PENDING
    over = found.auto_approve_at is not None and found.read_at >= found.auto_approve_at
    if found.state is CancelRequestState.ON_APPROVAL:
        if pending and over:
            return Effect(impossible=True, text="its time was over before the answer was sent", read_back=seen)
        return Effect(text="the marketplace still waits for an answer", read_back=seen)
    if pending:
        return Effect(impossible=True, text=_ended(found), read_back=seen)
    if found.state is CancelRequestState.OTHER:
        # What an unknown state means is not known either, so only a person can say what the call did.
        return Effect(text=f"the request is {found.state_name}: that proves no answer", read_back=seen)
    if found.state is not _wanted(intent):
        return Effect(impossible=True, text=_ended(found), read_back=seen)
    ours = str(intent.request["comment"])
    if found.comment.strip() != ours or not ours:
        if by_the_clock(found):
            return Effect(impossible=True, text=_ended(found), read_back=seen)
        if found.comment.strip() not in ("", ours):
            text = f"{_ended(found)}; its comment is not ours"
            return Effect(impossible=True, text=text, read_back=seen)
    return Effect(done=True, text=f"the marketplace shows it {found.state.lower()}", read_back=seen)


def prepare(intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
    """The one call; it returns its outcome in words."""
    return lambda: _call(intent, marketplace)


def _call(intent: Intent, marketplace: Marketplace) -> str:
    comment = str(intent.request["comment"])
    if intent.request["decision"] == APPROVE:
        marketplace.cancellations.approve(intent.ref.id, comment)
        return "approved: the posting is cancelled, and the marketplace pays the buyer back"
    marketplace.cancellations.reject(intent.ref.id, comment)
    return "rejected: the posting must be delivered"


def writes(moved: Intent, told: tuple[Event, ...], store: CancelRequestReads, now: datetime) -> list[Write]:
    """What an intent's step changes in its request, in the same transaction."""
    request = store.cancel_request(moved.seller, moved.ref.id)
    if request is None:
        raise NotFoundError(f"cancel request {moved.ref.id} of intent {moved.id} is gone from the store")
    changed = replace(request, version=request.version + 1, open_intent=moved.id if moved.open else "")
    events = [*told]
    if moved.state is IntentState.CONFIRMED:
        changed = replace(changed, decision=str(moved.request["decision"]))
        if not changed.open:
            changed = replace(changed, decided_by=DecidedBy.SELLER)
        data: dict[str, Json] = {**event_data(changed), "intent": moved.id, "decision": changed.decision}
        kind = EventType.CANCEL_REQUEST_DECIDED
        events.append(Event(type=kind, at=now, actor=moved.actor, reason=moved.reason, data=data))
    elif moved.state is IntentState.REJECTED:
        changed = replace(changed, decision="")
        if changed.decided_by == DecidedBy.SELLER:
            changed = replace(changed, decided_by=DecidedBy.ELSEWHERE)
    return [SaveCancelRequest(changed), AppendEvents(moved.seller, moved.ref, changed.version, tuple(events))]


def touch(intent: Intent, events: tuple[Event, ...], store: CancelRequestReads) -> list[Write]:
    """The request one version on, with events about an intent that does not move."""
    request = store.cancel_request(intent.seller, intent.ref.id)
    if request is None:
        raise NotFoundError(f"cancel request {intent.ref.id} of intent {intent.id} is gone from the store")
    changed = replace(request, version=request.version + 1)
    return [SaveCancelRequest(changed), AppendEvents(intent.seller, intent.ref, changed.version, events)]


def _wanted(intent: Intent) -> CancelRequestState:
    approve = intent.request["decision"] == APPROVE
    return CancelRequestState.APPROVED if approve else CancelRequestState.REJECTED


def _ended(found: MarketplaceCancelRequest) -> str:
    if found.state_name == GONE:
        return "the marketplace does not list the request any more: the buyer has withdrawn it"
    if by_the_clock(found):
        return "the marketplace approved the request by itself: its time was over"
    if found.state in (CancelRequestState.APPROVED, CancelRequestState.REJECTED):
        return f"the request was {found.state.lower()} by somebody else, in the cabinet or by the marketplace"
    return f"the request is {found.state_name}: it cannot be answered any more"


def _moved_on(intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> str:
    """Why an automatic answer is not given any more: fresh facts of its posting speak for another; "" if they don't."""
    number = intent.posting_number
    try:
        read_and_fold(intent.seller, number, store=store, marketplace=marketplace, clock=clock)
    except NotFoundError:
        return f"the marketplace does not know posting {number} any more: a person decides"
    request = store.cancel_request(intent.seller, intent.ref.id)
    found = suggest(store.posting(intent.seller, number), initiator=request.initiator if request else "")
    if found.decision == intent.request["decision"]:
        return ""
    return f"not sent: its posting has moved on ({found.reason})"
