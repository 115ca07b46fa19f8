"""Decide a return: the amount is reserved in the posting's ledger in the transaction that writes the intent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.cases.held import commit
from shipby.application.intents.cases import proposal_case
from shipby.application.intents.proposals import proposed
from shipby.application.intents.request_intent import PICK_UP_WITHIN, guards
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveIntent, SaveMoney, SaveReturn, SpendCap, Write
from shipby.application.returns.refund_money import Refund, ReturnDecision, refund_of, reserved
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    NotFoundError,
    PreconditionFailedError,
)
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.intents import Intent, IntentAction, IntentState, intent_id, request_hash
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.refunds.ledger import EntryKind
from shipby.domain.returns.return_case import COMPENSATE_ACTION, REJECT_ACTIONS, ReturnCase
from shipby.domain.sellers.settings import SellerSettings


def load_return(store: ReturnReads, seller: str, return_id: str) -> ReturnCase:
    case = store.return_case(seller, return_id)
    if case is None:
        raise NotFoundError(f"there is no return {return_id}; new ones appear within minutes")
    return case


def decide_return(decision: ReturnDecision, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Decide a return: 202 with the intent's place. Above the seller's limit it waits for a second person (PROPOSED).

    Raises NotFoundError, ActionNotOfferedError, InvalidInputError, OverRefundError, CapReachedError,
    KillSwitchOnError, PreconditionFailedError.
    """

    def once() -> Answer:
        case = load_return(store, decision.seller, decision.return_id)
        if decision.if_match is not None and case.version != decision.if_match:
            raise PreconditionFailedError(
                f"return {case.id} is at version {case.version}, you have {decision.if_match}: read it again"
            )
        settings = store.settings(decision.seller) or SellerSettings(seller=decision.seller)
        _check_decision(case, decision)
        posting = store.posting(decision.seller, case.posting_number) if case.posting_number else None
        refund = refund_of(case, decision, posting, settings, store=store) if decision.refund else None
        now = clock.now()
        intent = _intent(case, decision, refund, settings, now)
        writes = [*_noted(case, decision, intent, now), *_guarding(decision, intent, settings, now)]
        if intent.state is IntentState.PROPOSED:
            writes += proposal_case(intent, store=store, now=now)
        if refund is not None:
            writes.append(SaveMoney(reserved(refund, intent, posting, store, now)))
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        try:
            commit(store, [*writes, *remember(answer)])
        except CapReachedError as error:
            raise named_cap(error, intent, settings) from error
        return answer

    return decide_anew(once)


def refund_cap(intent: Intent, settings: SellerSettings, now: datetime) -> list[Write]:
    """What a refund spends of the day's limit when it may be sent; nothing where the seller set none.

    A refund that comes to nothing later gives nothing back: the limit is there for what was let go.
    """
    total = refund_total(intent)
    limit = settings.refund_cap.get(total.currency) if total else None
    if total is None or limit is None:
        return []
    return [SpendCap(intent.seller, _cap_name(total.currency), now.date(), limit, by=total.minor)]


def refund_total(intent: Intent) -> Money | None:
    """The amount with the postage on top; None where no money is given."""
    if intent.amount is None:
        return None
    return intent.amount + intent.postage if intent.postage else intent.amount


def _cap_name(currency: str) -> str:
    return f"refund_{currency}"


def named_cap(error: CapReachedError, intent: Intent, settings: SellerSettings) -> CapReachedError:
    """The error with the amount as people write it, if it was the amount that was too much."""
    total = refund_total(intent)
    if total is None or _cap_name(total.currency) not in str(error):
        return error
    limit = Money(settings.refund_cap[total.currency], total.currency)
    return CapReachedError(
        f"{total} would bring the refunds of today (UTC) above the daily limit of {limit}: "
        "ask again tomorrow, or change refund_cap in the settings"
    )


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
        if decision.amount is None and not decision.pieces:
            raise InvalidInputError("a compensation needs an amount", errors=[("amount", "say how much")])
        if not decision.refund:
            raise InvalidInputError("a compensation gives money back", errors=[("refund", "must be true")])
    if not decision.refund and (decision.postage is not None or decision.pieces):
        given = "postage" if decision.postage is not None else "pieces"
        raise InvalidInputError(
            "postage and pieces go with a refund only", errors=[(given, "leave it out, or set refund to true")]
        )


def _intent(
    case: ReturnCase, decision: ReturnDecision, refund: Refund | None, settings: SellerSettings, now: datetime
) -> Intent:
    request: dict[str, Json] = {"action_id": decision.action_id, "comment": decision.comment}
    if refund is not None:
        name = "compensation" if refund.kind is EntryKind.COMPENSATION else "refund"
        request[name] = {"minor": refund.amount.minor, "currency": refund.amount.currency}
        if refund.postage is not None:
            request["postage"] = {"minor": refund.postage.minor, "currency": refund.postage.currency}
        if decision.pieces:
            request["pieces"] = dict(decision.pieces)
    if decision.rejection_reason_id is not None:
        request["rejection_reason_id"] = decision.rejection_reason_id
    intent = Intent(
        id=intent_id(return_ref(case.id), IntentAction.RETURN_ACTION, case.intent_count + 1),
        seller=decision.seller,
        ref=return_ref(case.id),
        posting_number=case.posting_number,
        action=IntentAction.RETURN_ACTION,
        state=IntentState.PENDING,
        version=1,
        request=request,
        request_hash=request_hash(request),
        policy_version=settings.version,
        created_at=now,
        updated_at=now,
        actor=decision.actor,
        reason=decision.reason,
        amount=refund.amount if refund else None,
        postage=refund.postage if refund else None,
        lines=refund.lines if refund else {},
        previously_refunded=refund.ledger.refunded if refund else None,
        next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
    )
    if refund is None or refund.total.minor <= settings.approve_above.get(refund.total.currency, refund.total.minor):
        return intent
    return proposed(intent, now)


def _noted(case: ReturnCase, decision: ReturnDecision, intent: Intent, now: datetime) -> list[Write]:
    proposed = intent.state is IntentState.PROPOSED
    data: dict[str, Json] = {
        "intent": intent.id,
        "action": intent.action,
        "action_id": decision.action_id,
        "suggestion": case.suggestion,
        "policy_version": intent.policy_version,
    }
    data["policy"] = intent.policy_version
    total = refund_total(intent)
    if total is not None:
        data["amount"] = {"amount": total.amount, "currency": total.currency}
    event = Event(
        type=EventType.INTENT_PROPOSED if proposed else EventType.INTENT_CREATED,
        at=now,
        actor=decision.actor,
        reason=decision.reason,
        data=data,
    )
    noted = replace(
        case,
        version=case.version + 1,
        intent_count=case.intent_count + 1,
        open_intent=intent.id,
        automated=decision.automated or case.automated,
    )
    return [
        SaveReturn(noted),
        AppendEvents(decision.seller, return_ref(case.id), noted.version, (event,)),
        SaveIntent(intent),
    ]


def _guarding(decision: ReturnDecision, intent: Intent, settings: SellerSettings, now: datetime) -> list[Write]:
    beside = guards(IntentAction.RETURN_ACTION, decision.seller, settings, now) if decision.automatic else []
    # What waits for a second person is let go by that person, and spends the day's limit then.
    return beside if intent.state is IntentState.PROPOSED else [*beside, *refund_cap(intent, settings, now)]
