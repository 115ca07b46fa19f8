"""Carry an intent out exactly once, and settle what its call really did.

1. Re-read the marketplace: it may have acted already, or offer the action no longer.
2. Claim: PENDING -> SENT under the version check. Only the winner calls. The row alone is written; its history tells
   of it with the next step.
3. Call. An answer settles it; no answer makes it UNKNOWN, and it is never sent again.
4. SENT without an answer (a crash) and UNKNOWN are settled by reading the marketplace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shipby.application.cancels.sync import sync_cancel_request
from shipby.application.intents.cases import open_intent_case
from shipby.application.intents.effect import ANSWERED, Effect
from shipby.application.intents.posting_actions import call_together
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import ITEMS_A_CALL, Marketplace
from shipby.application.ports.store import Store
from shipby.application.settling.aggregates import aggregate_of
from shipby.application.settling.finish import TOLD, confirm_with_read, finish
from shipby.domain.cases.held import Wait
from shipby.domain.errors import (
    KillSwitchOnError,
    NotFoundError,
    NoTrueReasonError,
    OutcomeUnknownError,
    PermanentError,
    PreconditionFailedError,
    RefusedForNowError,
    RetryableError,
    ShipbyError,
    VersionConflictError,
)
from shipby.domain.events import AggregateKind
from shipby.domain.intents import TOGETHER, Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import age

TRIES = 3
"""Calls for what is offered and refused all the same, minutes apart; then the refusal stands."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the intent stands now."""

    intent: Intent
    called: bool = False


def settle_intent(seller: str, identifier: str, *, store: Store, marketplace: Marketplace, clock: Clock) -> Settled:
    """Bring one intent as far as it can be brought now.

    Raises RetryableError when the marketplace or the store is away (nothing was sent), NotFoundError for an id that
    does not exist.
    """
    intent = store.intent(seller, identifier)
    if intent is None:
        raise NotFoundError(f"there is no intent {identifier}")
    if not intent.open or intent.state is IntentState.PROPOSED:
        # What waits for a second person is neither read nor sent.
        return Settled(intent)
    if intent.state is IntentState.PENDING and intent.tampered:
        return Settled(refuse_tampered(intent, store=store, clock=clock))
    effect = aggregate_of(intent).read(intent, store=store, marketplace=marketplace, clock=clock)
    if intent.state is not IntentState.PENDING:
        return Settled(_settle_by_reading(intent, effect, store=store, clock=clock))
    if (ended := refuse_or_confirm(intent, effect, store=store, clock=clock)) is not None:
        return Settled(ended)
    try:
        act = aggregate_of(intent).prepare(intent, marketplace)
    except PermanentError as error:
        wait = Wait.PERSON if isinstance(error, NoTrueReasonError) else Wait.MARKETPLACE
        return Settled(finish(intent, IntentState.REJECTED, str(error), store=store, clock=clock, waits_for=wait))
    claimed, won = _claim(intent, effect, store=store, clock=clock)
    if not won:
        return Settled(claimed)
    return Settled(_call(claimed, act, store=store, marketplace=marketplace, clock=clock), called=True)


def _claim(intent: Intent, effect: Effect, *, store: Store, clock: Clock) -> tuple[Intent, bool]:
    """PENDING -> SENT; False where another worker was first or it must not be sent any more: then nobody calls."""
    tried = intent.attempts + 1
    try:
        sent = finish(
            intent, IntentState.SENT, "", store=store, clock=clock, read_back=effect.read_back, attempts=tried
        )
    except (KillSwitchOnError, PreconditionFailedError) as error:
        wait = Wait.KILL_SWITCH if isinstance(error, KillSwitchOnError) else Wait.MARKETPLACE
        return finish(intent, IntentState.REJECTED, str(error), store=store, clock=clock, waits_for=wait), False
    except VersionConflictError:
        current = store.intent(intent.seller, intent.id)
        assert current is not None  # noqa: S101  # intents are never deleted
        return current, False
    return sent, True


def refuse_tampered(intent: Intent, *, store: Store, clock: Clock) -> Intent:
    """A row whose request is not what was asked for is never sent: nothing happened, and a person looks why."""
    text = "its request is not the one that was asked for: it was not sent"
    open_intent_case(intent, text, store=store, now=clock.now())
    return finish(intent, IntentState.REJECTED, text, store=store, clock=clock, needs_person=True)


