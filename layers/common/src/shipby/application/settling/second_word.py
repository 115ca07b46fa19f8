"""A second person's word on what waits for it: let it go, or end it with a reason.

Nothing was sent until then. Of two people at once exactly one decides: the intent's version lets the other one find it
decided. What may be let go, and by whom, is said by the subject that asked for the second person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shipby.application.cases.opening import closing
from shipby.application.intents.request_intent import PICK_UP_WITHIN
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveIntent, Write
from shipby.application.settling.finish import finish
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, VersionConflictError
from shipby.domain.events import Event, EventType
from shipby.domain.intents import REJECTED_BY, Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWord:
    """What the second person says of an intent; a rejection needs its reason."""

    seller: str
    intent_id: str
    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Approved:
    """An intent that was approved: the worker carries it out."""

    intent: Intent
    event: Event
    writes: tuple[Write, ...]
    """The intent, and the end of the case that waited for the word."""

    @property
    def answer(self) -> Answer:
        return Answer(202, intent_view(self.intent), f"/v1/intents/{self.intent.id}")


def check_waits(intent: Intent) -> Intent:
    """The intent, if it waits for a second person's word. Raises ActionNotOfferedError."""
    if intent.state is not IntentState.PROPOSED:
        raise ActionNotOfferedError(f"intent {intent.id} waits for nobody's word: it is {intent.state}")
    return intent


def approve(intent: Intent, word: SecondWord, about: Mapping[str, Json], *, store: Cases, now: datetime) -> Approved:
    """The intent PENDING, to be written in the caller's transaction; `about` is what its event says besides."""
    let_go = intent.move(
        IntentState.PENDING,
        at=now,
        approved_by=word.actor,
        approved_at=now,
        next_alarm=Alarm(due=now + PICK_UP_WITHIN, kind=RungKind.SETTLE_INTENT),
    )
    data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "approved_by": word.actor, **about}
    event = Event(type=EventType.INTENT_CREATED, at=now, actor=word.actor, reason=word.reason, data=data)
    ended = closing(
        store,
        seller=word.seller,
        kind=CaseKind.INTENT,
        subject=intent.id,
        resolution=f"approved by {word.actor}",
        now=now,
        actor=word.actor,
    )
    return Approved(let_go, event, (SaveIntent(let_go), *ended))


def reject(word: SecondWord, find: Callable[[], Intent], remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """End what waits. Whoever asked for it may take it back as well.

    Raises InvalidInputError (no reason), what `find` raises, ActionNotOfferedError (decided meanwhile).
    """
    if not word.reason.strip():
        raise InvalidInputError("a rejection needs a reason", errors=[("reason", "say why")])
    intent = find()
    answer: list[Answer] = []

    def remembered(moved: Intent) -> list[Write]:
        answer[:] = [Answer(200, intent_view(moved))]
        return remember(answer[0])

    outcome = f"not approved by {word.actor}: {word.reason.strip()}"
    try:
        finish(
            intent,
            IntentState.REJECTED,
            outcome,
            store=store,
            clock=clock,
            read_back={**intent.read_back, REJECTED_BY: word.actor},
            actor=word.actor,
            also=remembered,
        )
    except VersionConflictError as error:
        raise ActionNotOfferedError(f"intent {intent.id} was decided meanwhile: read it again") from error
    return answer[0]
