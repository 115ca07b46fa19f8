"""Decide a return by itself, as the seller's policy suggests: made, only watched, or left to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from shipby.application.cases.held import Stopped, commit, hold, let_go, refuses, still_stopped, waits_on
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, NoteShadow, SaveReturn, Write
from shipby.application.returns.decisions import decide_return, load_return
from shipby.application.returns.policies import options_of
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.shared.idempotency import Answer
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.cases.case import Case
from shipby.domain.cases.held import Became, Wait, wait_of
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    OverRefundError,
    PreconditionFailedError,
    VersionConflictError,
)
from shipby.domain.events import Event, EventType, StoredEvent, return_ref
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json
from shipby.domain.returns.options import Need, Option, OptionKind, ReturnOptions
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.settings import Automation, SellerSettings
from shipby.domain.shadow import ShadowDecision

_WOULD: Mapping[OptionKind, str] = {
    OptionKind.REJECT: "reject the return",
    OptionKind.COMPENSATE: "offer a compensation, the buyer keeps the goods",
    OptionKind.TAKE_BACK: "ask for the goods and look at them",
    OptionKind.CONFIRM_RECEIPT: "confirm that the goods came",
    OptionKind.REFUND_WITHOUT_RETURN: "give the money back without the goods",
    OptionKind.REFUND_AFTER_INSPECTION: "give the money back after the inspection",
}
_GIVES_MONEY = frozenset({OptionKind.COMPENSATE, OptionKind.REFUND_WITHOUT_RETURN, OptionKind.REFUND_AFTER_INSPECTION})


def decide_by_itself(seller: str, return_id: str, *, store: Store, clock: Clock, again: Case | None = None) -> Became:
    """What the seller's policy makes of the suggestion of an open return, once for each suggestion and mode.

    `again`: the case of a decision that was held back, which is taken once more. Returns off, not_now, too_late (no
    automatic decision is made after its clock), shadowed, held (a person is told, and a case waits) or asked (the call
    is on its way). Safe to repeat.
    """

    def once() -> Became:
        settings = store.settings(seller) or SellerSettings(seller=seller)
        if settings.auto_return is Automation.OFF:
            return Became.OFF
        case, now = load_return(store, seller, return_id), clock.now()
        if not case.open or case.open_intent:
            return Became.NOT_NOW
        options = options_of(case, settings, store=store)
        if options.suggestion is None or case.in_cabinet:
            return Became.NOT_NOW
        option = options.option(options.suggestion)
        key = suggestion_key(case, option, settings)
        if key == case.automated and again is None:
            return Became.NOT_NOW
        if case.clock_over(now):
            return Became.TOO_LATE
        if settings.auto_return is Automation.SHADOW:
            return _shadow(case, option, options, key, settings, store, now)
        # What the marketplace refused is asked again only if it offers something else: it is a call about money.
        refused = again is not None and key == case.automated and refuses(again)
        if again and (refused or still_stopped(again, settings, cap=IntentAction.RETURN_ACTION, store=store, now=now)):
            assert again.held is not None  # noqa: S101  # only cases of held decisions come here
            commit(store, waits_on(again, again.held.waits_for, again.reason, now=now, actor=actors.RETURNS))
            return Became.HELD
        return _ask(case, option, options, key, settings, store, clock, again)

    return decide_anew(once)


def suggestion_key(case: ReturnCase, option: Option, settings: SellerSettings) -> str:
    """Names one suggestion: another one, other offered actions or another mode are taken anew."""
    offered = ",".join(str(identifier) for identifier in sorted(action.id for action in case.actions))
    return f"{settings.auto_return} {option.kind} {option.action_id} of {offered}"


def _ask(
    case: ReturnCase,
    option: Option,
    options: ReturnOptions,
    key: str,
    settings: SellerSettings,
    store: Store,
    clock: Clock,
    again: Case | None,
) -> Became:
    held = partial(_hold, case, option, key, settings=settings, store=store, now=clock.now(), again=again)
    if option.kind is OptionKind.REJECT:
        return held("a rejection needs a person's reason and words", Wait.PERSON)
    if option.kind is OptionKind.COMPENSATE and option.suggested_amount is None:
        return held("what to offer is not known", Wait.PERSON)
    if option.kind in _GIVES_MONEY and option.kind is not OptionKind.COMPENSATE and Need.AMOUNT in option.needs:
        return held("what was paid for the goods is not told by their price in another currency", Wait.PERSON)
    if option.action_id is None:
        return Became.NOT_NOW
    decision = ReturnDecision(
        seller=case.seller,
        return_id=case.id,
        action_id=option.action_id,
        actor=actors.RETURNS,
        refund=option.kind in _GIVES_MONEY,
        amount=option.suggested_amount if option.kind is OptionKind.COMPENSATE else None,
        reason=f"{options.reason} (policy {options.policy.product_type}, settings {settings.version})",
        automatic=True,
        automated=key,
        if_match=case.version,
    )
    try:
        decide_return(decision, partial(_decided, case, store, clock.now()), store=store, clock=clock)
    except PreconditionFailedError as error:
        raise VersionConflictError(str(error)) from error
    except (
        CapReachedError,
        KillSwitchOnError,
        OverRefundError,
        InvalidInputError,
        ActionNotOfferedError,
    ) as error:
        return held(str(error), wait_of(error))
    return Became.ASKED


def _decided(case: ReturnCase, store: Cases, now: datetime, _: Answer) -> list[Write]:
    """An earlier decision that was held back ends in the transaction that takes it."""
    ref, action = return_ref(case.id), IntentAction.RETURN_ACTION
    return let_go(case.seller, ref, action, "it was decided after all", store=store, now=now, actor=actors.RETURNS)


def _hold(
    case: ReturnCase,
    option: Option,
    key: str,
    why: str,
    wait: Wait,
    *,
    settings: SellerSettings,
    store: Cases,
    now: datetime,
    again: Case | None,
) -> Became:
    if again is not None and key == case.automated:
        commit(store, waits_on(again, wait, why, now=now, actor=actors.RETURNS))
        return Became.HELD
    held = replace(case, version=case.version + 1, automated=key)
    event = _told(EventType.AUTOMATION_HELD, held, option, settings, now, why)
    stopped = Stopped(
        seller=case.seller,
        ref=return_ref(case.id),
        action=IntentAction.RETURN_ACTION,
        waits_for=wait,
        reason=event.reason,
        actor=actors.RETURNS,
    )
    commit(store, [*_writes(held, event), *hold(stopped, store=store, now=now)])
    return Became.HELD


def _shadow(
    case: ReturnCase,
    option: Option,
    options: ReturnOptions,
    key: str,
    settings: SellerSettings,
    store: Commits,
    now: datetime,
) -> Became:
    shown = replace(case, version=case.version + 1, automated=key)
    would = _WOULD[option.kind]
    event = _told(
        EventType.AUTOMATION_SHADOWED, shown, option, settings, now, f"shadow mode: would {would}: {options.reason}"
    )
    ref = return_ref(case.id)
    note = ShadowDecision(
        seller=case.seller,
        id=StoredEvent(seller=case.seller, ref=ref, version=shown.version, index=0, event=event).id,
        at=now,
        ref=ref,
        posting_number=case.posting_number,
        action=IntentAction.RETURN_ACTION,
        would=would,
        reason=options.reason,
        policy_version=settings.version,
        data=event.data,
    )
    store.commit([*_writes(shown, event), NoteShadow(note)])
    return Became.SHADOWED


def _told(
    kind: EventType, case: ReturnCase, option: Option, settings: SellerSettings, now: datetime, reason: str
) -> Event:
    data: dict[str, Json] = {
        "action": IntentAction.RETURN_ACTION,
        "decision": option.kind,
        "action_id": option.action_id,
        "posting": case.posting_number,
        "policy_version": settings.version,
    }
    if option.kind in _GIVES_MONEY and option.to_buyer is not None:
        data["amount"] = {"amount": option.to_buyer.amount, "currency": option.to_buyer.currency}
    return Event(type=kind, at=now, actor=actors.RETURNS, reason=reason[:500], data=data)


def _writes(case: ReturnCase, event: Event) -> list[Write]:
    return [SaveReturn(case), AppendEvents(case.seller, return_ref(case.id), case.version, (event,))]
