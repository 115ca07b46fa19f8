"""Claims: opened from a chat or by hand, answered, withdrawn. Each change is one transaction with its event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import ClaimReads
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, Commits, ReleasePointer, SaveClaim, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import chosen
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.application.shared.views import time_text
from shipby.domain import pointers
from shipby.domain.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PreconditionFailedError,
)
from shipby.domain.events import Event, claim_ref
from shipby.domain.evidence.claims import Asked, Claim, answered, matter_of, opened, withdrawn
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAnswer:
    """A person answered a claim at the marketplace: with which evidence pack, or how."""

    seller: str
    claim_id: str
    actor: str
    pack_id: str = ""
    note: str = ""
    if_match: int | None = None


def open_claim(asked: Asked, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Enter a claim by hand.

    Raises NotFoundError (unknown posting or return), InvalidInputError (times, a return of another posting),
    AlreadyExistsError (a claim of this kind is open for the posting, or this very one was entered before).
    """

    def once() -> Answer:
        _check_known(asked, store)
        if taken := store.find(asked.seller, pointers.CLAIM, asked.matter):
            raise AlreadyExistsError(f"claim {taken} about {asked.matter} is open already", what="CLAIM")
        settings = store.settings(asked.seller) or SellerSettings(seller=asked.seller)
        claim, event = opened(asked, settings, at=clock.now(), actor=actor)
        if store.claim(asked.seller, claim.id) is not None:
            raise AlreadyExistsError(f"claim {claim.id} was entered before", what="CLAIM")
        answer = Answer(200, claim_view(claim))
        _save_new(claim, event, store, also=remember(answer))
        return answer

    return decide_anew(once)


def open_from_chat(asked: Asked, pattern: str, actor: str, *, store: Store, clock: Clock) -> bool:
    """Open a claim for a chat message. True if it is new: the same message never makes two.

    While a claim of the same kind is open for the posting, another message only points to it.
    """
    pointed = f"{asked.source_id} {asked.posting_number}"

    def once() -> bool:
        if store.find(asked.seller, pointers.CLAIM_MESSAGE, pointed):
            return False
        if taken := store.find(asked.seller, pointers.CLAIM, asked.matter):
            store.commit([ClaimPointer(asked.seller, pointers.CLAIM_MESSAGE, pointed, taken)])
            return False
        settings = store.settings(asked.seller) or SellerSettings(seller=asked.seller)
        claim, event = opened(asked, settings, at=clock.now(), actor=actor, recognised_by=pattern)
        _save_new(claim, event, store, also=[ClaimPointer(asked.seller, pointers.CLAIM_MESSAGE, pointed, claim.id)])
        return True

    return decide_anew(once)


