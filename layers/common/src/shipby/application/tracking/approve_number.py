"""A second person's word on a tracking number that is doubtful, or that the seller's policy wants seen by two.

An approval is good for one number of one posting, once: it belongs to the intent, whose request cannot change. Of two
people at once exactly one decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from shipby.application.cases.opening import closing
from shipby.application.intents.posting_actions import touch
from shipby.application.intents.request_intent import OFFERED_AS, PICK_UP_WITHIN
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveIntent, Write
from shipby.application.postings.work_posting import load_posting
from shipby.application.settling.finish import finish
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.people import same_person
from shipby.application.shared.retry import decide_anew
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, VersionConflictError
from shipby.domain.events import Event, EventType
from shipby.domain.intents import Intent, IntentAction, IntentState, approval_path
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, Alarm, RungKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberWord:
    """What the second person says of a number; a rejection needs its reason."""

    seller: str
    intent_id: str
    actor: str
    reason: str = ""


def approve_number(word: NumberWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Let a number go to the marketplace.

    Raises NotFoundError, ActionNotOfferedError (decided already, the same person asked for it, the posting is over or
    the marketplace offers it no longer).
    """

    def once() -> Answer:
        intent = _waiting(word, store)
        if same_person(word.actor, intent.actor, store=store):
            raise ActionNotOfferedError(
                f"intent {intent.id} was asked for by the same person: somebody else has to approve it, with their key",
                offered=[approval_path(intent, "reject")],
            )
        _check_still_possible(intent, store)
        now = clock.now()
        let_go = intent.move(
            IntentState.PENDING,
            at=now,
            approved_by=word.actor,
            approved_at=now,
            next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
        )
        data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "approved_by": word.actor}
        event = Event(type=EventType.INTENT_CREATED, at=now, actor=word.actor, reason=word.reason, data=data)
        answer = Answer(202, intent_view(let_go), f"/v1/intents/{intent.id}")
        writes: list[Write] = [SaveIntent(let_go), *touch(let_go, (event,), store)]
        writes += closing(
            store,
            seller=word.seller,
            kind=CaseKind.INTENT,
            subject=intent.id,
            resolution=f"approved by {word.actor}",
            now=now,
            actor=word.actor,
        )
        store.commit([*writes, *remember(answer)])
        return answer

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


def reject_number(word: NumberWord, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """End a number that waits: it is free again. Whoever asked for it may take it back as well.

    Raises NotFoundError, InvalidInputError (no reason), ActionNotOfferedError (decided already).
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


def _waiting(word: NumberWord, store: Store) -> Intent:
    intent = store.intent(word.seller, word.intent_id)
    if intent is None or intent.action is not IntentAction.SET_TRACKING:
        raise NotFoundError(f"there is no change of a tracking number {word.intent_id}")
    if intent.state is not IntentState.PROPOSED:
        raise ActionNotOfferedError(f"intent {intent.id} waits for nobody's word: it is {intent.state}")
    return intent
