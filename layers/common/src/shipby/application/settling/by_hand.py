"""A person ends an intent that no reading of the marketplace can settle: they looked, and say what happened."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.application.settling.finish import TOLD, finish
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, VersionConflictError
from shipby.domain.intents import Intent, IntentState, approval_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the marketplace's cabinet shows: the call was carried out (`happened`) or it was not."""

    seller: str
    intent_id: str
    happened: bool
    actor: str
    reason: str


def settle_by_hand(verdict: Verdict, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Book the verdict with its money in one transaction; the history names who said so and why.

    Only an intent that a person was called for: before that the marketplace's answer may still come.
    Raises NotFoundError, InvalidInputError (no reason), ActionNotOfferedError (not open, or no person needed yet).
    """
    if not verdict.reason.strip():
        raise InvalidInputError("a verdict needs a reason", errors=[("reason", "say what you saw, and where")])
    intent = store.intent(verdict.seller, verdict.intent_id)
    if intent is None:
        raise NotFoundError(f"there is no intent {verdict.intent_id}")
    if not intent.open:
        raise ActionNotOfferedError(f"intent {intent.id} is settled already: it is {intent.state}")
    if intent.state is IntentState.PROPOSED:
        raise ActionNotOfferedError(
            f"intent {intent.id} waits for a second person and was not sent",
            offered=[approval_path(intent, "approve"), approval_path(intent, "reject")],
        )
    if TOLD not in intent.read_back:
        raise ActionNotOfferedError(
            f"intent {intent.id} is {intent.state} and still being settled; you are told when a person is needed"
        )
    if intent.state is IntentState.PENDING and verdict.happened:
        raise ActionNotOfferedError(f"intent {intent.id} was never sent, so it cannot have happened by it")
    answer: list[Answer] = []

    def remembered(moved: Intent) -> list[Write]:
        answer[:] = [Answer(200, intent_view(moved))]
        return remember(answer[0])

    state = IntentState.CONFIRMED if verdict.happened else IntentState.REJECTED
    outcome = f"settled by hand: {verdict.reason}"
    try:
        finish(intent, state, outcome, store=store, clock=clock, actor=verdict.actor, also=remembered)
    except VersionConflictError as error:
        raise ActionNotOfferedError(f"intent {intent.id} was settled meanwhile: read it again") from error
    return answer[0]