def answer_claim(given: ClaimAnswer, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Note that a claim was answered; after its time it is noted as late.

    Raises NotFoundError, InvalidInputError (neither pack nor note, a pack of another posting), StageMismatchError,
    PreconditionFailedError.
    """

    def once() -> Answer:
        claim = load_claim(store, given.seller, given.claim_id)
        _check_version(claim, given.if_match)
        if given.pack_id:
            pack = store.evidence_pack(given.seller, given.pack_id)
            if pack is None or pack.posting_number != claim.posting_number:
                raise InvalidInputError(
                    f"{given.pack_id} is no evidence pack of posting {claim.posting_number}",
                    errors=[("pack_id", "make one with POST /v1/postings/{number}/evidence-packs")],
                )
        change = answered(claim, pack_id=given.pack_id, note=given.note, at=clock.now(), actor=given.actor)
        return _save_ended(change, remember, store)

    return decide_anew(once)


def withdraw_claim(
    seller: str,
    identifier: str,
    reason: str,
    actor: str,
    remember: Remember,
    *,
    store: Store,
    clock: Clock,
    if_match: int | None = None,
) -> Answer:
    """Nobody wants an answer any more. Raises as `answer_claim`."""

    def once() -> Answer:
        claim = load_claim(store, seller, identifier)
        _check_version(claim, if_match)
        return _save_ended(withdrawn(claim, reason=reason, at=clock.now(), actor=actor), remember, store)

    return decide_anew(once)


def load_claim(store: ClaimReads, seller: str, identifier: str) -> Claim:
    """Raises NotFoundError."""
    claim = store.claim(seller, identifier)
    if claim is None:
        raise NotFoundError(f"there is no claim {identifier}; see GET /v1/claims")
    return claim


def release(claim: Claim) -> ReleasePointer:
    """What lets another claim of the same matter be opened, once this one is over."""
    return ReleasePointer(claim.seller, pointers.CLAIM, matter_of(claim), claim.id)


def claim_view(claim: Claim) -> dict[str, Json]:
    """As API clients see it."""
    return {
        "id": claim.id,
        "version": claim.version,
        "kind": claim.kind,
        "state": claim.state,
        "posting_number": claim.posting_number,
        "return_id": claim.return_id or None,
        "asked_at": time_text(claim.asked_at),
        "answer_by": time_text(claim.answer_by),
        "source": claim.source,
        "source_id": claim.source_id or None,
        "actor": claim.actor,
        "note": claim.note or None,
        "pack_id": claim.pack_id or None,
        "answered_at": time_text(claim.answered_at),
        "answered_by": claim.answered_by or None,
        "late": claim.answered_at > claim.answer_by if claim.answered_at else None,
        "reminded_next": time_text(claim.next_alarm.due) if claim.next_alarm else None,
    }


def get_claim(seller: str, identifier: str, *, store: Store) -> dict[str, Json]:
    """With where its time comes from, and whether that is certain. Raises NotFoundError."""
    claim = load_claim(store, seller, identifier)
    first = store.events(seller, claim_ref(identifier))[0].event.data
    return {
        **claim_view(claim),
        "clock": {"source": first["clock_source"], "certain": first["clock_certain"]},
        "recognised_by": first["recognised_by"],
    }


def list_claims(
    seller: str,
    *,
    open_only: bool,
    limit: int,
    cursor: str | None,
    store: ClaimReads,
    posting: str = "",
    due_before: datetime | None = None,
) -> dict[str, Json]:
    """Open claims, earliest answer first, or those that ended; of one posting, or due before a time, where asked."""

    def keep(claim: Claim) -> bool:
        # The index lags: a claim may have ended since.
        in_time = due_before is None or claim.answer_by < due_before
        return claim.open is open_only and posting in ("", claim.posting_number) and in_time

    def ids(most: int, after: str | None) -> Page[str]:
        return store.claims_in(seller, open_only=open_only, limit=most, cursor=after)

    page = chosen(ids, lambda one: store.claim(seller, one), keep, limit=limit, cursor=cursor)
    return {"items": [claim_view(claim) for claim in page.items], "next_cursor": page.cursor}


def _check_known(asked: Asked, store: Store) -> None:
    if store.posting(asked.seller, asked.posting_number) is None:
        raise NotFoundError(f"there is no posting {asked.posting_number}")
    if asked.return_id:
        case = store.return_case(asked.seller, asked.return_id)
        if case is None:
            raise NotFoundError(f"there is no return {asked.return_id}")
        if case.posting_number != asked.posting_number:
            raise InvalidInputError(
                f"return {case.id} is of posting {case.posting_number}", errors=[("return_id", "is of another posting")]
            )


def _check_version(claim: Claim, if_match: int | None) -> None:
    if if_match is not None and claim.version != if_match:
        raise PreconditionFailedError(f"claim {claim.id} is at version {claim.version}, you have {if_match}")


def _save_new(claim: Claim, event: Event, store: Commits, *, also: Sequence[Write]) -> None:
    pointer = ClaimPointer(claim.seller, pointers.CLAIM, matter_of(claim), claim.id)
    with or_decide_anew(f"a claim about {matter_of(claim)} was opened meanwhile: read it again"):
        store.commit([*claim_writes(claim, (event,)), pointer, *also])


def _save_ended(change: tuple[Claim, Event], remember: Remember, store: Commits) -> Answer:
    claim, event = change
    answer = Answer(200, claim_view(claim))
    store.commit([*claim_writes(claim, (event,)), release(claim), *remember(answer)])
    return answer


def claim_writes(claim: Claim, events: tuple[Event, ...]) -> list[Write]:
    """A claim with the events of its version."""
    return [SaveClaim(claim), AppendEvents(claim.seller, claim_ref(claim.id), claim.version, events)]
