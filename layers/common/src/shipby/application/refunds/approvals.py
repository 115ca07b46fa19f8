"""A second person's word on a refund above the seller's limit: approve it, or reject it with a reason.

Its money is set aside until then.
"""

from __future__ import annotations

from dataclasses import replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, RequireAutomation, SaveReturn, Write
from shipby.application.returns.decisions import load_return, named_cap, refund_cap, refund_total
from shipby.application.settling.second_word import SecondWord, approve, check_waits, reject
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.people import no_second_person
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.errors import ActionNotOfferedError, CapReachedError, InvalidInputError, NotFoundError
from shipby.domain.events import AggregateKind, Event
from shipby.domain.intents import Intent
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings


def approve_refund(word: SecondWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Let a refund go: PENDING, so that the worker carries it out. It counts in today's limit of refunds from now on.

    Raises NotFoundError, ActionNotOfferedError (decided already, or the same person asked for it), CapReachedError,
    KillSwitchOnError.
    """

    def once() -> Answer:
        intent = _waiting(word, store)
        if why := no_second_person(word.actor, intent.actor, seller=word.seller, store=store):
            raise ActionNotOfferedError(
                f"intent {intent.id} waits for another person: {why}", offered=[f"/v1/refunds/{intent.id}/reject"]
            )
        now = clock.now()
        settings = store.settings(word.seller) or SellerSettings(seller=word.seller)
        total = refund_total(intent)
        about: dict[str, Json] = (
            {"amount": {"amount": total.amount, "currency": total.currency}} if total is not None else {}
        )
        let_go = approve(intent, word, about, store=store, now=now)
        writes = [*let_go.writes, *_told(let_go.intent, let_go.event, store), *refund_cap(let_go.intent, settings, now)]
        if actors.is_automatic(intent.actor):
            writes.append(RequireAutomation(word.seller))
        try:
            store.commit([*writes, *remember(let_go.answer)])
        except CapReachedError as error:
            raise named_cap(error, let_go.intent, settings) from error
        return let_go.answer

    return decide_anew(once)


def reject_refund(word: SecondWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """End a refund that waits: its money is free again, and the return can be decided anew.

    Whoever asked for it may take it back as well. Raises NotFoundError, InvalidInputError (no reason),
    ActionNotOfferedError (decided already).
    """
    return reject(word, lambda: _waiting(word, store), remember, store=store, clock=clock)


def _waiting(word: SecondWord, store: IntentReads) -> Intent:
    intent = store.intent(word.seller, word.intent_id)
    if intent is None:
        raise NotFoundError(f"there is no intent {word.intent_id}")
    return check_waits(intent)


def _told(intent: Intent, event: Event, store: Store) -> list[Write]:
    if intent.ref.kind is not AggregateKind.RETURN:
        raise InvalidInputError(f"intent {intent.id} is no decision on a return")
    case = load_return(store, intent.seller, intent.ref.id)
    changed = replace(case, version=case.version + 1)
    return [SaveReturn(changed), AppendEvents(intent.seller, intent.ref, changed.version, (event,))]
