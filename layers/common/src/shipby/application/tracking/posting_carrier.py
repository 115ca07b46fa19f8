"""Whose number a posting has, and how that carrier is reached; one that was named wrongly is corrected with a trace.

The marketplace has no field for a carrier's name: a correction changes nothing there and is kept here alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shipby.application.carriers.directory import carriers_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, AppendTracking, SavePosting
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.carriers.directory import find
from shipby.domain.carriers.numbers import Trouble, judge
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.postings.tracking import ChangeReason, TrackingChange


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierCorrection:
    """The carrier that really has the parcel, and how that is known."""

    seller: str
    number: str
    carrier: str
    """Code, name or alias of the directory."""
    actor: str
    reason: str
    evidence: tuple[str, ...] = ()
    if_match: int | None = None


def posting_carrier(seller: str, number: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """The carrier with its contacts and the number's page; how it is known, and what speaks against it.

    Raises NotFoundError.
    """
    posting = load_posting(store, seller, number)
    return _view(posting, store.tracking_history(seller, number), store, clock.now().date())


def correct_carrier(wish: CarrierCorrection, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Note another carrier for the number that the posting has: a row of its history, and the right contacts.

    Raises NotFoundError, PreconditionFailedError, ActionNotOfferedError (no number, a change of it is open, it is that
    carrier already), InvalidInputError (a carrier nobody knows, or one whose number it cannot be).
    """

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        check_version(posting, wish.if_match)
        _check_open(posting)
        now = clock.now()
        carriers = carriers_of(wish.seller, store)
        carrier = _known(wish.carrier, carriers)
        history = store.tracking_history(wish.seller, wish.number)
        before = _named(posting, history)
        if (known := find(before, carriers) if before else None) is not None and known.code == carrier.code:
            raise ActionNotOfferedError(f"posting {posting.number} is with {carrier.code} already")
        judged = judge(posting.tracking_number, carriers, named=carrier.code, on=now.date())
        # It may have taken the parcel before it retired.
        if wrong := [text for kind, text in judged.refused if kind is not Trouble.RETIRED]:
            raise InvalidInputError(wrong[0], errors=[("carrier", text) for text in wrong])
        change = TrackingChange(
            seller=wish.seller,
            posting_number=wish.number,
            sequence=posting.tracking_count + 1,
            old=posting.tracking_number,
            new=posting.tracking_number,
            carrier=carrier.code,
            reason=wish.reason,
            asked_by=wish.actor,
            at=now,
            kind=ChangeReason.OTHER_CARRIER,
            evidence=wish.evidence,
            doubts=tuple(text for _, text in judged.doubtful),
            asked_at=now,
        )
        data: dict[str, Json] = {"number": change.new, "before": before or None, "carrier": carrier.code}
        event = Event(
            type=EventType.TRACKING_CARRIER_CORRECTED, at=now, actor=wish.actor, reason=wish.reason, data=data
        )
        noted = rewind(replace(posting, version=posting.version + 1, tracking_count=change.sequence))
        answer = Answer(200, _view(noted, [*history, change], store, now.date()))
        appended = AppendEvents(wish.seller, posting_ref(wish.number), noted.version, (event,))
        store.commit([SavePosting(noted), appended, AppendTracking(change), *remember(answer)])
        return answer

    return decide_anew(once)


def _check_open(posting: Posting) -> None:
    if not posting.tracking_number:
        raise ActionNotOfferedError(
            f"posting {posting.number} has no tracking number yet: name the carrier when you set one",
            offered=[f"PUT /v1/postings/{posting.number}/tracking-number"],
        )
    if waiting := open_of(posting, IntentAction.SET_TRACKING):
        raise ActionNotOfferedError(
            f"a change of the number of posting {posting.number} is open: wait until it is settled",
            offered=[f"/v1/intents/{intent}" for intent in waiting],
        )


def _known(text: str, carriers: Mapping[str, Carrier]) -> Carrier:
    carrier = find(text, carriers) if text.strip() else None
    if carrier is None:
        problem = "not in the directory: GET /v1/carriers shows it, PUT /v1/carriers/{code} adds one"
        raise InvalidInputError(f"nobody knows the carrier {text[:40]!r}", errors=[("carrier", problem)])
    return carrier


def _named(posting: Posting, history: Sequence[TrackingChange]) -> str:
    """The carrier that was last named for the present number."""
    of_this = [change.carrier for change in history if change.new == posting.tracking_number and change.carrier]
    return of_this[-1] if of_this else ""


def _view(posting: Posting, history: Sequence[TrackingChange], store: Store, today: date) -> dict[str, Json]:
    carriers = carriers_of(posting.seller, store)
    detail = store.detail(posting.seller, posting.number)
    named, known_by = _whose(posting, history, detail)
    carrier = find(named, carriers) if named else None
    judged = judge(posting.tracking_number, carriers, named=named, on=today) if posting.tracking_number else None
    if carrier is None and judged is not None and judged.carrier:
        carrier, known_by = carriers.get(judged.carrier), "format"
    last = next((change for change in reversed(history) if change.old == change.new), None)
    return {
        "posting_number": posting.number,
        "version": posting.version,
        "tracking_number": posting.tracking_number or None,
        "carrier": carrier.code if carrier else None,
        "named": named or None,
        "known_by": known_by if carrier or named else None,
        "names": dict(carrier.names) if carrier else {},
        "contacts": dict(carrier.contacts) if carrier else {},
        "tracking_page": (carrier.link(posting.tracking_number) or None)
        if carrier and posting.tracking_number
        else None,
        "problems": [text for _, text in (*judged.refused, *judged.doubtful)] if judged else [],
        "others": list(judged.others) if judged else [],
        "corrected_at": time_text(last.at) if last else None,
    }


def _whose(posting: Posting, history: Sequence[TrackingChange], detail: MarketplacePosting | None) -> tuple[str, str]:
    if named := _named(posting, history):
        return named, "named"
    return (detail.carrier, "marketplace") if detail and detail.carrier else ("", "")
