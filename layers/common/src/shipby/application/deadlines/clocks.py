"""What no event of the marketplace tells: its request for another tracking number, and the buyer's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.application.deadlines.ring_posting import commit_moves, offers_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.postings.views import posting_view
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.policy import choices_event
from shipby.domain.deadlines.workflow import answer_of_buyer, start_tracking_clock, stop_tracking_clock
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead

OLDEST = timedelta(days=90)
"""No posting waits for a number for longer than this: an earlier time is a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCommand:
    """Start the clock of the request for another tracking number at `since`, or stop it (None)."""

    seller: str
    number: str
    actor: str
    since: datetime | None
    reason: str = ""
    if_match: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerAnswer:
    """Whether the buyer of a late posting still wants it. `note` is for the history and holds no personal data."""

    seller: str
    number: str
    actor: str
    wanted: bool
    note: str = ""
    if_match: int | None = None


def set_clock(command: ClockCommand, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Start, move or stop the clock, in one transaction with its event.

    Raises NotFoundError, PreconditionFailedError, StageMismatchError, InvalidInputError (a time to come, or
    more than 90 days ago).
    """

    def once() -> Answer:
        posting = load_posting(store, command.seller, command.number)
        check_version(posting, command.if_match)
        settings = store.settings(command.seller) or SellerSettings(seller=command.seller)
        now = clock.now()
        if command.since is None:
            step = stop_tracking_clock(posting, settings, at=now, actor=command.actor, reason=command.reason)
        elif ahead(command.since, now):
            raise InvalidInputError(
                "a clock cannot have started in the future", errors=[("since", "when the marketplace asked")]
            )
        elif command.since < now - OLDEST:
            raise InvalidInputError(
                f"a clock cannot have started more than {OLDEST.days} days ago",
                errors=[("since", "when the marketplace asked")],
            )
        else:
            step = start_tracking_clock(
                posting, command.since, settings, at=now, actor=command.actor, reason=command.reason
            )
        answer = Answer(200, posting_view(step.posting))
        events = AppendEvents(command.seller, posting_ref(command.number), step.posting.version, step.events)
        store.commit([SavePosting(step.posting), events, *remember(answer)])
        return answer

    return decide_anew(once)


def answer_for_buyer(answer: BuyerAnswer, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Note the buyer's answer. Wanted: it goes to the front. Not wanted: a person sees the choices, or the seller's
    policy cancels it under its cap, the kill switch and the guard of the error index.

    Raises NotFoundError, PreconditionFailedError, StageMismatchError.
    """

    def once() -> Answer:
        posting = load_posting(store, answer.seller, answer.number)
        check_version(posting, answer.if_match)
        settings = store.settings(answer.seller) or SellerSettings(seller=answer.seller)
        now = clock.now()
        offers = offers_of(posting, store=store, now=now)
        step = answer_of_buyer(
            posting, settings, wanted=answer.wanted, offers=offers, at=now, actor=answer.actor, note=answer.note
        )
        shown = choices_event(step.posting, offers, settings, at=now, actor=answer.actor, reason="not cancelled")
        saved, _ = commit_moves(
            step,
            settings,
            store=store,
            now=now,
            also=lambda posting: remember(Answer(200, posting_view(posting))),
            instead=(shown,),
        )
        return Answer(200, posting_view(saved))

    return decide_anew(once)
