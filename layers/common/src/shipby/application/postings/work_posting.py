"""What people do to a posting: confirm, pick, inspect, pack, hand over, override, unblock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting, Write
from shipby.application.postings.book_outcome import book_outcome
from shipby.application.postings.views import posting_view
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.outcomes import outcome_data, outcome_of
from shipby.domain.deadlines.workflow import Command, Step, carry_out
from shipby.domain.errors import NotFoundError, PreconditionFailedError
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Posting

if TYPE_CHECKING:
    from shipby.application.stock.reserving import GoodsReads


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCommand:
    """One step at the bench. `if_match` is the version the caller has seen, or None."""

    seller: str
    number: str
    command: Command
    actor: str
    reason: str = ""
    passed: bool = True
    if_match: int | None = None


def load_posting(store: PostingReads, seller: str, number: str) -> Posting:
    """The posting, or NotFoundError with the same words whoever owns that number."""
    posting = store.posting(seller, number)
    if posting is None:
        raise NotFoundError(f"there is no posting {number}; check the number, new ones appear within seconds")
    return posting


def check_version(posting: Posting, if_match: int | None) -> None:
    """Raises PreconditionFailedError if the caller has seen another version."""
    if if_match is not None and posting.version != if_match:
        raise PreconditionFailedError(
            f"posting {posting.number} is at version {posting.version}, you have {if_match}: read it again"
        )


def with_goods(before: Posting, step: Step, *, store: GoodsReads) -> tuple[Step, list[Write]]:
    """The step with what it does to the goods that the posting has reserved, and the writes of that."""
    if before.stock is None:
        return step, []
    from shipby.application.stock.reserving import settle_step  # only where stock is kept: cold starts

    first = step.events[0]
    settled = settle_step(before, step.posting, store=store, at=first.at, actor=first.actor)
    if settled is None:
        return step, []
    return Step(settled.posting, (*step.events, *settled.events)), list(settled.writes)


def step_writes(before: Posting, step: Step) -> list[Write]:
    """What a step changes: the posting, its events, and how it left; leaving the house says what that cost or saved."""
    first, *others = step.events
    money = outcome_data(outcome_of(before, step.posting, first.at))
    happened = (replace(first, data={**first.data, **money}), *others)
    events = AppendEvents(before.seller, posting_ref(before.number), step.posting.version, happened)
    return [SavePosting(step.posting), events, *book_outcome(before, step.posting, first.at)]


def work_posting(command: WorkCommand, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Carry a command out in one transaction with its event; version conflicts are decided anew."""

    def once() -> Answer:
        posting = load_posting(store, command.seller, command.number)
        check_version(posting, command.if_match)
        if command.command is Command.PACK and posting.assembled_at is None:
            from shipby.application.postings.exemplars import refuse_unmet  # only packing needs it: cold starts

            detail = store.detail(command.seller, command.number)
            refuse_unmet(posting, detail, store=store, entered=True)
        step = carry_out(
            posting,
            command.command,
            at=clock.now(),
            actor=command.actor,
            reason=command.reason,
            passed=command.passed,
        )
        step, goods = with_goods(posting, step, store=store)
        answer = Answer(200, posting_view(step.posting))
        store.commit([*step_writes(posting, step), *goods, *remember(answer)])
        return answer

    return decide_anew(once)
