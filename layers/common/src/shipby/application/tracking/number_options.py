"""The option card of a posting without a number that the marketplace takes: what each way costs, and the choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.carriers.directory import carriers_of
from shipby.application.cases.opening import closing, find_open_case, opening
from shipby.application.deadlines.ring_posting import offers_of
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import EvidenceReads
from shipby.application.ports.papers import CarrierReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCase, SavePosting, Write
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import money_view, time_text
from shipby.domain.carriers.directory import find
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter, restated
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.policy import CANCEL_OFFER
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import Event, EventType, case_ref, posting_ref
from shipby.domain.evidence.pieces import EvidenceKind
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, Posting, RungKind
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.way_out import CancelTold, Option, WayOut, options, quotes_of

WAIT = timedelta(days=1)
"""How long a person waits who does not say until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWish:
    """Whose card; `grams` of the parcel, None: as it was weighed last. `lane` such as CN-RU picks price lists."""

    seller: str
    number: str
    grams: int | None = None
    lane: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a person chose, and why. `until` is for waiting, `carrier` for another carrier, the rest for a cancel."""

    card: CardWish
    way: WayOut
    actor: str
    reason: str
    until: datetime | None = None
    carrier: str = ""
    reason_id: int = 0
    accept_forecast: bool = False
    if_match: int | None = None


def number_options(wish: CardWish, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Wait, another carrier, cancel: each with price and clock, or why it is none. Raises NotFoundError."""
    posting = load_posting(store, wish.seller, wish.number)
    card, grams = _card(posting, wish, store, clock.now())
    matter = Matter(seller=wish.seller, kind=CaseKind.NO_NUMBER, subject=wish.number)
    known = find_open_case(store, matter)
    return {
        "posting_number": posting.number,
        "version": posting.version,
        "tracking_number": posting.tracking_number or None,
        "grams": grams,
        "case": known.id if known else None,
        "options": [_option_view(one) for one in card],
    }


