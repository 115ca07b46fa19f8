"""A person lets an order go on although something does not fit: for exactly that, and with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.cases.held import commit
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.validation.check import limits_known, settled, verdict_on
from shipby.application.validation.views import check_view
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Who lets which posting go on, and why."""

    seller: str
    number: str
    actor: str
    reason: str
    if_match: int | None = None


def allow(wish: Allowance, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Lift the stop for what does not fit now, and close its case.

    Raises NotFoundError, PreconditionFailedError, InvalidInputError (no reason), StageMismatchError (nothing stops it).
    """
    if not wish.reason.strip():
        raise InvalidInputError("letting it go on needs a reason", errors=[("reason", "say why it is still sent")])

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        check_version(posting, wish.if_match)
        detail = store.detail(wish.seller, wish.number, of=posting)
        if not posting.holds or detail is None:
            raise StageMismatchError(f"no check stops posting {wish.number}: there is nothing to allow")
        now = clock.now()
        settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
        verdict = verdict_on(posting, detail, settings, store=store, now=now)
        done = settled(
            replace(posting, allowed=verdict.mark), verdict, settings, store=store, now=now, actor=wish.actor
        )
        data: dict[str, Json] = {"codes": list(posting.holds), "mark": verdict.mark}
        event = Event(
            type=EventType.POSTING_CHECKS_ALLOWED, at=now, actor=wish.actor, reason=wish.reason.strip(), data=data
        )
        # The case closes by what was stopped before.
        changed = rewind(replace(done.posting, version=posting.version + 1))
        answer = Answer(200, check_view(changed, verdict, limits_known(detail, settings, store=store, now=now)))
        events = AppendEvents(wish.seller, posting_ref(wish.number), changed.version, (event, *done.events))
        commit(store, [SavePosting(changed), events, *done.writes, *remember(answer)])
        return answer

    return decide_anew(once)
