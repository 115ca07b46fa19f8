"""What each decision on a return does at the marketplace, and how its effect shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import cast

from shipby.application.intake.sync_posting import read_and_fold
from shipby.application.intents.effect import ANSWERED, Effect
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveReturn, Write
from shipby.application.returns import sync
from shipby.domain import actors
from shipby.domain.deadlines.periods import decide_return_by
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import Event, EventType
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.rules import cancelled_before_delivery
from shipby.domain.returns.actions import ActionKind, shows, speaks_against
from shipby.domain.returns.return_case import (
    COMPENSATE_ACTION,
    REJECT_ACTIONS,
    MarketplaceReturn,
    ReturnCase,
    ReturnStage,
)
from shipby.domain.sellers.settings import SellerSettings

AGAINST = "against"
"""In what was read back: the return shows another end than the one that was asked for."""


def is_final(intent: Intent) -> bool:
    """Whether a decision ends its return: money given back, or a rejection; asking for the goods does not."""
    return intent.amount is not None or int(cast("int", intent.request["action_id"])) in REJECT_ACTIONS


def effect(intent: Intent, found: MarketplaceReturn) -> Effect:
    """A final action that was sent and answered, and after which nothing is offered any more, has been taken. Without
    an answer the return's state has to say so in words: that nothing is offered has many causes.

    Where other actions are offered instead, the return may have moved by itself (the marketplace approves what
    nobody decides): that proves no payment, and a person has to look. So does a return that was rejected by somebody
    else while our refund was under way, or refunded while our rejection was.
    """
    seen: dict[str, Json] = {"state": found.state, "actions": [action.id for action in found.actions]}
    seen |= {"rejected": found.rejected, ANSWERED: intent.read_back.get(ANSWERED) is True}
    if int(cast("int", intent.request["action_id"])) in {action.id for action in found.actions}:
        return Effect(text="still offered", read_back=seen)
    if intent.state is IntentState.PENDING:
        text = f"the return is {found.state} and does not offer this any more: somebody else decided it"
        return Effect(impossible=True, text=text, read_back=seen)
    if found.actions and is_final(intent):
        offered = ", ".join(f"{action.id} ({action.name})" for action in found.actions)
        text = f"the return is {found.state} and offers {offered}: it moved on, which does not prove this decision"
        return Effect(text=text, read_back=seen)
    if _against(intent, found):
        text = f"the return is {found.state}, and nothing is offered any more: that speaks against this decision"
        return Effect(text=text, read_back=seen | {AGAINST: True})
    if is_final(intent) and not seen[ANSWERED] and not _shown(intent, found):
        text = f"the return is {found.state} and offers nothing any more, which does not show that our call did it"
        return Effect(text=text, read_back=seen)
    return Effect(done=True, text=f"the return is {found.state}", read_back=seen)


def _shown(intent: Intent, found: MarketplaceReturn) -> bool:
    """Whether the return says itself that what was decided was done: in its state, or a comment on the rejection."""
    kind = _kind(intent)
    commented = kind is ActionKind.REJECT and found.rejected and not intent.read_back.get("rejected")
    return commented or shows(found.state, found.state_name, kind)


def moved_on(intent: Intent, shown: Effect) -> bool:
    """Whether a read leaves it open what became of a call: the return offers other actions than the one asked for, or
    none, and does not say why. What is offered still was not done, and what speaks against a decision is not outweighed
    by an amount."""
    offered = shown.read_back.get("actions")
    if not isinstance(offered, list) or shown.read_back.get(AGAINST):
        return False
    return int(cast("int", intent.request["action_id"])) not in offered


def _kind(intent: Intent) -> ActionKind:
    action = int(cast("int", intent.request["action_id"]))
    if action in REJECT_ACTIONS:
        return ActionKind.REJECT
    return ActionKind.COMPENSATE if action == COMPENSATE_ACTION else ActionKind.REFUND


def _against(intent: Intent, found: MarketplaceReturn) -> bool:
    """Whether the return shows another end than the one that was asked for."""
    rejects = int(cast("int", intent.request["action_id"])) in REJECT_ACTIONS
    if speaks_against(found.state, found.state_name, payment=not rejects):
        return True
    # What was rejected before the call too (a dispute followed) says nothing about the call.
    return not rejects and found.rejected and not intent.read_back.get("rejected")


def prepare(intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
    """The one call; it returns its outcome in words."""
    return lambda: _call(intent, marketplace)


def _call(intent: Intent, marketplace: Marketplace) -> str:
    request = intent.request
    action = int(cast("int", request["action_id"]))
    reason = request.get("rejection_reason_id")
    marketplace.act_on_return(
        intent.ref.id,
        action,
        comment=str(request.get("comment") or ""),
        compensation=intent.amount if action == COMPENSATE_ACTION else None,
        back_way=intent.postage,
        rejection_reason_id=int(cast("int", reason)) if reason is not None else None,
    )
    return f"return action {action} accepted"


def read(intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> Effect:
    """Read the return (and, before money is given, its posting), fold it, and hold it against the intent.

    Raises what the marketplace's reads raise.
    """
    if intent.amount is not None and intent.state is IntentState.PENDING:
        paid_by_itself = _cancelled(intent, store=store, marketplace=marketplace, clock=clock)
        if paid_by_itself is not None:
            return paid_by_itself
    found = marketplace.return_details(intent.ref.id)
    sync.apply_return_facts(intent.seller, found, store=store, clock=clock)
    return effect(intent, found)


def _cancelled(intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> Effect | None:
    """For a cancelled posting the marketplace pays the buyer back by itself: no money is ever given by our call."""
    facts, _ = read_and_fold(intent.seller, intent.posting_number, store=store, marketplace=marketplace, clock=clock)
    posting = store.posting(intent.seller, intent.posting_number)
    if not cancelled_before_delivery(posting, facts):
        return None
    text = "the posting is cancelled: the marketplace pays the buyer back by itself"
    return Effect(impossible=True, text=text, read_back={"status": facts.status})


def writes(moved: Intent, told: tuple[Event, ...], store: Store, now: datetime) -> list[Write]:
    """What an intent's step changes in its return, in the same transaction."""
    case = store.return_case(moved.seller, moved.ref.id)
    if case is None:
        raise NotFoundError(f"return {moved.ref.id} of intent {moved.id} is gone from the store")
    if moved.state is IntentState.SENT and case.clock_over(now) and _chosen_by_nobody(moved):
        raise PreconditionFailedError(
            f"the time to decide return {case.id} is over, and no person decided it: it is not sent by itself"
        )
    changed: ReturnCase = replace(case, version=case.version + 1, open_intent=moved.id if moved.open else "")
    events = [*told]
    if moved.state is IntentState.CONFIRMED:
        action = str(moved.request["action_id"])
        # Asking for the goods decides nothing yet: they are received and inspected, and then it is decided.
        stage = ReturnStage.DECIDED if is_final(moved) else changed.stage
        changed = replace(changed, stage=stage, decision=action, next_alarm=None)
        if changed.open and REJECT_ACTIONS & {offered.id for offered in changed.actions}:
            # The read that proved the call showed the next question already, and no later one would: its clock starts.
            settings = store.settings(moved.seller) or SellerSettings(seller=moved.seller)
            changed = replace(changed, decide_by=decide_return_by(now, settings))
            changed = replace(changed, next_alarm=sync.return_alarm(changed, settings, now))
        data: dict[str, Json] = {"intent": moved.id, "action_id": action}
        if moved.amount is not None:
            data["amount"] = {"amount": moved.amount.amount, "currency": moved.amount.currency}
        events.append(Event(type=EventType.RETURN_DECIDED, at=now, actor=moved.actor, reason=moved.reason, data=data))
    return [SaveReturn(changed), AppendEvents(moved.seller, moved.ref, changed.version, tuple(events))]


def _chosen_by_nobody(moved: Intent) -> bool:
    return actors.is_automatic(moved.actor) and not moved.approved_by


def touch(intent: Intent, events: tuple[Event, ...], store: ReturnReads) -> list[Write]:
    """The return one version on, with events about an intent that does not move."""
    case = store.return_case(intent.seller, intent.ref.id)
    if case is None:
        raise InvalidInputError(f"return {intent.ref.id} of intent {intent.id} is gone from the store")
    changed = replace(case, version=case.version + 1)
    return [SaveReturn(changed), AppendEvents(intent.seller, intent.ref, changed.version, events)]
