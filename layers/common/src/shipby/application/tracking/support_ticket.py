"""What the marketplace refuses to change: the same wish as a ticket to its support, with what was tried, and with all
that proves it as files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from shipby.application.evidence.packs import PackWish, request_pack
from shipby.application.evidence.views import pack_view
from shipby.application.intents.replace_tracking import normalise
from shipby.application.intents.request_intent import OFFERED_AS
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import EvidenceReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.evidence.pieces import EvidencePack, PackState
from shipby.domain.intents import REJECTED_BY, Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting
from shipby.domain.postings.tracking import ChangeReason, TrackingChange
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.ticket import Ticket, ticket_text

_MOST_PACKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWish:
    """What is wanted; what is left out is taken from the newest refused change."""

    seller: str
    number: str
    tracking_number: str = ""
    reason: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Made:
    """A ticket in words, with what it hangs on."""

    language: str
    subject: str
    text: str
    intent: str
    pack: str
    """Id of the evidence pack that goes with exactly these words and this evidence."""


def support_ticket(wish: TicketWish, *, store: Store) -> dict[str, Json]:
    """The ticket's subject and text, and where its files are; nothing is changed or sent.

    Raises NotFoundError, InvalidInputError (no number is wanted and none was refused), ActionNotOfferedError where the
    marketplace takes the number by itself: then ask it first.
    """
    made = _make(wish, store)
    pack, _ = _newest(wish.seller, made, store)
    return {
        "posting_number": wish.number,
        "language": made.language,
        "subject": made.subject,
        "text": made.text,
        "intent": made.intent or None,
        "evidence_pack": f"/v1/evidence-packs/{pack.id}" if pack else None,
    }


def ticket_files(wish: TicketWish, actor: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Have the ticket and its evidence made into a PDF and a ZIP: 202 with the pack's place.

    The same ticket with the same evidence has one pack, whoever asks. Raises what `support_ticket` raises.
    """
    made = _make(wish, store)
    pack, free = _newest(wish.seller, made, store)
    if pack is not None:
        answer = Answer(202, pack_view(pack), f"/v1/evidence-packs/{pack.id}")
        if writes := remember(answer):
            store.commit(writes)
        return answer
    asked = PackWish(
        seller=wish.seller,
        number=wish.number,
        actor=actor,
        purpose=made.subject,
        ticket=f"{made.subject}\n\n{made.text}\n",
        identifier=free,
    )
    return request_pack(asked, remember, store=store, clock=clock)


def _newest(seller: str, made: _Made, store: EvidenceReads) -> tuple[EvidencePack | None, str]:
    """The ticket's pack if one is there or being made, and the id that a new one would have: packs expire."""
    for taken in range(_MOST_PACKS):
        identifier = f"{made.pack}{taken:02d}"
        pack = store.evidence_pack(seller, identifier)
        if pack is None or pack.state not in (PackState.EXPIRED, PackState.FAILED):
            return pack, identifier
    raise InvalidInputError(f"the ticket of {made.subject} has {_MOST_PACKS} packs already", errors=[])


def _make(wish: TicketWish, store: Store) -> _Made:
    posting = load_posting(store, wish.seller, wish.number)
    refused = next(
        (one for one in reversed(store.intents(wish.seller, posting_ref(wish.number))) if _by_marketplace(one)), None
    )
    wanted = normalise(wish.tracking_number) if wish.tracking_number.strip() else _wanted(refused)
    of_this = refused if refused is not None and _wanted(refused) == wanted else None
    detail = store.detail(wish.seller, wish.number)
    offered = set(OFFERED_AS[IntentAction.SET_TRACKING]) & set(detail.actions if detail else ())
    if offered and of_this is None:
        raise ActionNotOfferedError(
            f"the marketplace takes a number for posting {posting.number}: set it, a ticket is for what it refuses",
            offered=[f"PUT /v1/postings/{posting.number}/tracking-number"],
        )
    history = store.tracking_history(wish.seller, wish.number)
    settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
    language = wish.language or settings.language
    subject, text = ticket_text(_ticket(wish, posting, wanted, of_this, history), language)
    chain = store.evidence_chain(wish.seller, wish.number)
    seed = "\n".join([wish.seller, subject, text, of_this.id if of_this else "", chain.hash if chain else ""])
    return _Made(
        language=language,
        subject=subject,
        text=text,
        intent=of_this.id if of_this else "",
        pack=hashlib.sha256(seed.encode()).hexdigest()[:18],
    )


def _by_marketplace(intent: Intent) -> bool:
    """Whether a change of the number came to nothing there; what a second person did not let go never was there."""
    return (
        intent.action is IntentAction.SET_TRACKING
        and intent.state is IntentState.REJECTED
        and not intent.read_back.get(REJECTED_BY)
    )


def _ticket(
    wish: TicketWish, posting: Posting, wanted: str, refused: Intent | None, history: Sequence[TrackingChange]
) -> Ticket:
    request = refused.request if refused else {}
    proof = request.get("evidence")
    return Ticket(
        posting_number=posting.number,
        present=posting.tracking_number,
        wanted=wanted,
        carrier=str(request.get("carrier") or ""),
        kind=ChangeReason(str(request.get("kind") or ChangeReason.OTHER)),
        reason=wish.reason or (refused.reason if refused else ""),
        answer=refused.outcome if refused else "",
        former=tuple(change.old for change in history if change.old not in ("", change.new)),
        evidence=tuple(map(str, proof)) if isinstance(proof, list) else (),
    )


def _wanted(refused: Intent | None) -> str:
    if refused is None:
        raise InvalidInputError(
            "no change of this posting's number was refused", errors=[("tracking_number", "say which number is wanted")]
        )
    return str(refused.request["tracking_number"])
