"""A second person's word on a refund above the seller's limit: approve it, or reject it with a reason.

Nothing was sent until then, and its money is set aside. Of two people at once exactly one decides: the intent's version
lets the other one find it decided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.cases.opening import closing
from shipby.application.intents.request_intent import PICK_UP_WITHIN
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, RequireAutomation, SaveIntent, SaveReturn, Write
from shipby.application.returns.decisions import load_return, named_cap, refund_cap, refund_total
from shipby.application.settling.finish import finish
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from shipby.domain.events import AggregateKind, Event, EventType
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWord:
    """What the second person says of a refund; a rejection needs its reason."""

    seller: str
    intent_id: str
    actor: str
    reason: str = ""


def approve_refund(word: SecondWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Let a refund go: PENDING, so that the worker carries it out. It counts in today's limit of refunds from now on.

    Raises NotFoundError, ActionNotOfferedError (decided already, or the same person asked for it), CapReachedError,
    KillSwitchOnError.
    """

    def once() -> Answer:
        intent = _waiting(word, store)
        if word.actor == intent.actor:
            raise ActionNotOfferedError(
                f"intent {intent.id} was asked for with this key: a second person has to approve it with their own",
                offered=[f"/v1/refunds/{intent.id}/reject"],
            )
        now = clock.now()
        settings = store.settings(word.seller) or SellerSettings(seller=word.seller)
        let_go = intent.move(
            IntentState.PENDING,
            at=now,
            approved_by=word.actor,
            approved_at=now,
            next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
        )
        data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "approved_by": word.actor}
        total = refund_total(intent)
        if total is not None:
            data["amount"] = {"amount": total.amount, "currency": total.currency}
        event = Event(type=EventType.INTENT_CREATED, at=now, actor=word.actor, reason=word.reason, data=data)
        answer = Answer(202, intent_view(let_go), f"/v1/intents/{intent.id}")
        writes: list[Write] = [SaveIntent(let_go), *_told(let_go, event, store), *refund_cap(let_go, settings, now)]
        if actors.is_automatic(intent.actor):
            writes.append(RequireAutomation(word.seller))
        writes += closing(
            store,
            seller=word.seller,
            kind=CaseKind.INTENT,
            subject=intent.id,
            resolution=f"approved by {word.actor}",
            now=now,
            actor=word.actor,
        )
        try:
            store.commit([*writes, *remember(answer)])
        except CapReachedError as error:
            raise named_cap(error, let_go, settings) from error
        return answer

    return decide_anew(once)


def reject_refund(word: SecondWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """End a refund that waits: its money is free again, and the return can be decided anew.

    Whoever asked for it may take it back as well. Raises NotFoundError, InvalidInputError (no reason),
    ActionNotOfferedError (decided already).
    """
    if not word.reason.strip():
        raise InvalidInputError("a rejection needs a reason", errors=[("reason", "say why")])
    intent = _waiting(word, store)
    answer: list[Answer] = []

    def remembered(moved: Intent) -> list[Write]:
        answer[:] = [Answer(200, intent_view(moved))]
        return remember(answer[0])

    outcome = f"not approved by {word.actor}: {word.reason.strip()}"
    try:
        finish(intent, IntentState.REJECTED, outcome, store=store, clock=clock, actor=word.actor, also=remembered)
    except VersionConflictError as error:
        raise ActionNotOfferedError(f"intent {intent.id} was decided meanwhile: read it again") from error
    return answer[0]


def _waiting(word: SecondWord, store: IntentReads) -> Intent:
    intent = store.intent(word.seller, word.intent_id)
    if intent is None:
        raise NotFoundError(f"there is no intent {word.intent_id}")
    if intent.state is not IntentState.PROPOSED:
        raise ActionNotOfferedError(f"intent {intent.id} waits for nobody's word: it is {intent.state}")
    return intent


def _told(intent: Intent, event: Event, store: Store) -> list[Write]:
    if intent.ref.kind is not AggregateKind.RETURN:
        raise InvalidInputError(f"intent {intent.id} is no decision on a return")
    case = load_return(store, intent.seller, intent.ref.id)
    changed = replace(case, version=case.version + 1)
    return [SaveReturn(changed), AppendEvents(intent.seller, intent.ref, changed.version, (event,))]
