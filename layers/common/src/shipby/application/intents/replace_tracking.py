"""Set or replace a tracking number: checked, unique, with its history, and only while the marketplace offers it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from shipby.application.intents.request_intent import Wish, check_offered, prepare_intent
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, SavePosting
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain import pointers
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import ActionNotOfferedError, AlreadyExistsError, InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.intents import IntentAction
from shipby.domain.sellers.settings import SellerSettings

_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{4,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTracking:
    """The new number of a posting, who wants it and why. `carrier` is the seller's own name of the carrier."""

    seller: str
    number: str
    tracking_number: str
    actor: str
    reason: str
    carrier: str = ""
    if_match: int | None = None


def normalise(text: str) -> str:
    """A tracking number as carriers print it: capitals, no spaces.

    Raises InvalidInputError if it cannot be one (5 to 40 of A-Z, 0-9 and '-').
    """
    number = "".join(text.split())
    # Looked at before it is written in capitals: some letters of other scripts become Latin ones by that.
    if not number.isascii() or not _NUMBER.fullmatch(number := number.upper()):
        raise InvalidInputError(
            f"{text[:60]!r} is not a tracking number",
            errors=[("tracking_number", "5 to 40 Latin letters, digits and '-'")],
        )
    return number


def replace_tracking(new: NewTracking, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a new number: the number is claimed and the intent written in one transaction.

    Raises InvalidInputError, NotFoundError, ActionNotOfferedError, AlreadyExistsError (another posting has it).
    """
    wanted = normalise(new.tracking_number)
    if not new.reason.strip():
        raise InvalidInputError("a tracking number needs a reason", errors=[("reason", "say why it is set or changed")])
    wish = Wish(
        seller=new.seller,
        number=new.number,
        action=IntentAction.SET_TRACKING,
        request={"tracking_number": wanted, "carrier": new.carrier},
        actor=new.actor,
        reason=new.reason,
        if_match=new.if_match,
    )

    def once() -> Answer:
        posting = load_posting(store, new.seller, new.number)
        check_version(posting, new.if_match)
        if posting.tracking_number == wanted:
            raise ActionNotOfferedError(f"posting {new.number} already has the tracking number {wanted}")
        detail = store.detail(new.seller, new.number)
        check_offered(posting, wish.action, detail.actions if detail else ())
        owner = store.find(new.seller, pointers.TRACKING, wanted)
        if owner not in (None, new.number):
            raise AlreadyExistsError(f"tracking number {wanted} belongs to posting {owner}", what="FIND")
        settings = store.settings(new.seller) or SellerSettings(seller=new.seller)
        noted, intent, event, writes = prepare_intent(posting, wish, settings, store=store, now=clock.now())
        noted = rewind(replace(noted, version=posting.version + 1))
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        events = AppendEvents(new.seller, posting_ref(new.number), noted.version, (event,))
        claim = ClaimPointer(new.seller, pointers.TRACKING, wanted, new.number)
        store.commit([SavePosting(noted), events, *writes, claim, *remember(answer)])
        return answer

    return decide_anew(once)
