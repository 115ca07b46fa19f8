"""A parcel that cannot be packed now: goods are short, damaged or did not pass. It waits until somebody unblocks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.postings.views import posting_view
from shipby.application.postings.work_posting import load_posting, step_writes
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.workflow import block
from shipby.domain.errors import StageMismatchError
from shipby.domain.packing.scanning import stop_of


class Fault(StrEnum):
    """Why, as one key at the bench says it."""

    SHORT = "short"
    DAMAGED = "damaged"
    QC_FAIL = "qc-fail"


REASONS: Mapping[Fault, str] = {
    Fault.SHORT: "goods are short at the bench",
    Fault.DAMAGED: "goods are damaged",
    Fault.QC_FAIL: "the goods did not pass the check",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Somebody at the bench puts a parcel aside."""

    seller: str
    number: str
    fault: Fault
    actor: str


def set_aside(wish: SetAside, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Block the posting, in one transaction with its event; what was scanned into it stays known.

    Raises NotFoundError, StageMismatchError (cancelled, expired, blocked already, gone).
    """

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        if stop := stop_of(posting):
            raise StageMismatchError(stop)
        step = block(posting, REASONS[wish.fault], at=clock.now(), actor=wish.actor)
        answer = Answer(200, posting_view(step.posting))
        store.commit([*step_writes(posting, step), *remember(answer)])
        return answer

    return decide_anew(once)