def refuse_or_confirm(intent: Intent, effect: Effect, *, store: Store, clock: Clock) -> Intent | None:
    """Settle a PENDING intent that must not be sent any more; None if it may be."""
    if effect.done:
        return finish(intent, IntentState.CONFIRMED, effect.text, store=store, clock=clock, read_back=effect.read_back)
    if effect.impossible:
        return finish(intent, IntentState.REJECTED, effect.text, store=store, clock=clock, read_back=effect.read_back)
    return None


def _settle_by_reading(intent: Intent, effect: Effect, *, store: Store, clock: Clock) -> Intent:
    if effect.done:
        return finish(intent, IntentState.CONFIRMED, effect.text, store=store, clock=clock, read_back=effect.read_back)
    if effect.impossible:
        return finish(intent, IntentState.REJECTED, effect.text, store=store, clock=clock, read_back=effect.read_back)
    settings = store.settings(intent.seller) or SellerSettings(seller=intent.seller)
    if age(intent.let_go_at, clock.now()) > settings.settle_limit and TOLD not in intent.read_back:
        text = f"nothing of it is visible {settings.settle_limit} after it was asked: a person has to look"
        told: dict[str, Json] = {**effect.read_back, TOLD: True}
        # First the case: a crash before the second step tells it again, and finds the case open.
        open_intent_case(intent, f"{text}; {effect.text}", store=store, now=clock.now())
        return finish(intent, IntentState.UNKNOWN, text, store=store, clock=clock, read_back=told, needs_person=True)
    return finish(intent, IntentState.UNKNOWN, effect.text or "not visible yet", store=store, clock=clock)


def _call(intent: Intent, act: Callable[[], str], *, store: Store, marketplace: Marketplace, clock: Clock) -> Intent:
    try:
        outcome = act()
    except OutcomeUnknownError as error:
        return finish(intent, IntentState.UNKNOWN, str(error), store=store, clock=clock)
    except RetryableError as error:
        # Only the caller knows that the marketplace did nothing, so only here does a claimed intent become free again.
        finish(intent, IntentState.PENDING, f"not sent: {error}", store=store, clock=clock)
        raise
    except ShipbyError as error:
        passes = isinstance(error, RefusedForNowError)
        return _after_refusal(intent, str(error), passes, store=store, marketplace=marketplace, clock=clock)
    return after_answer(intent, outcome, store=store, marketplace=marketplace, clock=clock)


def _after_refusal(
    intent: Intent, text: str, may_pass: bool, *, store: Store, marketplace: Marketplace, clock: Clock
) -> Intent:
    """ "Already shipped" and "already cancelled" are refusals of what is done. A refused return action never is.

    A refusal that may pass, of what is offered all the same, is asked for again by the intent's alarm: the marketplace
    did nothing.
    """
    if intent.ref.kind is AggregateKind.POSTING:
        try:
            effect = aggregate_of(intent).read(intent, store=store, marketplace=marketplace, clock=clock)
        except ShipbyError as error:
            text = f"{text} (and it could not be read back: {error})"
        else:
            if effect.done:
                done = f"{effect.text}; our call was answered: {text}"
                return finish(intent, IntentState.CONFIRMED, done, store=store, clock=clock, read_back=effect.read_back)
            if may_pass and effect.offered and intent.attempts < TRIES:
                again = f"refused for now, try {intent.attempts} of {TRIES}: {text}"
                return finish(intent, IntentState.PENDING, again, store=store, clock=clock)
    ended = finish(intent, IntentState.REJECTED, text, store=store, clock=clock)
    if intent.ref.kind is AggregateKind.CANCEL_REQUEST:
        # Somebody else has decided it. If this read fails, the message comes again to an intent that has ended.
        sync_cancel_request(intent.seller, intent.ref.id, store=store, marketplace=marketplace, clock=clock)
    return ended


def after_answer(intent: Intent, outcome: str, *, store: Store, marketplace: Marketplace, clock: Clock) -> Intent:
    """200 is not success: read back, and leave it to the next reading where the effect is not visible yet."""
    told: dict[str, Json] = {**intent.read_back, ANSWERED: True}
    try:
        if intent.action is IntentAction.SHIP:
            effect, confirmed = confirm_with_read(intent, outcome, store=store, marketplace=marketplace, clock=clock)
            if confirmed is not None:
                return confirmed
        else:
            answered = replace(intent, read_back=told)
            effect = aggregate_of(intent).read(answered, store=store, marketplace=marketplace, clock=clock)
    except ShipbyError as error:
        text = f"accepted, not read back yet: {error}"
        return finish(intent, IntentState.UNKNOWN, text, store=store, clock=clock, read_back=told)
    if effect.done:
        return finish(intent, IntentState.CONFIRMED, outcome, store=store, clock=clock, read_back=effect.read_back)
    return finish(intent, IntentState.UNKNOWN, f"{outcome}, not visible yet", store=store, clock=clock, read_back=told)


