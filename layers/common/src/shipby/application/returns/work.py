"""What people do to a returned parcel: receive it (by its id or by a scan), inspect it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import EvidenceReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveReturn
from shipby.application.returns.codes import find_returns
from shipby.application.returns.decisions import load_return
from shipby.application.returns.policies import with_suggestion
from shipby.application.returns.sync import return_alarm
from shipby.application.returns.views import return_view, scan_view
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError, StageMismatchError
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.evidence.files import identifier_of
from shipby.domain.evidence.pieces import EvidenceItem
from shipby.domain.json_types import Json
from shipby.domain.returns.return_case import Condition, ReturnCase, ReturnSource, ReturnStage
from shipby.domain.sellers.settings import SellerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnStep:
    """`command` is receive or inspect; `condition` (one of Condition) is what the inspection found.

    `evidence` names items of the posting's evidence, by id or sequence number.
    """

    seller: str
    return_id: str
    command: str
    actor: str
    condition: str = ""
    note: str = ""
    evidence: Sequence[str] = ()
    if_match: int | None = None


def work_return(step: ReturnStep, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Carry a step out in one transaction with its event.

    Raises NotFoundError, StageMismatchError, PreconditionFailedError, InvalidInputError.
    """

    def once() -> Answer:
        case = load_return(store, step.seller, step.return_id)
        check_return_version(case, step.if_match)
        now = clock.now()
        if step.command == "receive":
            changed, event = _received(case, step.actor, now)
        else:
            changed, event = _inspected(case, step, store, now)
        return _commit(changed, event, remember, store, now)

    return decide_anew(once)


def scan_return(seller: str, code: str, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Find a return by what was scanned and mark it received.

    Where several fit, none is touched: they are listed, and one is received by its id. Raises NotFoundError that says
    what to do, InvalidInputError for an empty code.
    """
    if not code.strip():
        raise InvalidInputError("nothing was scanned", errors=[("code", "scan it again")])

    def once() -> Answer:
        found = find_returns(seller, code, store=store)
        if not found:
            raise NotFoundError(
                "no return has this code: scan the return's barcode, or type the posting number, the return number or "
                "the tracking number; a return that is new appears within minutes, and goods that no return announces "
                "are set aside for the office"
            )
        waiting = [case for case in found if not _is_here(case)]
        if len(waiting) != 1:
            answer = Answer(200, scan_view("choose" if waiting else "already_received", waiting or found))
            if writes := remember(answer):
                store.commit(writes)
            return answer
        now = clock.now()
        changed, event = _received(waiting[0], actor, now, scanned=True)
        return _commit(changed, event, remember, store, now, scanned=True)

    return decide_anew(once)


def check_return_version(case: ReturnCase, if_match: int | None) -> None:
    """Raises PreconditionFailedError."""
    if if_match is not None and case.version != if_match:
        raise PreconditionFailedError(
            f"return {case.id} is at version {case.version}, you have {if_match}: read it again"
        )


def _commit(
    changed: ReturnCase, event: Event, remember: Remember, store: Store, now: datetime, *, scanned: bool = False
) -> Answer:
    settings = store.settings(changed.seller) or SellerSettings(seller=changed.seller)
    changed = with_suggestion(changed, settings, store=store)
    if changed.source is ReturnSource.FBS:
        # Nobody is told any more that goods wait which are here.
        changed = replace(changed, next_alarm=return_alarm(changed, settings, now))
    answer = Answer(200, scan_view("received", [changed]) if scanned else return_view(changed))
    events = AppendEvents(changed.seller, return_ref(changed.id), changed.version, (event,))
    store.commit([SaveReturn(changed), events, *remember(answer)])
    return answer


def _is_here(case: ReturnCase) -> bool:
    # Rows of older releases have the stage alone.
    return case.received_at is not None or case.stage in (ReturnStage.RECEIVED, ReturnStage.INSPECTED)


def _received(case: ReturnCase, actor: str, now: datetime, *, scanned: bool = False) -> tuple[ReturnCase, Event]:
    if _is_here(case):
        raise StageMismatchError(f"return {case.id} is {case.stage}; receive needs goods that are not here yet")
    # Goods may come although the money was settled long ago: they are received, and the decision stands.
    settled = case.stage is ReturnStage.DECIDED or (
        case.stage is ReturnStage.CLOSED and case.source is ReturnSource.RFBS
    )
    stage = case.stage if settled else ReturnStage.RECEIVED
    changed = replace(case, version=case.version + 1, stage=stage, received_at=now)
    data: dict[str, Json] = {"posting": case.posting_number, "sku": case.sku, "quantity": case.quantity}
    return changed, Event(type=EventType.RETURN_RECEIVED, at=now, actor=actor, data=data | {"scanned": scanned})


def _inspected(case: ReturnCase, step: ReturnStep, store: EvidenceReads, now: datetime) -> tuple[ReturnCase, Event]:
    if step.condition not in set(Condition):
        raise InvalidInputError(
            "an inspection needs a condition", errors=[("condition", f"one of {', '.join(Condition)}")]
        )
    if not _is_here(case) or case.inspected_at is not None or case.stage is ReturnStage.INSPECTED:
        raise StageMismatchError(f"return {case.id} is {case.stage}; inspect needs it to be received")
    missing = _missing(case, step.evidence, store)
    if missing:
        raise InvalidInputError(
            f"posting {case.posting_number} has no such evidence: {', '.join(missing)}",
            errors=[("evidence", "add the photos first: POST /v1/postings/{number}/evidence")],
        )
    stage = ReturnStage.INSPECTED if case.open else case.stage
    changed = replace(
        case,
        version=case.version + 1,
        stage=stage,
        received_at=case.received_at or now,
        inspected_at=now,
        condition=step.condition,
        note=step.note,
        evidence=tuple(step.evidence),
    )
    data: dict[str, Json] = {"condition": step.condition, "evidence": list(step.evidence)}
    return changed, Event(type=EventType.RETURN_INSPECTED, at=now, actor=step.actor, reason=step.note, data=data)


def _missing(case: ReturnCase, wanted: Sequence[str], store: EvidenceReads) -> list[str]:
    """Names of evidence that the posting does not have; a piece without a file is named by its sequence number."""
    if not wanted:
        return []
    items = store.evidence(case.seller, case.posting_number) if case.posting_number else []
    known = {name for item in items for name in _names(item)}
    return [name for name in wanted if name not in known]


def _names(item: EvidenceItem) -> tuple[str, ...]:
    return (str(item.sequence), identifier_of(item.key)) if item.key else (str(item.sequence),)
