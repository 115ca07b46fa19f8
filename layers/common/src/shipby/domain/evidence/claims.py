"""Claims: somebody wants proof of a posting from the seller, and an answer has a time limit.

The marketplace asks for a packing video through a support chat and gives two days; without an answer it pays the buyer
at the seller's cost. No method and no push tells of it: claims come from chat messages as far as their words are
recognised, and by hand. Source of the period: shipby.domain.deadlines.periods (PACKING_EVIDENCE).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.deadlines.periods import PeriodKind, period
from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings


class ClaimKind(StrEnum):
    """What is asked for."""

    PACKING_EVIDENCE = "packing_evidence"
    """Photos or a video of the packing, weight and label of a parcel said to be incomplete."""
    LOST_OR_DAMAGED = "lost_or_damaged"
    """Our own claim against the carrier or the marketplace."""
    OTHER = "other"


class ClaimState(StrEnum):
    """OPEN until somebody answers or withdraws it; EXPIRED: its time ran out first."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One request for proof. `version` counts its changes."""

    seller: str
    id: str
    version: int
    kind: ClaimKind
    state: ClaimState
    posting_number: str
    asked_at: datetime
    answer_by: datetime
    source: str
    """chat or hand."""
    source_id: str = ""
    """Id of the chat message; the same message never makes two claims."""
    return_id: str = ""
    actor: str = ""
    note: str = ""
    """What a person noted; never the words of the chat."""
    pack_id: str = ""
    """The evidence pack that answers it."""
    answered_at: datetime | None = None
    answered_by: str = ""
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.state is ClaimState.OPEN


FROM_CHAT = "chat"
BY_HAND = "hand"
NAMED = "named by the request"
"""Source of an answer's time, in the event of the claim that was opened."""
AHEAD = timedelta(minutes=5)
"""How far ahead of our clock the asking may lie: clocks differ."""
LONGEST_AGO = timedelta(days=90)
"""A claim that was made earlier is a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerClock:
    """Until when a claim has to be answered, and who says so."""

    by: datetime
    source: str
    certain: bool

    @property
    def data(self) -> dict[str, Json]:
        """As the event of an opened claim keeps it."""
        return {"answer_by": self.by.isoformat(), "clock_source": self.source, "clock_certain": self.certain}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for; `answer_by` only where the request itself names a time."""

    seller: str
    posting_number: str
    kind: ClaimKind
    at: datetime
    source: str
    source_id: str = ""
    return_id: str = ""
    note: str = ""
    answer_by: datetime | None = None

    @property
    def matter(self) -> str:
        """Unique per seller: at most one claim of a kind is open per posting."""
        return f"{self.kind} {self.posting_number}"


def matter_of(claim: Claim) -> str:
    """The matter of a claim that is there already."""
    return f"{claim.kind} {claim.posting_number}"


def claim_id(asked: Asked) -> str:
    """The same message or the same request by hand always gives the same id; it begins with the day of asking."""
    what = asked.source_id or asked.at.isoformat()
    seed = f"{asked.seller}\n{asked.source}\n{what}\n{asked.kind}\n{asked.posting_number}"
    return f"{asked.at:%Y%m%d}-{hashlib.sha256(seed.encode()).hexdigest()[:12]}"


def answer_clock(asked: Asked, settings: SellerSettings) -> AnswerClock:
    """The time that the request names, else the seller's own period, else the market's dated one (uncertain)."""
    if asked.answer_by is not None:
        return AnswerClock(by=asked.answer_by, source=NAMED, certain=True)
    own = settings.answer_claim_within
    if own is not None:
        return AnswerClock(by=asked.at + own, source="settings: answer_claim_within", certain=True)
    known = period(PeriodKind.PACKING_EVIDENCE, settings.market, asked.at.date())
    return AnswerClock(by=known.end(asked.at, settings.time_zone), source=known.source, certain=known.certain)


def opened(
    asked: Asked, settings: SellerSettings, *, at: datetime, actor: str, recognised_by: str = ""
) -> tuple[Claim, Event]:
    """A new claim with its event. `recognised_by` names the pattern of words that a chat message met.

    Raises InvalidInputError for an asking in the future or long ago, or an answer due before it.
    """
    if asked.at > at + AHEAD:
        raise InvalidInputError("a claim is entered after it was made", errors=[("asked_at", "lies in the future")])
    if asked.at < at - LONGEST_AGO:
        raise InvalidInputError(
            f"a claim is at most {LONGEST_AGO.days} days old", errors=[("asked_at", "lies too long ago")]
        )
    if asked.answer_by is not None and asked.answer_by <= asked.at:
        raise InvalidInputError("an answer is due after the asking", errors=[("answer_by", "is not after asked_at")])
    clock = answer_clock(asked, settings)
    claim = Claim(
        seller=asked.seller,
        id=claim_id(asked),
        version=1,
        kind=asked.kind,
        state=ClaimState.OPEN,
        posting_number=asked.posting_number,
        asked_at=asked.at,
        answer_by=clock.by,
        source=asked.source,
        source_id=asked.source_id,
        return_id=asked.return_id,
        actor=actor,
        note=asked.note,
        next_alarm=_first_alarm(clock.by, settings, at),
    )
    more: dict[str, Json] = {**clock.data, "source": asked.source, "recognised_by": recognised_by or None}
    return claim, _event(EventType.CLAIM_OPENED, claim, at=at, actor=actor, more=more)


