"""Answer a buyer who wants to cancel: by a person, or by itself where the seller's policy says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.cases.held import DEFAULT_CAP, Stopped, commit, hold, let_go, refuses, still_stopped, waits_on
from shipby.application.intents.request_intent import PICK_UP_WITHIN
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.returns import CancelRequestReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    Commits,
    NoteShadow,
    RequireAutomation,
    SaveCancelRequest,
    SaveIntent,
    SpendCap,
    Write,
)
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.cancels.requests import APPROVE, REJECT, CancelRequest
from shipby.domain.cases.case import Case
from shipby.domain.cases.held import Became, wait_of
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    NotFoundError,
    PreconditionFailedError,
)
from shipby.domain.events import Event, EventType, StoredEvent, cancel_request_ref
from shipby.domain.intents import Intent, IntentAction, IntentState, intent_id, request_hash
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import Automation, SellerSettings
from shipby.domain.shadow import ShadowDecision

REJECTION = "Заказ уже в пути, поэтому отменить его нельзя. После получения вы сможете оформить возврат."
"""What the buyer reads where the policy rejects by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequestDecision:
    """What to answer. `comment` goes to the marketplace, and a rejection needs one; `reason` stays in our history."""

    seller: str
    request_id: str
    decision: str
    """approve or reject."""
    actor: str
    comment: str = ""
    reason: str = ""
    if_match: int | None = None


def load_cancel_request(store: CancelRequestReads, seller: str, identifier: str) -> CancelRequest:
    """Raises NotFoundError."""
    request = store.cancel_request(seller, identifier)
    if request is None:
        raise NotFoundError(f"there is no cancel request {identifier}; new ones appear within minutes")
    return request


