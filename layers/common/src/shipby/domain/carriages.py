"""A carriage (отгрузка): the postings of one delivery method that leave together, with their act and barcode.

States go forward only: requested -> open -> approved -> documented; cancelled and failed end it before it is approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.postings.posting import Alarm, RungKind

SETTLE_AFTER = timedelta(seconds=90)
"""How long after a call without an answer the marketplace is believed when it says that nothing was done."""
COMPARE_AFTER = timedelta(hours=1)
"""When after approval the carrier's first scans are compared for the first time."""
COMPARE_EVERY = timedelta(days=1)
COMPARISONS = 4
"""The first one, and three daily ones while something differs."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
PATIENCE = 10
"""How often papers are asked for before a person is told; they are asked for again at each comparison."""
MAX_PARCELS = 3_000
"""Postings in one carriage: its row holds their numbers and stays below the store's limit."""
MAX_CONTAINERS = 1_000


class CarriageState(StrEnum):
    """How far closing the day has come."""

    REQUESTED = "requested"
    """Somebody asked; nothing was sent to the marketplace yet, or its outcome is not known yet."""
    OPEN = "open"
    """The marketplace has made it; its postings may still be changed."""
    APPROVED = "approved"
    """Closed: its postings are fixed, documents are being made."""
    DOCUMENTED = "documented"
    """Its documents are there."""
    CANCELLED = "cancelled"
    FAILED = "failed"
    """Refused for good: `problem` says why."""


class CarriageCall(StrEnum):
    """An acting call of the marketplace; also what a person may ask for."""

    CREATE = "create"
    SET_POSTINGS = "set_postings"
    APPROVE = "approve"
    CANCEL = "cancel"