def answered(claim: Claim, *, pack_id: str, note: str, at: datetime, actor: str) -> tuple[Claim, Event]:
    """The answer was sent. One that is late is noted as late: the cost may still be disputed with it.

    Raises StageMismatchError for a claim that was answered or withdrawn, InvalidInputError without pack and note.
    """
    if claim.state not in (ClaimState.OPEN, ClaimState.EXPIRED):
        raise StageMismatchError(f"claim {claim.id} is {claim.state} already")
    if not pack_id and not note.strip():
        raise InvalidInputError(
            "an answer names its evidence pack, or says how it was given",
            errors=[("pack_id", "is missing"), ("comment", "is missing")],
        )
    changed = replace(
        claim,
        version=claim.version + 1,
        state=ClaimState.ANSWERED,
        pack_id=pack_id,
        note=note.strip() or claim.note,
        answered_at=at,
        answered_by=actor,
        next_alarm=None,
    )
    more: dict[str, Json] = {"late": at > claim.answer_by, "pack": pack_id or None}
    return changed, _event(EventType.CLAIM_ANSWERED, changed, at=at, actor=actor, reason=note.strip(), more=more)


def redated(
    claim: Claim, settings: SellerSettings, *, named: bool, at: datetime, actor: str
) -> tuple[Claim, tuple[Event, ...]]:
    """An open claim whose time of asking lay ahead, by a wrong clock: it counts from now, and its new end is told.

    `named`: whether the request itself named the time of the answer; then that stays.
    """
    by = claim.answer_by if named else at + (claim.answer_by - claim.asked_at)
    alarm = _first_alarm(by, settings, at)
    changed = replace(claim, version=claim.version + 1, asked_at=at, answer_by=by, next_alarm=alarm)
    reason = "a clock was wrong when it was entered: it counts from now"
    return changed, (_event(EventType.CLAIM_REMINDED, changed, at=at, actor=actor, reason=reason),)


def withdrawn(claim: Claim, *, reason: str, at: datetime, actor: str) -> tuple[Claim, Event]:
    """Nobody wants an answer any more, or it was no claim at all. Raises StageMismatchError, InvalidInputError."""
    if claim.state not in (ClaimState.OPEN, ClaimState.EXPIRED):
        raise StageMismatchError(f"claim {claim.id} is {claim.state} already")
    if not reason.strip():
        raise InvalidInputError("a claim is withdrawn with a reason", errors=[("reason", "is missing")])
    changed = replace(claim, version=claim.version + 1, state=ClaimState.WITHDRAWN, next_alarm=None)
    return changed, _event(EventType.CLAIM_WITHDRAWN, changed, at=at, actor=actor, reason=reason.strip())


def fire_claim(claim: Claim, *, at: datetime, actor: str) -> tuple[Claim, tuple[Event, ...]]:
    """Let the next alarm of a claim ring: a reminder, then the end of its time.

    Committing the result under the version check is the claim to ring it. Raises InvalidInputError before its time.
    """
    alarm = claim.next_alarm
    if alarm is None:
        raise InvalidInputError(f"claim {claim.id} waits for no alarm")
    if at < alarm.due:
        raise InvalidInputError(f"{alarm.kind} of claim {claim.id} is not due before {alarm.due.isoformat()}")
    if alarm.kind is RungKind.CLAIM_REMIND and at < claim.answer_by:
        following = Alarm(due=claim.answer_by, kind=RungKind.CLAIM_BY)
        changed = replace(claim, version=claim.version + 1, next_alarm=following)
        return changed, (_event(EventType.CLAIM_REMINDED, changed, at=at, actor=actor),)
    changed = replace(claim, version=claim.version + 1, state=ClaimState.EXPIRED, next_alarm=None)
    return changed, (_event(EventType.CLAIM_EXPIRED, changed, at=at, actor=actor),)


def _first_alarm(by: datetime, settings: SellerSettings, now: datetime) -> Alarm:
    remind = by - settings.remind_claim_before
    # Whoever enters it knows of it: a reminder that is due already would only repeat the opening.
    return Alarm(due=remind, kind=RungKind.CLAIM_REMIND) if remind > now else Alarm(due=by, kind=RungKind.CLAIM_BY)


def _event(
    kind: EventType,
    claim: Claim,
    *,
    at: datetime,
    actor: str,
    reason: str = "",
    more: dict[str, Json] | None = None,
) -> Event:
    data: dict[str, Json] = {
        "kind": claim.kind,
        "posting": claim.posting_number,
        "return": claim.return_id or None,
        "answer_by": claim.answer_by.isoformat(),
    }
    return Event(type=kind, at=at, actor=actor, reason=reason, data=data | (more or {}))
