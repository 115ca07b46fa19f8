"""Set or replace a tracking number: one request for both.

The number is judged by the directory of carriers, and against every number that another posting of the seller has or
had. What can only be wrong is refused; what is doubtful, or wanted so by the seller's policy, waits for a second
person. The number is claimed from the moment it is asked for, and a posting has one open change at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.carriers.directory import carriers_of
from shipby.application.intents.cases import proposal_case
from shipby.application.intents.proposals import proposed
from shipby.application.intents.request_intent import Wish, check_offered, prepare_intent
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, SaveIntent, SavePosting
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors, pointers
from shipby.domain.carriers.numbers import Judged, cleaned, judge, trouble_of
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import (
    POINTER_TAKEN,
    ActionNotOfferedError,
    AlreadyExistsError,
    InvalidInputError,
    PreconditionFailedError,
)
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, MarketplacePosting, Posting, Stage
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import NumberApproval, SellerSettings

JUST_NOW = timedelta(minutes=1)
"""Who did not see a change that somebody else made so short a time ago has decided on another number."""
HAD_IT = "it was this posting's own number before"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTracking:
    """The new number of a posting, who wants it and why. `carrier` is the seller's own name of the carrier."""

    seller: str
    number: str
    tracking_number: str
    actor: str
    reason: str
    carrier: str = ""
    kind: ChangeReason = ChangeReason.OTHER
    evidence: tuple[str, ...] = ()
    seen_again: bool = False
    """Whether items and address were looked at again."""
    replaces: str | None = None
    """The number that the caller has seen; None: not said."""
    if_match: int | None = None
    mark: str = ""
    """`<job>/<row>` where a file asks for it: by it a row finds what it asked for before."""


def normalise(text: str) -> str:
    """A tracking number as carriers print it: capitals, no spaces.

    Raises InvalidInputError if it cannot be one, with the reason: too short or long, other signs than A-Z, 0-9 and '-',
    letters of another script, or what a spreadsheet made of it.
    """
    if (trouble := trouble_of(text)) is not None:
        raise InvalidInputError(trouble[1], errors=[("tracking_number", trouble[1])])
    return cleaned(text)


