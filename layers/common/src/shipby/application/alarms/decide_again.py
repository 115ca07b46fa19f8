"""Take automatic decisions again that were held back: when their alarm rings, and whenever a fact may have arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from shipby.application.cancels.decide import answer_by_itself
from shipby.application.cases.held import SHIP, commit, let_go
from shipby.application.deadlines.ring_posting import move_again
from shipby.application.intents.assemble import assemble_posting
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.returns.automatic import decide_by_itself
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.cases.case import Case
from shipby.domain.cases.held import Became, HeldDecision
from shipby.domain.deadlines.policy import Move
from shipby.domain.errors import ShipbyError
from shipby.domain.events import AggregateKind

BUDGET = timedelta(seconds=10)
"""What one round of the poll spends on held decisions of a seller; the rest have their own alarms."""
AT_ONCE = 300
"""How many are looked at in one go."""
_MOOT: Mapping[Became, str] = {
    Became.OFF: "the seller's policy does not decide it by itself any more",
    Became.SHADOWED: "the seller's policy only watches it now",
    Became.NOT_NOW: "it was decided, or nothing is suggested any more",
    Became.TOO_LATE: "its time is over: no automatic decision is made any more",
}


def decide_again(seller: str, identifier: str, *, store: Store, clock: Clock) -> Became:
    """Take the decision of one case again. Returns decided, held, moot, or gone (it is no open held decision).

    Safe to repeat, and for several at once: the item's version lets one of them act. Raises StoreUnavailableError,
    VersionConflictError if that goes on.
    """

    def once() -> Became:
        case = store.case(seller, identifier)
        if case is None or not case.open or case.held is None:
            return Became.GONE
        held = case.held
        if held.ref.kind is AggregateKind.POSTING and held.action != SHIP:
            return move_again(case, Move(held.action), store=store, now=clock.now())
        became = _decide(case, held, store, clock)
        if became not in _MOOT:
            return Became.HELD if became is Became.HELD else Became.DECIDED
        why, now = _MOOT[became], clock.now()
        commit(store, let_go(seller, held.ref, held.action, why, store=store, now=now, actor=actors.ALARM_WORKER))
        return Became.MOOT

    return decide_anew(once)


def _decide(case: Case, held: HeldDecision, store: Store, clock: Clock) -> Became:
    """Each of these closes the case in the transaction that decides, or moves its alarm where it still waits."""
    decide: Mapping[AggregateKind, Callable[..., Became]] = {
        AggregateKind.POSTING: assemble_posting,
        AggregateKind.RETURN: decide_by_itself,
        AggregateKind.CANCEL_REQUEST: answer_by_itself,
    }
    return decide[held.ref.kind](case.seller, held.ref.id, store=store, clock=clock, again=case)


def decide_held(
    seller: str, *, store: Store, clock: Clock, budget: timedelta = BUDGET, most: int = AT_ONCE
) -> dict[str, int]:
    """Take every held decision of a seller again, as far as the time suffices: a fact that they wait for may be here.

    What still waits is only read, never written. Returns how many were decided, held, moot, and failed.
    """
    began = clock.now()
    counts = {str(became): 0 for became in (Became.DECIDED, Became.HELD, Became.MOOT)}
    cursor: str | None = None
    while True:
        page = store.cases_in(seller, limit=50, cursor=cursor)
        for identifier in page.items:
            case = store.case(seller, identifier)
            if case is None or case.held is None or not case.open:
                continue
            if clock.now() - began > budget or sum(counts.values()) >= most:
                return counts
            try:
                became = decide_again(seller, identifier, store=store, clock=clock)
            except ShipbyError:
                # One that cannot be decided keeps its own alarm, which names the problem, and holds up no other.
                became = Became.FAILED
            counts[str(became)] = counts.get(became, 0) + 1
        if page.cursor is None:
            return counts
        cursor = page.cursor
