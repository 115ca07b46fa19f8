"""A second person's word on a tracking number that is doubtful, or that the seller's policy wants seen by two.

An approval is good for one number of one posting, once: it belongs to the intent, whose request cannot change.
"""

from __future__ import annotations

from shipby.application.intents.posting_actions import touch
from shipby.application.intents.request_intent import OFFERED_AS
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.settling.second_word import SecondWord, approve, check_waits, reject
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.people import no_second_person
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import ActionNotOfferedError, NotFoundError
from shipby.domain.intents import Intent, IntentAction, approval_path
from shipby.domain.postings.posting import FINAL


def approve_number(word: SecondWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Let a number go to the marketplace.

    Raises NotFoundError, ActionNotOfferedError (decided already, the same person asked for it, the posting is over or
    the marketplace offers it no longer).
    """

    def once() -> Answer:
        intent = _waiting(word, store)
        if why := no_second_person(word.actor, intent.actor, seller=word.seller, store=store):
            raise ActionNotOfferedError(
                f"intent {intent.id} waits for another person: {why}", offered=[approval_path(intent, "reject")]
            )
        _check_still_possible(intent, store)
        let_go = approve(intent, word, {}, store=store, now=clock.now())
        store.commit([*let_go.writes, *touch(let_go.intent, (let_go.event,), store), *remember(let_go.answer)])
        return let_go.answer

    return decide_anew(once)


def _check_still_possible(intent: Intent, store: Store) -> None:
    posting = load_posting(store, intent.seller, intent.posting_number)
    detail = store.detail(intent.seller, intent.posting_number)
    offered = detail.actions if detail else ()
    if posting.stage in FINAL or not set(OFFERED_AS[intent.action]) & set(offered):
        raise ActionNotOfferedError(
            f"posting {posting.number} is {posting.stage} ({posting.status}), and the marketplace offers no change of "
            "its number any more: reject it",
            offered=[approval_path(intent, "reject")],
        )


def reject_number(word: SecondWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """End a number that waits: it is free again. Whoever asked for it may take it back as well.

    Raises NotFoundError, InvalidInputError (no reason), ActionNotOfferedError (decided already).
    """
    return reject(word, lambda: _waiting(word, store), remember, store=store, clock=clock)


def _waiting(word: SecondWord, store: Store) -> Intent:
    intent = store.intent(word.seller, word.intent_id)
    if intent is None or intent.action is not IntentAction.SET_TRACKING:
        raise NotFoundError(f"there is no change of a tracking number {word.intent_id}")
    return check_waits(intent)
