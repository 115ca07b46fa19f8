"""Asking for an evidence pack: what the posting's evidence proves at this moment, as a PDF and a ZIP."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from shipby.application.evidence.views import pack_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import CarriageReads
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveEvidencePack
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Event, EventType, evidence_pack_ref
from shipby.domain.evidence.pieces import EvidencePack, PackState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting

_DAYS_APART = 2
"""A posting leaves on the day of its carriage, or about it."""
_MOST_PAGES = 20
"""Of 200 carriages each: more than ten a day for a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackWish:
    """A pack for a claim, a return or a support ticket; `purpose` is shown on it."""

    seller: str
    number: str
    actor: str
    purpose: str = ""
    claim_id: str = ""
    return_id: str = ""
    ticket: str = ""
    """Words that go into the archive as they are."""
    identifier: str = ""
    """Of the pack, where the caller has a reason to know it; it must be free."""


def request_pack(wish: PackWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a pack: 202 with its place; the label worker makes it.

    It holds the chain as it stands now, and what the product itself knows of the posting: a pack without a single
    piece still has the scans at the bench, the label and the history. Raises NotFoundError, InvalidInputError (a claim
    or return of another posting).
    """
    posting = load_posting(store, wish.seller, wish.number)
    _check_matters(wish, store)
    head = store.evidence_chain(wish.seller, wish.number)
    now = clock.now()
    seed = "\n".join([wish.seller, wish.number, wish.actor, now.isoformat(), wish.purpose, wish.claim_id])
    pack = EvidencePack(
        seller=wish.seller,
        id=wish.identifier or hashlib.sha256(seed.encode()).hexdigest()[:20],
        version=1,
        posting_number=wish.number,
        state=PackState.WAITING,
        asked_at=now,
        asked_by=wish.actor,
        purpose=wish.purpose,
        claim_id=wish.claim_id,
        return_id=wish.return_id,
        items=head.version if head else 0,
        chain_hash=head.hash if head else "",
        posting_version=posting.version,
        ticket=wish.ticket,
    )
    carriages = _find_carriages(posting, store)
    data: dict[str, Json] = {"posting": wish.number, "items": pack.items, "carriages": list(carriages)}
    event = Event(type=EventType.PACK_REQUESTED, at=now, actor=wish.actor, data=data)
    answer = Answer(202, pack_view(pack), f"/v1/evidence-packs/{pack.id}")
    appended = AppendEvents(wish.seller, evidence_pack_ref(pack.id), 1, (event,))
    store.commit([SaveEvidencePack(pack), appended, *remember(answer)])
    return answer


def _check_matters(wish: PackWish, store: Store) -> None:
    errors: list[tuple[str, str]] = []
    if wish.claim_id:
        claim = store.claim(wish.seller, wish.claim_id)
        if claim is None or claim.posting_number != wish.number:
            errors.append(("claim_id", f"there is no claim {wish.claim_id} of posting {wish.number}"))
    if wish.return_id:
        case = store.return_case(wish.seller, wish.return_id)
        if case is None or case.posting_number != wish.number:
            errors.append(("return_id", f"there is no return {wish.return_id} of posting {wish.number}"))
    if errors:
        raise InvalidInputError("this pack has nothing to belong to; nothing was started", errors=errors)


def _find_carriages(posting: Posting, store: CarriageReads) -> tuple[str, ...]:
    """The carriages that a posting left with: their ids begin with their day, so that few have to be read."""
    if posting.handed_over_at is None:
        return ()
    days = {
        f"{posting.handed_over_at + timedelta(days=apart):%Y%m%d}" for apart in range(-_DAYS_APART, _DAYS_APART + 1)
    }
    found: list[str] = []
    for open_only in (True, False):
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = store.carriages_in(posting.seller, open_only=open_only, limit=200, cursor=cursor)
            for identifier in page.items:
                if identifier.partition("-")[0] not in days:
                    continue
                carriage = store.carriage(posting.seller, identifier)
                if carriage is not None and posting.number in {*carriage.numbers, *carriage.scanned}:
                    found.append(identifier)
            cursor = page.cursor
            if cursor is None:
                break
    return tuple(dict.fromkeys(found))


def carriages_of(pack: EvidencePack, store: HistoryReads) -> tuple[str, ...]:
    """What was found when the pack was asked for; the worker that makes it may not search."""
    for stored in store.events(pack.seller, evidence_pack_ref(pack.id)):
        named = stored.event.data.get("carriages")
        if stored.event.type is EventType.PACK_REQUESTED and isinstance(named, list | tuple):
            return tuple(str(identifier) for identifier in named)
    return ()