def choose_way(chosen: Chosen, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Note the choice with its clock in the posting's case; a cancel is asked for as any other, under its guard.

    Raises NotFoundError, PreconditionFailedError, ActionNotOfferedError (this way is none, with the reason),
    InvalidInputError (no or too late a time, an unknown carrier, no reason to cancel), and as `request_intent`.
    """
    if chosen.way is WayOut.CANCEL:
        return _cancel(chosen, remember, store=store, clock=clock)

    def once() -> Answer:
        posting = load_posting(store, chosen.card.seller, chosen.card.number)
        check_version(posting, chosen.if_match)
        now = clock.now()
        option = _offered(posting, chosen, store, now)
        told, until = _wait(option, chosen, now) if chosen.way is WayOut.WAIT else _carrier(option, chosen, store, now)
        data: dict[str, Json] = {"way": chosen.way, "until": time_text(until), "carrier": chosen.carrier or None}
        event = Event(type=EventType.POSTING_WAY_OUT, at=now, actor=chosen.actor, reason=chosen.reason, data=data)
        noted = rewind(replace(posting, version=posting.version + 1))
        identifier, writes = _case(posting, f"{told}: {chosen.reason}", until, chosen.actor, store, now)
        answer = Answer(200, _chosen_view(chosen, until, identifier, None))
        appended = AppendEvents(posting.seller, posting_ref(posting.number), noted.version, (event,))
        store.commit([SavePosting(noted), appended, *writes, *remember(answer)])
        return answer

    return decide_anew(once)


def _offered(posting: Posting, chosen: Chosen, store: Store, now: datetime) -> Option:
    card, _ = _card(posting, chosen.card, store, now)
    option = next(one for one in card if one.way is chosen.way)
    if not option.offered:
        others = [one.way for one in card if one.offered]
        raise ActionNotOfferedError(
            f"posting {posting.number} has no way out by {chosen.way}: {option.why_not}", offered=others
        )
    return option


def _wait(option: Option, chosen: Chosen, now: datetime) -> tuple[str, datetime]:
    until = chosen.until or (min(now + WAIT, option.until) if option.until else now + WAIT)
    if until <= now:
        raise InvalidInputError("that time has passed", errors=[("until", "name a time to come, or leave it out")])
    if option.until is not None and until > option.until:
        end = f"{time_text(option.until)} ({option.until_is})"
        raise InvalidInputError(
            f"the posting is lost at {end}: it cannot wait longer", errors=[("until", f"at the latest {end}")]
        )
    return f"a person waits for a number until {time_text(until)}", until


def _carrier(option: Option, chosen: Chosen, store: CarrierReads, now: datetime) -> tuple[str, datetime]:
    carriers = carriers_of(chosen.card.seller, store)
    carrier = find(chosen.carrier, carriers) if chosen.carrier.strip() else None
    quoted = {quote.carrier for quote in option.quotes}
    if carrier is None or carrier.code not in quoted:
        names = ", ".join(sorted(quoted))
        problem = f"the carriers that may take it are {names}"
        raise InvalidInputError(f"{chosen.carrier!r} cannot take this parcel", errors=[("carrier", problem)])
    until = min(now + WAIT, option.until) if option.until else now + WAIT
    told = f"a person sends it with {carrier.name('en')}: set its number with kind other_carrier by {time_text(until)}"
    return told, until


def _case(
    posting: Posting, reason: str, until: datetime, actor: str, store: Store, now: datetime
) -> tuple[str, list[Write]]:
    """The posting's case with what was chosen, told again when its time is over."""
    settings = store.settings(posting.seller) or SellerSettings(seller=posting.seller)
    matter = Matter(seller=posting.seller, kind=CaseKind.NO_NUMBER, subject=posting.number)
    owner, alarm = owner_of(posting, settings), Alarm(due=until, kind=RungKind.CASE_DUE)
    if (known := find_open_case(store, matter)) is not None:
        case, event = restated(known, reason=reason, owner=owner, at=now, actor=actor)
        told = AppendEvents(case.seller, case_ref(case.id), case.version, (event,))
        return case.id, [SaveCase(replace(case, next_alarm=alarm)), told]
    identifier, writes = opening(
        store,
        seller=posting.seller,
        kind=matter.kind,
        subject=matter.subject,
        reason=reason,
        owner=owner,
        now=now,
        actor=actor,
    )
    timed = [SaveCase(replace(one.case, next_alarm=alarm)) if isinstance(one, SaveCase) else one for one in writes]
    return identifier, timed


def _cancel(chosen: Chosen, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    if not chosen.reason_id:
        told = "name one that the marketplace offers for this posting"
        raise InvalidInputError("a cancel needs the marketplace's reason", errors=[("reason_id", told)])
    posting = load_posting(store, chosen.card.seller, chosen.card.number)
    _offered(posting, chosen, store, clock.now())
    answer: list[Answer] = []

    def also(intent: Answer) -> list[Write]:
        """The end of the case and the answer belong into the transaction that asks for the cancel."""
        identifier = str(intent.body["id"])
        answer[:] = [Answer(200, _chosen_view(chosen, None, None, identifier))]
        ended = closing(
            store,
            seller=chosen.card.seller,
            kind=CaseKind.NO_NUMBER,
            subject=chosen.card.number,
            resolution=f"a person cancels it ({identifier}): {chosen.reason}",
            now=clock.now(),
            actor=chosen.actor,
        )
        return [*ended, *remember(answer[0])]

    wish = Wish(
        seller=chosen.card.seller,
        number=chosen.card.number,
        action=IntentAction.CANCEL,
        request={"reason_id": chosen.reason_id, "message": ""},
        actor=chosen.actor,
        reason=f"no tracking number to be had: {chosen.reason}",
        if_match=chosen.if_match,
        accept_forecast=chosen.accept_forecast,
    )
    request_intent(wish, also, store=store, clock=clock)
    return answer[0]


def _card(posting: Posting, wish: CardWish, store: Store, now: datetime) -> tuple[tuple[Option, ...], int | None]:
    carriers = carriers_of(posting.seller, store)
    detail = store.detail(posting.seller, posting.number)
    history = store.tracking_history(posting.seller, posting.number)
    named = (history[-1].carrier if history else "") or (detail.carrier if detail else "")
    present = find(named, carriers) if named else None
    grams = wish.grams if wish.grams is not None else _weighed(posting, store)
    quotes = quotes_of(carriers, present.code if present else "", grams=grams, lane=wish.lane, on=now.date())
    offers = offers_of(posting, store=store, now=now)
    cancel = CancelTold(
        offered=CANCEL_OFFER in offers.actions,
        fee=offers.cancel_fee,
        note=offers.cancel_note,
    )
    return options(posting, quotes, cancel, at=now), grams


def _weighed(posting: Posting, store: EvidenceReads) -> int | None:
    """What a scale showed last."""
    for item in reversed(store.evidence(posting.seller, posting.number)):
        grams = item.data.get("grams")
        if item.kind is EvidenceKind.WEIGHT and isinstance(grams, int):
            return grams
    return None


def _option_view(option: Option) -> dict[str, Json]:
    return {
        "way": option.way,
        "offered": option.offered,
        "why_not": option.why_not or None,
        "price": money_view(option.price),
        "next_price": money_view(option.next_price),
        "next_at": time_text(option.next_at),
        "until": time_text(option.until),
        "until_is": option.until_is or None,
        "note": option.note or None,
        "carriers": [
            {
                "carrier": quote.carrier,
                "price": money_view(quote.price),
                "contacts": dict(quote.contacts),
                "pickup_times": list(quote.pickup_times),
            }
            for quote in option.quotes
        ],
    }


def _chosen_view(chosen: Chosen, until: datetime | None, case: str | None, intent: str | None) -> dict[str, Json]:
    return {
        "posting_number": chosen.card.number,
        "way": chosen.way,
        "until": time_text(until),
        "carrier": chosen.carrier or None,
        "case": case,
        "intent": intent,
    }