def replace_tracking(new: NewTracking, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a new number: the number is claimed and the intent written in one transaction.

    The answer's intent is PENDING, or PROPOSED where a second person has to agree. Raises InvalidInputError,
    NotFoundError, ActionNotOfferedError (not offered, another change is open, it has the number already),
    AlreadyExistsError (another posting has or had it), PreconditionFailedError (somebody changed it meanwhile).
    """
    check_reason(new)

    def once() -> Answer:
        posting = load_posting(store, new.seller, new.number)
        now = clock.now()
        judged = check_number(new, posting, store=store, now=now)
        settings = store.settings(new.seller) or SellerSettings(seller=new.seller)
        doubts = doubts_of(judged, posting, store)
        wish = _wish(new, judged, doubts, posting)
        noted, intent, event, writes = prepare_intent(posting, wish, settings, store=store, now=now)
        if needs_second_word(posting, doubts, settings):
            intent = proposed(intent, now)
            event = _proposal(event, doubts)
            writes = [SaveIntent(intent), *proposal_case(intent, store=store, now=now)]
        noted = rewind(replace(noted, version=posting.version + 1))
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        events = AppendEvents(new.seller, posting_ref(new.number), noted.version, (event,))
        claim = ClaimPointer(new.seller, pointers.TRACKING, judged.number, new.number)
        store.commit([SavePosting(noted), events, *writes, claim, *remember(answer)])
        return answer

    return decide_anew(once)


def check_reason(new: NewTracking) -> None:
    """Raises InvalidInputError without a reason in words."""
    if not new.reason.strip():
        raise InvalidInputError("a tracking number needs a reason", errors=[("reason", "say why it is set or changed")])


def check_number(new: NewTracking, posting: Posting, *, store: Store, now: datetime) -> Judged:
    """The number as it was judged, or what `replace_tracking` raises; nothing is changed."""
    carriers = carriers_of(new.seller, store)
    judged = judge(new.tracking_number, carriers, named=new.carrier, on=now.date())
    if judged.refused:
        raise InvalidInputError(judged.refused[0][1], errors=[("tracking_number", text) for _, text in judged.refused])
    check_version(posting, new.if_match)
    _check_not_overtaken(new, posting, store, now)
    if posting.tracking_number == judged.number:
        raise ActionNotOfferedError(f"posting {new.number} already has the tracking number {judged.number}")
    detail = store.detail(new.seller, new.number, of=posting)
    _check_offered(posting, detail)
    # In this order: a number that moves from present to former meanwhile is seen in one of them.
    owner = store.find(new.seller, pointers.TRACKING, judged.number)
    if owner not in (None, new.number):
        raise AlreadyExistsError(f"tracking number {judged.number} belongs to posting {owner}", what=POINTER_TAKEN)
    former = store.find(new.seller, pointers.FORMER_TRACKING, judged.number)
    if former not in (None, new.number):
        raise AlreadyExistsError(
            f"tracking number {judged.number} was the number of posting {former} before: its scans are of that parcel",
            what=POINTER_TAKEN,
        )
    return judged


def _check_offered(posting: Posting, detail: MarketplacePosting | None) -> None:
    try:
        check_offered(posting, IntentAction.SET_TRACKING, detail.actions if detail else ())
    except ActionNotOfferedError as error:
        if posting.stage in FINAL or posting.stage is Stage.EXPIRED or open_of(posting, IntentAction.SET_TRACKING):
            raise
        ticket = f"/v1/postings/{posting.number}/tracking-ticket"
        raise ActionNotOfferedError(
            f"{error}; GET {ticket} has a ticket to its support", offered=error.offered
        ) from error


def _check_not_overtaken(new: NewTracking, posting: Posting, store: PostingReads, now: datetime) -> None:
    """Of two people who set a number at the same moment one wins; the other is told, and looks again."""
    if new.replaces is not None:
        seen = "".join(new.replaces.split()).upper()
        if seen != posting.tracking_number:
            raise PreconditionFailedError(
                f"posting {posting.number} has the tracking number {posting.tracking_number or 'none'}, not "
                f"{seen or 'none'}: read it again"
            )
        return
    if new.if_match is not None or not posting.tracking_count:
        return
    last = store.tracking_history(posting.seller, posting.number)[-1:]
    by_another = bool(last) and actors.is_person(last[0].asked_by) and last[0].asked_by != new.actor
    if by_another and now - JUST_NOW < last[0].at <= now:
        raise PreconditionFailedError(
            f"posting {posting.number} has just got the tracking number {last[0].new} from somebody else: read it "
            "again, and name it as `replaces` if it is still wrong"
        )


def doubts_of(judged: Judged, posting: Posting, store: Pointers) -> tuple[str, ...]:
    """What speaks against a number without proving it wrong, in words."""
    doubts = [text for _, text in judged.doubtful]
    had = store.find(posting.seller, pointers.FORMER_TRACKING, judged.number) == posting.number
    # One that was replaced in the cabinet keeps its pointer, for it was never given up by us.
    had = had or (bool(posting.tracking_count) and _points_here(judged.number, posting, store))
    if had:
        doubts.append(HAD_IT)
    return tuple(doubts)


def _points_here(number: str, posting: Posting, store: Pointers) -> bool:
    return store.find(posting.seller, pointers.TRACKING, number) == posting.number


def needs_second_word(posting: Posting, doubts: tuple[str, ...], settings: SellerSettings) -> bool:
    """Whether a second person has to agree, by the seller's policy."""
    match policy_for(posting, settings).approve_numbers:
        case NumberApproval.NEVER:
            return False
        case NumberApproval.REPLACEMENTS:
            return bool(doubts or posting.tracking_number)
        case _:
            return bool(doubts)


def _wish(new: NewTracking, judged: Judged, doubts: tuple[str, ...], posting: Posting) -> Wish:
    request: dict[str, Json] = {"tracking_number": judged.number, "carrier": new.carrier or judged.carrier}
    # What is not said is not in it: its hash stays what it was.
    more: Mapping[str, Json] = {
        "kind": "" if new.kind is ChangeReason.OTHER else new.kind,
        "evidence": list(new.evidence),
        "doubts": list(doubts),
        "seen_again": new.seen_again,
        "replaces": posting.tracking_number,
        "row": new.mark,
    }
    return Wish(
        seller=new.seller,
        number=new.number,
        action=IntentAction.SET_TRACKING,
        request=request | {name: value for name, value in more.items() if value},
        actor=new.actor,
        reason=new.reason,
        if_match=new.if_match,
    )


def _proposal(event: Event, doubts: tuple[str, ...]) -> Event:
    why = "; ".join(doubts) or "every replacement needs a second person, by your settings"
    return replace(event, type=EventType.INTENT_PROPOSED, data={**event.data, "why": why[:300]})