def decide_cancel_request(decision: CancelRequestDecision, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a person's answer: 202 with the place of its intent.

    Raises NotFoundError, PreconditionFailedError, InvalidInputError (a rejection without a comment),
    ActionNotOfferedError (answered already, being answered, or its time is over).
    """
    if decision.decision not in (APPROVE, REJECT):
        raise InvalidInputError(f"{decision.decision!r} is no answer to a cancel request: approve or reject it")

    def once() -> Answer:
        request = load_cancel_request(store, decision.seller, decision.request_id)
        if decision.if_match is not None and request.version != decision.if_match:
            raise PreconditionFailedError(
                f"cancel request {request.id} is at version {request.version}, you have {decision.if_match}: "
                "read it again"
            )
        if decision.decision == REJECT and not decision.comment.strip():
            raise InvalidInputError("a rejection needs a comment", errors=[("comment", "say why: the buyer reads it")])
        now = clock.now()
        _check_open(request, now)
        settings = store.settings(decision.seller) or SellerSettings(seller=decision.seller)
        noted, intent, event = _prepared(request, decision, settings, now)
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        store.commit([*_writes(noted, event), SaveIntent(intent), *remember(answer)])
        return answer

    return decide_anew(once)


def answer_by_itself(seller: str, identifier: str, *, store: Store, clock: Clock, again: Case | None = None) -> Became:
    """What the seller's policy makes of the suggestion of an open request, once for each suggestion.

    `again`: the case of an answer that was held back, which is tried once more. Returns off, not_now, shadowed,
    held (a case waits) or asked (the call is on its way). Safe to repeat.
    """

    def once() -> Became:
        settings = store.settings(seller) or SellerSettings(seller=seller)
        if settings.auto_cancel_request is Automation.OFF:
            return Became.OFF
        request, now = load_cancel_request(store, seller, identifier), clock.now()
        done = request.automated == request.suggestion and again is None
        if not request.suggestion or done or not request.open or request.open_intent or request.clock_over(now):
            return Became.NOT_NOW
        if settings.auto_cancel_request is Automation.SHADOW:
            return _shadow(request, settings, store, now)
        return _ask(request, settings, store, now, again)

    return decide_anew(once)


def _ask(request: CancelRequest, settings: SellerSettings, store: Store, now: datetime, again: Case | None) -> Became:
    action, ref = IntentAction.CANCEL_REQUEST, cancel_request_ref(request.id)
    refused = again is not None and request.automated == request.suggestion and refuses(again)
    if again and (refused or still_stopped(again, settings, cap=action, store=store, now=now)):
        assert again.held is not None  # noqa: S101  # only cases of held decisions come here
        commit(store, waits_on(again, again.held.waits_for, again.reason, now=now, actor=actors.CANCEL_REQUESTS))
        return Became.HELD
    decision = CancelRequestDecision(
        seller=request.seller,
        request_id=request.id,
        decision=request.suggestion,
        actor=actors.CANCEL_REQUESTS,
        comment=REJECTION if request.suggestion == REJECT else "",
        reason=request.suggestion_reason,
    )
    noted, intent, event = _prepared(request, decision, settings, now)
    noted = replace(noted, automated=request.suggestion)
    cap = SpendCap(request.seller, action, now.date(), settings.caps.get(action, DEFAULT_CAP))
    try:
        done = let_go(
            request.seller, ref, action, "it was answered after all", store=store, now=now, actor=actors.CANCEL_REQUESTS
        )
        store.commit([*_writes(noted, event), SaveIntent(intent), RequireAutomation(request.seller), cap, *done])
    except (CapReachedError, KillSwitchOnError) as error:
        if again is not None and request.automated == request.suggestion:
            commit(store, waits_on(again, wait_of(error), str(error), now=now, actor=actors.CANCEL_REQUESTS))
            return Became.HELD
        held = replace(request, version=request.version + 1, automated=request.suggestion)
        told = _told(EventType.AUTOMATION_HELD, held, settings, now, str(error))
        stopped = Stopped(
            seller=request.seller,
            ref=ref,
            action=action,
            waits_for=wait_of(error),
            reason=str(error),
            actor=actors.CANCEL_REQUESTS,
        )
        commit(store, [*_writes(held, told), *hold(stopped, store=store, now=now)])
        return Became.HELD
    return Became.ASKED


def _shadow(request: CancelRequest, settings: SellerSettings, store: Commits, now: datetime) -> Became:
    shown = replace(request, version=request.version + 1, automated=request.suggestion)
    reason = f"shadow mode: would have answered {request.suggestion}: {request.suggestion_reason}"
    event = _told(EventType.AUTOMATION_SHADOWED, shown, settings, now, reason)
    ref = cancel_request_ref(request.id)
    decision = ShadowDecision(
        seller=request.seller,
        id=StoredEvent(seller=request.seller, ref=ref, version=shown.version, index=0, event=event).id,
        at=now,
        ref=ref,
        posting_number=request.posting_number,
        action=IntentAction.CANCEL_REQUEST,
        would=f"{request.suggestion} the buyer's request to cancel",
        reason=request.suggestion_reason,
        policy_version=settings.version,
        data={"decision": request.suggestion, "facts": dict(request.facts)},
    )
    store.commit([*_writes(shown, event), NoteShadow(decision)])
    return Became.SHADOWED


def _told(kind: EventType, request: CancelRequest, settings: SellerSettings, now: datetime, reason: str) -> Event:
    data: dict[str, Json] = {
        "action": IntentAction.CANCEL_REQUEST,
        "decision": request.suggestion,
        "posting": request.posting_number,
        "policy_version": settings.version,
    }
    return Event(type=kind, at=now, actor=actors.CANCEL_REQUESTS, reason=reason, data=data)


def _check_open(request: CancelRequest, now: datetime) -> None:
    if not request.open:
        raise ActionNotOfferedError(
            f"cancel request {request.id} is {request.state_name or request.state}: it was decided by "
            f"{request.decided_by or 'somebody else'} already"
        )
    if request.open_intent:
        raise ActionNotOfferedError(
            f"cancel request {request.id} is being answered already",
            offered=[f"/v1/intents/{request.open_intent}"],
        )
    if request.clock_over(now):
        raise ActionNotOfferedError(
            f"the time to answer cancel request {request.id} was over at {request.auto_approve_at:%Y-%m-%dT%H:%M:%SZ}: "
            "the marketplace approves it by itself; it is being read again"
        )


def _prepared(
    request: CancelRequest, decision: CancelRequestDecision, settings: SellerSettings, now: datetime
) -> tuple[CancelRequest, Intent, Event]:
    """The request with the intent noted, one version on; the intent; and its event."""
    sequence = request.intent_count + 1
    ref = cancel_request_ref(request.id)
    body: dict[str, Json] = {"decision": decision.decision, "comment": decision.comment.strip()}
    intent = Intent(
        id=intent_id(ref, IntentAction.CANCEL_REQUEST, sequence),
        seller=request.seller,
        ref=ref,
        posting_number=request.posting_number,
        action=IntentAction.CANCEL_REQUEST,
        state=IntentState.PENDING,
        version=1,
        request=body,
        created_at=now,
        updated_at=now,
        actor=decision.actor,
        reason=decision.reason,
        request_hash=request_hash(body),
        policy_version=settings.version,
        next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
    )
    event = Event(
        type=EventType.INTENT_CREATED,
        at=now,
        actor=decision.actor,
        reason=decision.reason,
        data={
            "intent": intent.id,
            "action": intent.action,
            "decision": decision.decision,
            "posting": request.posting_number,
            "suggestion": request.suggestion,
            "policy_version": settings.version,
        },
    )
    noted = replace(
        request,
        version=request.version + 1,
        intent_count=sequence,
        open_intent=intent.id,
        decision=decision.decision,
    )
    return noted, intent, event


def _writes(request: CancelRequest, *events: Event) -> Sequence[Write]:
    ref = cancel_request_ref(request.id)
    return [SaveCancelRequest(request), AppendEvents(request.seller, ref, request.version, events)]
