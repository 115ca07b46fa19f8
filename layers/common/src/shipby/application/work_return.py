"""What people do to a returned parcel: receive it, inspect it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.idempotency import Answer, Remember
from shipby.application.ports import AppendEvents, Clock, SaveReturn, Store
from shipby.application.request_intent import load_return
from shipby.application.retry import decide_anew
from shipby.application.views import return_view
from shipby.domain.errors import InvalidInputError, PreconditionFailedError, StageMismatchError
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.returns import ReturnStage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnStep:
    """`command` is receive or inspect; `condition` is what the inspection found."""

    seller: str
    return_id: str
    command: str
    actor: str
    condition: str = ""
    if_match: int | None = None


def work_return(step: ReturnStep, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Carry a step out in one transaction with its event.

    Raises NotFoundError, StageMismatchError, PreconditionFailedError, InvalidInputError.
    """

    def once() -> Answer:
        case = load_return(store, step.seller, step.return_id)
        if step.if_match is not None and case.version != step.if_match:
            raise PreconditionFailedError(
                f"return {case.id} is at version {case.version}, you have {step.if_match}: read it again"
            )
        if step.command == "receive":
            wanted, stage, kind = ReturnStage.OPENED, ReturnStage.RECEIVED, EventType.RETURN_RECEIVED
        else:
            wanted, stage, kind = ReturnStage.RECEIVED, ReturnStage.INSPECTED, EventType.RETURN_INSPECTED
            if not step.condition:
                raise InvalidInputError("an inspection needs a condition", errors=[("condition", "say what you found")])
        if case.stage is not wanted:
            raise StageMismatchError(f"return {case.id} is {case.stage}; {step.command} needs it to be {wanted}")
        changed = replace(case, version=case.version + 1, stage=stage, condition=step.condition or case.condition)
        answer = Answer(200, return_view(changed))
        event = Event(type=kind, at=clock.now(), actor=step.actor, data={"condition": step.condition})
        events = AppendEvents(step.seller, return_ref(case.id), changed.version, (event,))
        store.commit([SaveReturn(changed), events, *remember(answer)])
        return answer

    return decide_anew(once)
