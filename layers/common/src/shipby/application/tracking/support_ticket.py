"""What the marketplace refuses to change: the same wish as a ticket to its support, with what was tried."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.application.intents.replace_tracking import normalise
from shipby.application.intents.request_intent import OFFERED_AS
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.ticket import Ticket, ticket_text


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWish:
    """What is wanted; what is left out is taken from the newest refused change."""

    seller: str
    number: str
    tracking_number: str = ""
    reason: str = ""
    language: str = ""


def support_ticket(wish: TicketWish, *, store: Store) -> dict[str, Json]:
    """The ticket's subject and text; nothing is changed or sent.

    Raises NotFoundError, InvalidInputError (no number is wanted and none was refused), ActionNotOfferedError where the
    marketplace takes the number by itself: then ask it first.
    """
    posting = load_posting(store, wish.seller, wish.number)
    changes = [
        intent
        for intent in store.intents(wish.seller, posting_ref(wish.number))
        if intent.action is IntentAction.SET_TRACKING
    ]
    refused = next((one for one in reversed(changes) if one.state is IntentState.REJECTED), None)
    wanted = normalise(wish.tracking_number) if wish.tracking_number.strip() else _wanted(refused)
    of_this = refused if refused is not None and _wanted(refused) == wanted else None
    detail = store.detail(wish.seller, wish.number)
    offered = set(OFFERED_AS[IntentAction.SET_TRACKING]) & set(detail.actions if detail else ())
    if offered and of_this is None:
        raise ActionNotOfferedError(
            f"the marketplace takes a number for posting {posting.number}: set it, a ticket is for what it refuses",
            offered=[f"PUT /v1/postings/{posting.number}/tracking-number"],
        )
    request = of_this.request if of_this else {}
    proof = request.get("evidence")
    settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
    ticket = Ticket(
        posting_number=posting.number,
        present=posting.tracking_number,
        wanted=wanted,
        carrier=str(request.get("carrier") or ""),
        kind=ChangeReason(str(request.get("kind") or ChangeReason.OTHER)),
        reason=wish.reason or (of_this.reason if of_this else ""),
        answer=of_this.outcome if of_this else "",
        former=tuple(change.old for change in store.tracking_history(wish.seller, wish.number) if change.old),
        evidence=tuple(map(str, proof)) if isinstance(proof, list) else (),
    )
    language = wish.language or settings.language
    subject, text = ticket_text(ticket, language)
    return {
        "posting_number": posting.number,
        "language": language,
        "subject": subject,
        "text": text,
        "intent": of_this.id if of_this else None,
    }


def _wanted(refused: Intent | None) -> str:
    if refused is None:
        raise InvalidInputError(
            "no change of this posting's number was refused", errors=[("tracking_number", "say which number is wanted")]
        )
    return str(refused.request["tracking_number"])