FINAL_CARRIAGES: frozenset[CarriageState] = frozenset({CarriageState.CANCELLED, CarriageState.FAILED})
CHANGEABLE: frozenset[CarriageState] = frozenset({CarriageState.REQUESTED, CarriageState.OPEN})
FIXED: frozenset[CarriageState] = frozenset({CarriageState.APPROVED, CarriageState.DOCUMENTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """One hand-over. `version` counts its changes; each has its event rows."""

    seller: str
    id: str
    version: int
    state: CarriageState
    delivery_method_id: str
    departure: str
    """The day it leaves, YYYY-MM-DD in the warehouse's zone."""
    asked_at: datetime
    asked_by: str
    marketplace_id: str = ""
    """The marketplace's `carriage_id`, once it made it."""
    wanted: tuple[str, ...] = ()
    """Postings that it shall hold, until they were sent; empty: it stays as the marketplace makes it."""
    numbers: tuple[str, ...] = ()
    """Postings that it holds at the marketplace, as last read."""
    scanned: tuple[str, ...] = ()
    """Postings whose parcels were scanned into it, in the order of scanning."""
    boxes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Posting -> codes of its boxes that were scanned, while some are missing."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Posting number -> why the marketplace does not take it in."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Name of a document -> object key in the document store."""
    barcode: str = ""
    """What the drop-off point scans."""
    containers: int = 0
    """Cargo places that it is handed over in; 0: parcel by parcel."""
    asked: str = ""
    """What a person wants next: approve or cancel."""
    agreed: str = ""
    """Fingerprint of the postings that the person who asked for approval has seen."""
    sent: str = ""
    """The acting call that is on its way or whose outcome is unknown."""
    sent_at: datetime | None = None
    known: tuple[str, ...] = ()
    """Carriages that the marketplace had for this method and day before `create` was sent."""
    attempts: int = 0
    """How often its papers were asked for."""
    problem: str = ""
    approved_at: datetime | None = None
    compared_at: datetime | None = None
    """When our scans, the act and the carrier's first scans were compared for the last time."""
    comparisons: int = 0
    differences: int = 0
    """Found by the last comparison."""
    closed_at: datetime | None = None
    """When nothing was left to look at."""
    next_alarm: Alarm | None = None
    """When it is looked at again."""

    @property
    def open(self) -> bool:
        """Whether there is still something to do."""
        return self.state not in FINAL_CARRIAGES and self.closed_at is None


def new_carriage(
    *, seller: str, delivery_method_id: str, departure: str, wanted: Sequence[str], at: datetime, actor: str
) -> Carriage:
    """What a person asked for. Raises InvalidInputError for too many postings."""
    numbers = tuple(dict.fromkeys(wanted))
    if len(numbers) > MAX_PARCELS:
        raise InvalidInputError(
            f"a carriage takes at most {MAX_PARCELS} postings", errors=[("posting_numbers", f"{len(numbers)} given")]
        )
    seed = "\n".join([seller, delivery_method_id, departure, at.isoformat(), actor, *numbers])
    return Carriage(
        seller=seller,
        id=f"{departure.replace('-', '')}-{hashlib.sha256(seed.encode()).hexdigest()[:12]}",
        version=1,
        state=CarriageState.REQUESTED,
        delivery_method_id=delivery_method_id,
        departure=departure,
        asked_at=at,
        asked_by=actor,
        wanted=numbers,
    )


def fingerprint(numbers: Collection[str]) -> str:
    """The same for the same postings in any order."""
    return hashlib.sha256("\n".join(sorted(numbers)).encode()).hexdigest()


def sending(carriage: Carriage, call: CarriageCall, *, at: datetime, known: Sequence[str] = ()) -> Carriage:
    """The row before a call: from here on its outcome is unknown, and looked up if nobody notes it."""
    return replace(carriage, sent=call, sent_at=at, known=tuple(known), next_alarm=check_at(at + SETTLE_AFTER))


def not_sent(carriage: Carriage) -> Carriage:
    """The call surely was not carried out."""
    return replace(carriage, sent="", sent_at=None, known=())


def may_send_again(carriage: Carriage, at: datetime) -> bool:
    """Whether a call that the marketplace shows no trace of is old enough to be believed undone."""
    return carriage.sent_at is None or at - carriage.sent_at >= SETTLE_AFTER


def made(carriage: Carriage, marketplace_id: str) -> Carriage:
    """The marketplace has made it."""
    return replace(not_sent(carriage), state=CarriageState.OPEN, marketplace_id=marketplace_id, next_alarm=None)


def holding(carriage: Carriage, numbers: Sequence[str], refused: Mapping[str, str]) -> Carriage:
    """What it holds now. The wish is over: what was refused would be refused again, and people may change it there."""
    return replace(
        not_sent(carriage),
        numbers=tuple(sorted(numbers)),
        wanted=(),
        refused={**carriage.refused, **refused},
        next_alarm=None,
    )


def approved(carriage: Carriage, *, at: datetime) -> Carriage:
    """It is closed; its papers are asked for at once."""
    return replace(
        not_sent(carriage), state=CarriageState.APPROVED, asked="", problem="", approved_at=at, next_alarm=None
    )


def turned_down(carriage: Carriage, problem: str) -> Carriage:
    """What a person asked for cannot be done: they have to ask again."""
    return replace(not_sent(carriage), asked="", agreed="", problem=problem, next_alarm=None)


def ended(carriage: Carriage, state: CarriageState, *, at: datetime, problem: str = "") -> Carriage:
    """Cancelled or failed for good."""
    return replace(not_sent(carriage), state=state, asked="", problem=problem, closed_at=at, next_alarm=None)


def ask(carriage: Carriage, wish: CarriageCall, *, agreed: str = "") -> Carriage:
    """A person wants it approved or cancelled.

    Raises StageMismatchError where its state does not allow it or something is asked already.
    """
    if carriage.state not in CHANGEABLE or (wish is CarriageCall.APPROVE and carriage.state is not CarriageState.OPEN):
        raise StageMismatchError(f"carriage {carriage.id} is {carriage.state}: it cannot be asked to {wish}")
    if carriage.asked:
        raise StageMismatchError(f"carriage {carriage.id} is asked to {carriage.asked} already; see what comes of it")
    return replace(carriage, asked=wish, agreed=agreed, problem="")


def scan_in(carriage: Carriage, number: str) -> Carriage:
    """A parcel goes into the hand-over. Raises StageMismatchError (over, closed to scans, or scanned twice)."""
    if carriage.state in FINAL_CARRIAGES or carriage.closed_at is not None:
        raise StageMismatchError(f"carriage {carriage.id} is over ({carriage.state}): scan into another one")
    if number in carriage.scanned:
        raise StageMismatchError(f"{number} was scanned into this hand-over already")
    if carriage.state in FIXED and number not in carriage.numbers:
        raise StageMismatchError(
            f"{number} is not in this carriage, and the carriage is closed: it leaves with the next one"
        )
    if len(carriage.scanned) >= MAX_PARCELS:
        raise StageMismatchError(f"carriage {carriage.id} has {MAX_PARCELS} parcels: begin another one")
    return replace(carriage, scanned=(*carriage.scanned, number))


def box_in(carriage: Carriage, number: str, code: str, boxes: int, told_apart: Collection[str]) -> tuple[Carriage, int]:
    """One box of a parcel goes into the hand-over; the parcel with its last one. Answers how many are missing.

    `told_apart`: codes of which each is on one box; empty where its boxes carry the same codes, and every scan counts.
    Raises StageMismatchError as `scan_in`, for a box that was scanned twice, and for a code that is on all of them.
    """
    whole = scan_in(carriage, number)
    before = carriage.boxes.get(number, ())
    if told_apart and code not in told_apart:
        raise StageMismatchError(
            f"{number} is packed in {boxes} boxes: scan the code on each that differs from box to box"
        )
    if told_apart and code in before:
        raise StageMismatchError(f"this box of {number} was scanned already: scan the others")
    scanned = (*before, code)
    others = {each: codes for each, codes in carriage.boxes.items() if each != number}
    if len(scanned) < boxes:
        return replace(carriage, boxes={**others, number: scanned}), boxes - len(scanned)
    return replace(whole, boxes=others), 0


def check_at(due: datetime) -> Alarm:
    """The alarm that brings a carriage back to the worker."""
    return Alarm(due=due, kind=RungKind.CARRIAGE_CHECK)


def paper_wait(attempts: int) -> timedelta:
    """How long until papers are asked for again: doubled each time."""
    return min(FIRST_WAIT * (1 << min(attempts, 10)), LONGEST_WAIT)


def next_comparison(carriage: Carriage, after: timedelta = COMPARE_AFTER) -> datetime | None:
    """When scans are compared next: `after` approval, then daily while something differs; None when no more.

    Raises StageMismatchError before approval.
    """
    if carriage.approved_at is None:
        raise StageMismatchError(f"carriage {carriage.id} is {carriage.state}: nothing to compare yet")
    if carriage.compared_at is None:
        return carriage.approved_at + after
    if carriage.comparisons >= COMPARISONS or not carriage.differences:
        return None
    return carriage.compared_at + COMPARE_EVERY


class CarrierSight(StrEnum):
    """What the marketplace's status of a posting says about the carrier's first scan."""

    WAITING = "waiting"
    """It still awaits delivery: not scanned."""
    TAKEN = "taken"
    REFUSED = "refused"
    """not_accepted: the sort centre did not find it among the parcels."""
    GONE = "gone"
    """Cancelled: it must not leave."""


_WAITING = frozenset(
    {"", "awaiting_registration", "acceptance_in_progress", "awaiting_approve", "awaiting_packaging"}
) | {
    "awaiting_deliver",
    "awaiting_verification",
}
_SIGHTS: Mapping[str, CarrierSight] = {
    **dict.fromkeys(_WAITING, CarrierSight.WAITING),
    "not_accepted": CarrierSight.REFUSED,
    "arbitration": CarrierSight.REFUSED,
    "cancelled": CarrierSight.GONE,
    "cancelled_from_split_pending": CarrierSight.GONE,
}


def carrier_sight(status: str) -> CarrierSight:
    """What a posting's status proves. An unknown status lies behind the hand-over: every one before it is listed.

    Source: ozon Seller API, order of statuses of FBS.
    """
    return _SIGHTS.get(status, CarrierSight.TAKEN)


class DifferenceKind(StrEnum):
    """How our scans, the act and the carrier's first scans disagree about a posting."""

    NOT_IN_ACT = "not_in_act"
    NOT_SCANNED = "not_scanned"
    TAKEN_UNSCANNED = "taken_unscanned"
    TAKEN_WITHOUT_ACT = "taken_without_act"
    NOT_TAKEN = "not_taken"
    REFUSED = "refused"
    CANCELLED = "cancelled"


ADVICE: Mapping[DifferenceKind, str] = {
    DifferenceKind.NOT_IN_ACT: "scanned by us, not in the act: take the parcel back from the pile, or add the posting "
    "to this carriage while it is open, else to the next one",
    DifferenceKind.NOT_SCANNED: "in the act, not scanned by us: look for the parcel and scan it, or take the posting "
    "out of the carriage",
    DifferenceKind.TAKEN_UNSCANNED: "in the act and taken by the carrier, not scanned by us: nothing is lost; record "
    "its hand-over",
    DifferenceKind.TAKEN_WITHOUT_ACT: "scanned by us and taken by the carrier, not in the act: keep our scan as proof",
    DifferenceKind.NOT_TAKEN: "in the act and scanned by us, the carrier has not scanned it: check the ramp, then ask "
    "the drop-off point; claim it before it becomes not_accepted",
    DifferenceKind.REFUSED: "the carrier says that it did not get it (not_accepted): answer with our scan and the "
    "signed act, open a dispute",
    DifferenceKind.CANCELLED: "cancelled: it must not leave; take the parcel out and unpack it",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One posting that does not agree."""

    number: str
    kind: DifferenceKind

    @property
    def advice(self) -> str:
        """What it means and what to do."""
        return ADVICE[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """The three counts, and what does not agree, by posting number."""

    ours: int
    act: int
    taken: int
    items: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.items)


def compare(
    ours: Collection[str], act: Collection[str], carrier: Mapping[str, CarrierSight], *, left: bool = True
) -> Differences:
    """Hold our scans, the act and the carrier's first scans against each other.

    A posting that `carrier` does not name counts as waiting. `left` is False before the carriage leaves: then nobody
    expects the carrier's scan.
    """
    scanned, named = frozenset(ours), frozenset(act)
    items = []
    for number in sorted(scanned | named):
        sight = carrier.get(number, CarrierSight.WAITING)
        kind = _disagreement(number in scanned, number in named, sight, left=left)
        if kind is not None:
            items.append(Difference(number, kind))
    taken = sum(carrier.get(number) is CarrierSight.TAKEN for number in scanned | named)
    return Differences(ours=len(scanned), act=len(named), taken=taken, items=tuple(items))


def _disagreement(scanned: bool, named: bool, sight: CarrierSight, *, left: bool) -> DifferenceKind | None:
    if sight is CarrierSight.GONE:
        return DifferenceKind.CANCELLED
    if sight is CarrierSight.REFUSED:
        return DifferenceKind.REFUSED
    taken = sight is CarrierSight.TAKEN
    if scanned and named:
        return DifferenceKind.NOT_TAKEN if left and not taken else None
    if scanned:
        return DifferenceKind.TAKEN_WITHOUT_ACT if taken else DifferenceKind.NOT_IN_ACT
    return DifferenceKind.TAKEN_UNSCANNED if taken else DifferenceKind.NOT_SCANNED
