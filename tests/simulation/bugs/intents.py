"""Seeded bugs in the life of an intent: claiming, calling, settling, its alarm and its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from shipby.application.cancels import actions as cancel_actions
from shipby.application.intents import posting_actions
from shipby.application.ports.writes import AppendEvents, SaveIntent, SaveReturn, Write
from shipby.application.returns import actions as return_actions
from shipby.application.returns import decisions as return_decisions
from shipby.application.returns import poll as poll_returns
from shipby.application.returns import sync as sync_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.settling import finish as finish_intent
from shipby.application.settling import settle as settle_intent
from shipby.domain.deadlines import fold
from shipby.domain.errors import (
    MarketplaceUnavailableError,
    OutcomeUnknownError,
    ShipbyError,
)
from shipby.domain.events import AggregateKind, Event, EventType, return_ref
from shipby.domain.intents import Intent, IntentState
from shipby.domain.returns.return_case import COMPENSATE_ACTION, ReturnCase

Patch = AbstractContextManager[object]


def new_id_on_retry() -> Patch:
    """No answer came: the intent is given up and the same thing is asked for anew."""
    real = settle_intent._call

    def call(intent: Intent, act: Any, *, store: Any, marketplace: Any, clock: Any) -> Intent:
        ended = real(intent, act, store=store, marketplace=marketplace, clock=clock)
        if ended.state is not IntentState.UNKNOWN or intent.ref.kind is not AggregateKind.RETURN:
            return ended
        ended = finish_intent.finish(ended, IntentState.REJECTED, "asked again", store=store, clock=clock)
        action = int(str(intent.request["action_id"]))
        decision = ReturnDecision(
            seller=intent.seller,
            return_id=intent.ref.id,
            action_id=action,
            actor=intent.actor,
            refund=intent.amount is not None,
            amount=intent.amount if action == COMPENSATE_ACTION else None,
            rejection_reason_id=1 if action < 0 else None,
            comment="again" if action < 0 else "",
        )
        try:
            return_decisions.decide_return(decision, lambda _: [], store=store, clock=clock)
        except ShipbyError:
            return ended
        return ended

    return patch.object(settle_intent, "_call", call)


def resend_on_timeout() -> Patch:
    real = settle_intent._call

    def call(intent: Intent, act: Any, *, store: Any, marketplace: Any, clock: Any) -> Intent:
        def again() -> str:
            try:
                return str(act())
            except OutcomeUnknownError as error:
                raise MarketplaceUnavailableError(str(error)) from error

        return real(intent, again, store=store, marketplace=marketplace, clock=clock)

    return patch.object(settle_intent, "_call", call)


def release_on_unknown() -> Patch:
    """No answer came: the money is set free and the intent is over."""
    real = finish_intent.finish

    def finish(intent: Intent, state: IntentState, *given: Any, **named: Any) -> Intent:
        over = IntentState.REJECTED if state is IntentState.UNKNOWN else state
        return real(intent, over, *given, **named)

    return patch.object(settle_intent, "finish", finish)


def release_on_crash() -> Patch:
    """A claimed intent whose worker died is taken for never sent."""
    real = settle_intent._settle_by_reading

    def settle(intent: Intent, effect: Any, *, store: Any, clock: Any) -> Intent:
        if intent.state is IntentState.SENT and not effect.done:
            return finish_intent.finish(intent, IntentState.PENDING, "its worker died", store=store, clock=clock)
        return real(intent, effect, store=store, clock=clock)

    return patch.object(settle_intent, "_settle_by_reading", settle)


@contextmanager
def call_before_row() -> Iterator[None]:
    """The call is made before it is written that it is being made."""
    with ExitStack() as patches:
        for actions in (posting_actions, return_actions, cancel_actions):
            patches.enter_context(patch.object(actions, "prepare", _calling(actions.prepare)))
        yield


def _calling(real: Callable[[Intent, Any], Callable[[], str]]) -> Callable[[Intent, Any], Callable[[], str]]:
    def prepare(intent: Intent, marketplace: Any) -> Callable[[], str]:
        outcome = real(intent, marketplace)()
        return lambda: outcome

    return prepare


def claim_without_version() -> Patch:
    real = settle_intent._claim

    def claim(intent: Intent, effect: Any, *, store: Any, clock: Any) -> tuple[Intent, bool]:
        claimed, won = real(intent, effect, store=store, clock=clock)
        return claimed, won or claimed.state is IntentState.SENT

    return patch.object(settle_intent, "_claim", claim)


def confirm_without_reading() -> Patch:
    def after_answer(intent: Intent, outcome: str, *, store: Any, marketplace: Any, clock: Any) -> Intent:
        return finish_intent.finish(intent, IntentState.CONFIRMED, outcome, store=store, clock=clock)

    return patch.object(settle_intent, "after_answer", after_answer)


def unknown_counts_as_done() -> Patch:
    real = finish_intent.finish

    def finish(intent: Intent, state: IntentState, *given: Any, **named: Any) -> Intent:
        done = IntentState.CONFIRMED if state is IntentState.UNKNOWN else state
        return real(intent, done, *given, **named)

    return patch.object(settle_intent, "finish", finish)


def alarm_lost() -> Patch:
    real = finish_intent._transaction

    def transaction(intent: Intent, state: IntentState, *given: Any, **named: Any) -> tuple[Intent, list[Write]]:
        moved, writes = real(intent, state, *given, **named)
        if state is IntentState.UNKNOWN:
            moved = replace(moved, next_alarm=None)
            writes = [_with_intent(write, moved) for write in writes]
        return moved, writes

    return patch.object(finish_intent, "_transaction", transaction)


def _with_intent(write: Write, moved: Intent) -> Write:
    return replace(write, intent=moved) if isinstance(write, SaveIntent) else write


@contextmanager
def older_facts_win() -> Iterator[None]:
    """A poll that was held up overwrites what was read after it."""
    real = sync_return.apply_return_facts

    def apply(seller: str, facts: Any, *, store: Any, clock: Any, **named: Any) -> Any:
        known = store.return_case(seller, facts.id)
        if known is not None and facts.read_at < known.synced_at:
            stale = replace(known, version=known.version + 1, synced_at=facts.read_at, state=facts.state)
            stale = replace(stale, actions=facts.actions)
            event = Event(type=EventType.RETURN_CHANGED, at=clock.now(), actor="marketplace", data={})
            store.commit(
                [
                    SaveReturn(stale),
                    AppendEvents(seller, return_ref(facts.id), stale.version, (event,)),
                ]
            )
            return stale
        return real(seller, facts, store=store, clock=clock, **named)

    with (
        patch.object(poll_returns, "apply_return_facts", apply),
        patch.object(sync_return, "apply_return_facts", apply),
    ):
        yield


def history_forgotten() -> Patch:
    real = finish_intent._transaction

    def transaction(intent: Intent, state: IntentState, *given: Any, **named: Any) -> tuple[Intent, list[Write]]:
        moved, writes = real(intent, state, *given, **named)
        if state is IntentState.UNKNOWN:
            writes = [write for write in writes if not isinstance(write, AppendEvents)]
        return moved, writes

    return patch.object(finish_intent, "_transaction", transaction)


def stop_at_a_conflict() -> Patch:
    """The answer of a call is lost where somebody else touched the intent meanwhile, and is taken for a refusal."""
    real = finish_intent.finish

    def finish(intent: Intent, state: IntentState, *given: Any, **named: Any) -> Intent:
        if intent.state is IntentState.SENT and state is IntentState.CONFIRMED:
            current = named["store"].intent(intent.seller, intent.id)
            if current is not None and current.version != intent.version:
                return real(current, IntentState.REJECTED, "changed meanwhile", **named)
        return real(intent, state, *given, **named)

    return patch.object(settle_intent, "finish", finish)


@contextmanager
def late_decision() -> Iterator[None]:
    """An automatic decision is asked for and sent although its clock is over."""
    with patch.object(ReturnCase, "clock_over", lambda *_: False):
        yield


def times_ahead_believed() -> Patch:
    """The wall clock of whoever read last is believed, whatever it says."""
    return patch.object(fold, "ahead", lambda *_: False)