def settle_together(
    seller: str, identifiers: Sequence[str], *, store: Store, marketplace: Marketplace, clock: Clock
) -> Mapping[str, Settled | ShipbyError]:
    """Carry intents out whose action takes several postings in one call; each is settled for itself.

    All are read before the first is claimed: a slow marketplace may cost the worker its time while it reads, and what
    was claimed by then would never be sent. Each call has its own claims, so that a call that fails leaves the next
    one's postings free.
    """
    results: dict[str, Settled | ShipbyError] = {}
    free: dict[IntentAction, list[tuple[Intent, Effect]]] = {action: [] for action in TOGETHER}
    for identifier in dict.fromkeys(identifiers):
        try:
            intent = store.intent(seller, identifier)
            if intent is None:
                raise NotFoundError(f"there is no intent {identifier}")
            if intent.state is not IntentState.PENDING or intent.action not in free:
                results[identifier] = settle_intent(
                    seller, identifier, store=store, marketplace=marketplace, clock=clock
                )
                continue
            if intent.tampered:
                results[identifier] = Settled(refuse_tampered(intent, store=store, clock=clock))
                continue
            effect = aggregate_of(intent).read(intent, store=store, marketplace=marketplace, clock=clock)
            ended = refuse_or_confirm(intent, effect, store=store, clock=clock)
            if ended is not None:
                results[identifier] = Settled(ended)
            else:
                free[intent.action].append((intent, effect))
        except ShipbyError as error:
            results[identifier] = error
    for action, ready in free.items():
        for start in range(0, len(ready), ITEMS_A_CALL):
            chunk = ready[start : start + ITEMS_A_CALL]
            results |= _call_chunk(action, chunk, store=store, marketplace=marketplace, clock=clock)
    return results


def _call_chunk(
    action: IntentAction,
    chunk: Sequence[tuple[Intent, Effect]],
    *,
    store: Store,
    marketplace: Marketplace,
    clock: Clock,
) -> dict[str, Settled | ShipbyError]:
    results: dict[str, Settled | ShipbyError] = {}
    claimed: dict[str, Intent] = {}
    for intent, effect in chunk:
        try:
            sent, won = _claim(intent, effect, store=store, clock=clock)
        except ShipbyError as error:
            results[intent.id] = error
            continue
        if won:
            claimed[intent.posting_number] = sent
        else:
            results[intent.id] = Settled(sent)
    if claimed:
        results |= _call_together(action, claimed, store=store, marketplace=marketplace, clock=clock)
    return results


def _call_together(
    action: IntentAction, claimed: Mapping[str, Intent], *, store: Store, marketplace: Marketplace, clock: Clock
) -> dict[str, Settled | ShipbyError]:
    try:
        items = call_together(action, claimed, marketplace)
    except OutcomeUnknownError as error:
        return _all(claimed, IntentState.UNKNOWN, error, store=store, clock=clock)
    except RetryableError as error:
        # As in `_call`: the marketplace did nothing, so they are free again, and their messages come again.
        _all(claimed, IntentState.PENDING, error, store=store, clock=clock)
        return dict.fromkeys((intent.id for intent in claimed.values()), error)
    except ShipbyError as error:
        return _all(claimed, IntentState.REJECTED, error, store=store, clock=clock)
    answers = {item.posting_number: item for item in items}
    results: dict[str, Settled | ShipbyError] = {}
    for number, intent in claimed.items():
        answer = answers.get(number)
        if answer is None:
            ended = finish(intent, IntentState.UNKNOWN, "no answer for this item", store=store, clock=clock)
        elif answer.ok:
            ended = after_answer(intent, "accepted", store=store, marketplace=marketplace, clock=clock)
        else:
            text = answer.error or "refused"
            ended = _after_refusal(intent, text, answer.may_pass, store=store, marketplace=marketplace, clock=clock)
        results[intent.id] = Settled(ended, called=True)
    return results


def _all(
    claimed: Mapping[str, Intent], state: IntentState, error: ShipbyError, *, store: Store, clock: Clock
) -> dict[str, Settled | ShipbyError]:
    text = f"not sent: {error}" if state is IntentState.PENDING else str(error)
    return {
        intent.id: Settled(finish(intent, state, text, store=store, clock=clock), called=True)
        for intent in claimed.values()
    }
