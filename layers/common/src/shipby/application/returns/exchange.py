"""An exchange: another posting goes to the buyer instead, and both know of each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, SavePosting, SaveReturn, Write
from shipby.application.postings.work_posting import load_posting
from shipby.application.returns.decisions import load_return
from shipby.application.returns.policies import options_of, with_suggestion
from shipby.application.returns.views import return_view
from shipby.application.returns.work import check_return_version
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain import pointers
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import Event, EventType, posting_ref, return_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import NO_ADDRESS, Posting, Stage
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.settings import SellerSettings

"""The kind of pointer from the posting that goes out to the return that it is for: one posting, one return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """`number` is the posting that goes to the buyer instead; a note alone says that an exchange was promised."""

    seller: str
    return_id: str
    actor: str
    number: str = ""
    note: str = ""
    if_match: int | None = None


def exchange_return(wish: Exchange, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Link a return to the posting that goes out for it, with an event on both.

    Raises NotFoundError (no such return or posting), InvalidInputError, PreconditionFailedError, ActionNotOfferedError
    where the policy forbids it or one of both is linked already.
    """
    if not wish.number and not wish.note.strip():
        raise InvalidInputError(
            "an exchange needs a posting or a note", errors=[("posting_number", "name it, or leave a note")]
        )

    def once() -> Answer:
        case = load_return(store, wish.seller, wish.return_id)
        check_return_version(case, wish.if_match)
        settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
        policy = options_of(case, settings, store=store).policy
        if not policy.exchange:
            raise ActionNotOfferedError(
                f"the return policy {policy.product_type!r} allows no exchange: see GET /v1/return-policies"
            )
        if case.exchange:
            raise ActionNotOfferedError(f"posting {case.exchange} goes to the buyer of return {case.id} already")
        if wish.number and wish.number == case.posting_number:
            raise InvalidInputError(
                f"{wish.number} is the posting that comes back", errors=[("posting_number", "name the new one")]
            )
        now = clock.now()
        data: dict[str, Json] = {"exchange": wish.number or None, "return": case.id, "posting": case.posting_number}
        event = Event(type=EventType.RETURN_EXCHANGED, at=now, actor=wish.actor, reason=wish.note, data=data)
        changed = replace(case, version=case.version + 1, exchange=wish.number)
        changed = with_suggestion(changed, settings, store=store)
        writes: list[Write] = [
            SaveReturn(changed),
            AppendEvents(wish.seller, return_ref(case.id), changed.version, (event,)),
        ]
        if wish.number:
            writes += _on_the_posting(wish, case, event, store)
        answer = Answer(200, return_view(changed))
        store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def _on_the_posting(wish: Exchange, case: ReturnCase, event: Event, store: Store) -> list[Write]:
    taken = store.find(wish.seller, pointers.EXCHANGE, wish.number)
    if taken not in (None, case.id):
        raise ActionNotOfferedError(f"posting {wish.number} goes out for return {taken} already")
    posting = load_posting(store, wish.seller, wish.number)
    if (why := _not_for_this_buyer(posting, case, store)) is not None:
        raise ActionNotOfferedError(f"posting {wish.number} cannot go to the buyer of return {case.id}: {why}")
    noted = rewind(replace(posting, version=posting.version + 1))
    return [
        ClaimPointer(wish.seller, pointers.EXCHANGE, wish.number, case.id),
        SavePosting(noted),
        AppendEvents(wish.seller, posting_ref(wish.number), noted.version, (event,)),
    ]


def _not_for_this_buyer(posting: Posting, case: ReturnCase, store: PostingReads) -> str | None:
    """Why a posting is no exchange for a return; None where nothing that is known speaks against it.

    Nobody tells us who a buyer is: of the same order it is the same one, else what is known of both addresses has to
    agree; where one of them is not told, nothing can be held against it.
    """
    if posting.stage is Stage.CANCELLED:
        return "it was cancelled"
    first, second = (store.detail(posting.seller, number) for number in (case.posting_number, posting.number))
    if first is None or second is None or (first.order_number and first.order_number == second.order_number):
        return None
    known = [one.address for one in (first, second) if one.address not in ("", NO_ADDRESS)]
    if len(known) == 2 and known[0] != known[1]:
        return "it goes to another address; leave a note instead if the buyer has moved"
    return None
