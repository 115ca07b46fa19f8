"""Our own stages: what people do to a posting. What a ringing alarm does to it stands in `firing`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shipby.domain.deadlines.firing import Fired
from shipby.domain.deadlines.ladder import rewind, with_tracking_clock
from shipby.domain.deadlines.outcomes import as_it_left
from shipby.domain.deadlines.policy import (
    CANCEL_OFFER,
    Move,
    Offers,
    automation_of,
    choices_event,
    may_be_sent,
    prioritised_event,
    shadowed_event,
)
from shipby.domain.errors import (
    ActionNotOfferedError,
    AmendedError,
    BenchRefusedError,
    CannotShipError,
    InvalidInputError,
    NotConfirmedError,
    StageMismatchError,
)
from shipby.domain.events import Event, EventType
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, INSPECTION_FAILED, Posting, RungKind, Stage
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import Automation, SellerSettings

TRACKING_CLOCK = "answer_tracking_request"
"""Name of the clock that is started by hand: the marketplace asked for another tracking number."""


class Command(StrEnum):
    """What a person at the bench or an ERP tells us."""

    CONFIRM = "confirm"
    PICK = "pick"
    INSPECT = "inspect"
    PACK = "pack"
    HAND_OVER = "hand-over"
    OVERRIDE = "override"
    UNBLOCK = "unblock"


_STEPS: Mapping[Command, tuple[frozenset[Stage], Stage, EventType]] = {
    Command.CONFIRM: (frozenset({Stage.RECEIVED}), Stage.CONFIRMED, EventType.POSTING_CONFIRMED),
    Command.PICK: (frozenset({Stage.CONFIRMED}), Stage.PICKED, EventType.POSTING_PICKED),
    Command.INSPECT: (frozenset({Stage.PICKED}), Stage.INSPECTED, EventType.POSTING_INSPECTED),
    Command.PACK: (frozenset({Stage.PICKED, Stage.INSPECTED}), Stage.PACKED, EventType.POSTING_PACKED),
    Command.HAND_OVER: (frozenset({Stage.PACKED}), Stage.HANDED_OVER, EventType.POSTING_HANDED_OVER),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A changed posting and what happened to it. The posting is one version on."""

    posting: Posting
    events: tuple[Event, ...]


def _next_version(posting: Posting, **changes: object) -> Posting:
    return rewind(replace(posting, version=posting.version + 1, **changes))  # type: ignore[arg-type]  # replace() is typed per field


def carry_out(
    posting: Posting, command: Command, *, at: datetime, actor: str, reason: str = "", passed: bool = True
) -> Step:
    """Do what a person says: one step along the stages.

    `passed` is the result of an inspection; a failed one blocks the posting with its `reason`, and it is not packed
    before another one passes. Raises StageMismatchError, ActionNotOfferedError (expired: needs an override; being
    cancelled), BenchRefusedError (an inspection is needed), InvalidInputError (reason missing).
    """
    if command is Command.OVERRIDE:
        return _override(posting, at=at, actor=actor, reason=reason)
    if command is Command.UNBLOCK:
        return _unblock(posting, at=at, actor=actor, reason=reason)
    allowed, target, happened = _STEPS[command]
    fails = command is Command.INSPECT and not passed
    # What passed may still be found wanting before it is packed.
    allowed |= {Stage.INSPECTED} if fails else frozenset()
    if posting.stage is Stage.EXPIRED:
        raise ActionNotOfferedError(
            f"posting {posting.number} expired ({posting.expired_reason}); override it with a reason first",
            offered=[Command.OVERRIDE],
        )
    if posting.stage is Stage.BLOCKED:
        raise ActionNotOfferedError(
            f"posting {posting.number} is blocked ({posting.blocked_reason}); unblock it with a reason first",
            offered=[Command.UNBLOCK],
        )
    if posting.stage not in allowed:
        expected = " or ".join(sorted(allowed))
        raise StageMismatchError(
            f"posting {posting.number} is {posting.stage}; {command} needs it to be {expected}. Read it again."
        )
    _refuse_unfit(posting, command)
    if fails:
        return _failed(posting, reason, at=at, actor=actor)
    if command is Command.PACK and posting.reinspect:
        raise BenchRefusedError(
            f"a unit of posting {posting.number} failed its inspection: it is not packed before another one passes",
            code="inspection_needed",
            offered=[Command.INSPECT],
        )
    if command is Command.HAND_OVER:
        _check_hand_over(posting, reason)
    changed = as_it_left(posting, _next_version(posting, stage=target, **_noted(posting, target, at)), at)
    data: dict[str, Json] = {"from": posting.stage, "to": target}
    if target is Stage.HANDED_OVER:
        data["late"] = changed.late
        if changed.late_price is not None:
            data["price"] = {"amount": changed.late_price.amount, "currency": changed.late_price.currency}
    return Step(changed, (Event(type=happened, at=at, actor=actor, reason=reason, data=data),))


def _noted(posting: Posting, target: Stage, at: datetime) -> dict[str, object]:
    """What a posting keeps of a step beside its stage."""
    match target:
        case Stage.INSPECTED:
            return {"qc_passed": posting.qc_passed + 1, "reinspect": False}
        case Stage.PACKED:
            return {"packed_at": at}
        case Stage.HANDED_OVER:
            return {"handed_over_at": at}
    return {}


def _refuse_unfit(posting: Posting, command: Command) -> None:
    if command is not Command.HAND_OVER:
        # What is packed is held against nothing any more.
        refuse_held(posting)
    if command is not Command.CONFIRM:
        refuse_amended(posting)


def refuse_held(posting: Posting) -> None:
    """Raises CannotShipError while a check stops the posting."""
    if posting.holds:
        path = f"/v1/postings/{posting.number}/check"
        raise CannotShipError(
            f"posting {posting.number} cannot be sent as it is: {', '.join(posting.holds)}. GET {path} says what to do "
            f"about each; POST {path}/allow lets it go on with a reason",
            offered=[path, f"{path}/allow"],
        )


def refuse_amended(posting: Posting) -> None:
    """Raises AmendedError until somebody has seen what was changed."""
    if posting.amended:
        path = f"/v1/postings/{posting.number}/amendments"
        raise AmendedError(
            f"posting {posting.number} was changed at the marketplace while it was worked on (version "
            f"{posting.amended}): read GET {path}, put the parcel right, then POST {path}/seen",
            offered=[path, f"{path}/seen"],
        )


def refuse_unconfirmed(posting: Posting, reason: str) -> None:
    """Raises NotConfirmedError for shipping what nobody has confirmed, without a reason why."""
    stage = posting.blocked_from if posting.stage is Stage.BLOCKED else posting.stage
    if stage is Stage.RECEIVED and posting.assembled_at is None and not reason.strip():
        path = f"/v1/postings/{posting.number}/confirm"
        raise NotConfirmedError(
            f"nobody has confirmed posting {posting.number}: confirm it first with POST {path}, or send a reason why "
            "it is assembled all the same",
            offered=[path],
        )


def block(posting: Posting, reason: str, *, at: datetime, actor: str) -> Step:
    """Stop work on a posting until somebody unblocks it."""
    changed = _next_version(posting, stage=Stage.BLOCKED, blocked_from=posting.stage, blocked_reason=reason)
    event = Event(
        type=EventType.POSTING_BLOCKED, at=at, actor=actor, reason=reason, data={"from": posting.stage, "to": "blocked"}
    )
    return Step(changed, (event,))


def _failed(posting: Posting, reason: str, *, at: datetime, actor: str) -> Step:
    if not reason:
        raise InvalidInputError("a failed inspection needs a reason", errors=[("reason", "say what is wrong")])
    # Whatever is in the parcel next is looked at anew.
    again = replace(posting, stage=Stage.PICKED, reinspect=True, qc_failed=posting.qc_failed + 1)
    return block(again, f"{INSPECTION_FAILED}{reason}", at=at, actor=actor)


def take_another_unit(posting: Posting, *, at: datetime, actor: str, reason: str, data: Mapping[str, Json]) -> Step:
    """A unit failed its inspection and another one is fetched: the posting is picked and inspected again."""
    failed = posting.qc_failed + 1
    changed = _next_version(posting, stage=Stage.CONFIRMED, reinspect=True, qc_failed=failed)
    told = {"from": posting.stage, "to": Stage.CONFIRMED, **data}
    event = Event(type=EventType.INSPECTION_FAILED, at=at, actor=actor, reason=reason, data=told)
    return Step(changed, (event,))


def _unblock(posting: Posting, *, at: datetime, actor: str, reason: str) -> Step:
    if posting.stage is not Stage.BLOCKED or posting.blocked_from is None:
        raise StageMismatchError(f"posting {posting.number} is {posting.stage}, not blocked")
    if not reason:
        raise InvalidInputError("unblocking needs a reason", errors=[("reason", "say why it may go on")])
    target = posting.blocked_from
    changed = _next_version(posting, stage=target, blocked_from=None, blocked_reason="")
    data: dict[str, Json] = {"from": "blocked", "to": target}
    return Step(changed, (Event(type=EventType.POSTING_UNBLOCKED, at=at, actor=actor, reason=reason, data=data),))


def _check_hand_over(posting: Posting, reason: str) -> None:
    if posting.assembled_at is None:
        raise ActionNotOfferedError(
            f"posting {posting.number} is not assembled at the marketplace yet; call ship first", offered=["ship"]
        )
    _refuse_while_cancelled(posting)
    check_number(posting, reason)


def check_number(posting: Posting, reason: str) -> None:
    """What the seller's own carrier takes is lost without its number: the marketplace asks for it, and the buyer.

    Raises InvalidInputError without a number, known or asked for, and without a reason why there is none.
    """
    numbered = posting.tracking_number or open_of(posting, IntentAction.SET_TRACKING)
    if posting.own_carrier and not numbered and not reason.strip():
        raise InvalidInputError(
            f"your own carrier brings posting {posting.number}, and it has no tracking number: set it first with PUT "
            f"/v1/postings/{posting.number}/tracking-number, or say why there is none",
            errors=[("reason", "needed where there is no tracking number")],
        )


def _refuse_while_cancelled(posting: Posting) -> None:
    """The cancel may be sent already: work beside it would be on a cancelled posting, and the goods would be gone."""
    if cancels := open_of(posting, IntentAction.CANCEL):
        raise ActionNotOfferedError(
            f"posting {posting.number} is being cancelled: wait until that is settled",
            offered=[f"/v1/intents/{intent}" for intent in cancels],
        )


def _override(posting: Posting, *, at: datetime, actor: str, reason: str) -> Step:
    if posting.stage is not Stage.EXPIRED or posting.blocked_from is None:
        raise StageMismatchError(f"posting {posting.number} is {posting.stage}, not expired: nothing to override")
    if not reason:
        raise InvalidInputError("an override needs a reason", errors=[("reason", "say why it is still sent")])
    _refuse_while_cancelled(posting)
    target = posting.blocked_from
    changed = _next_version(posting, stage=target, blocked_from=None, expired_reason="", override_reason=reason)
    data: dict[str, Json] = {"from": "expired", "to": target, "expired_reason": posting.expired_reason}
    return Step(changed, (Event(type=EventType.POSTING_OVERRIDDEN, at=at, actor=actor, reason=reason, data=data),))


def expire(posting: Posting, reason: str, *, at: datetime, actor: str) -> Step:
    """Mark a posting expired: proven by facts or given up by the seller's policy. Late alone is never expired."""
    if posting.stage in FINAL or posting.stage is Stage.EXPIRED:
        raise StageMismatchError(f"posting {posting.number} is already {posting.stage}")
    before = posting.blocked_from if posting.stage is Stage.BLOCKED else posting.stage
    changed = _next_version(posting, stage=Stage.EXPIRED, blocked_from=before, blocked_reason="", expired_reason=reason)
    data: dict[str, Json] = {"from": posting.stage, "to": "expired"}
    return Step(changed, (Event(type=EventType.POSTING_EXPIRED, at=at, actor=actor, reason=reason, data=data),))


def start_tracking_clock(
    posting: Posting, since: datetime, settings: SellerSettings, *, at: datetime, actor: str, reason: str = ""
) -> Step:
    """The marketplace asked for another tracking number at `since`: its clock runs until a new number is known.

    Raises StageMismatchError for a posting that is over.
    """
    if posting.stage in FINAL or posting.stage in (Stage.DELIVERED, Stage.EXPIRED):
        raise StageMismatchError(f"posting {posting.number} is {posting.stage}: nobody waits for its tracking number")
    changed = _next_version(with_tracking_clock(posting, since, settings))
    by = max(rung.due for rung in changed.rungs if rung.kind is RungKind.ANSWER_TRACKING_BY)
    data: dict[str, Json] = {"clock": TRACKING_CLOCK, "since": since.isoformat(), "by": by.isoformat()}
    event = Event(type=EventType.POSTING_CLOCK_STARTED, at=at, actor=actor, reason=reason, data=data)
    return Step(changed, (event,))


def stop_tracking_clock(
    posting: Posting, settings: SellerSettings, *, at: datetime, actor: str, reason: str = ""
) -> Step:
    """The request was answered or withdrawn. Raises StageMismatchError if the clock does not run."""
    if posting.tracking_asked_at is None:
        raise StageMismatchError(f"the clock {TRACKING_CLOCK} of posting {posting.number} does not run")
    changed = _next_version(with_tracking_clock(posting, None, settings))
    data: dict[str, Json] = {"clock": TRACKING_CLOCK}
    event = Event(type=EventType.POSTING_CLOCK_STOPPED, at=at, actor=actor, reason=reason, data=data)
    return Step(changed, (event,))


def answer_of_buyer(
    posting: Posting,
    settings: SellerSettings,
    *,
    wanted: bool,
    offers: Offers,
    at: datetime,
    actor: str,
    note: str = "",
) -> Fired:
    """What the buyer said of a late posting. Wanted: it goes to the front. Not wanted: the choices are shown, or it is
    cancelled where the seller's policy cancels by itself.

    Raises StageMismatchError for a posting that has left the house or is over.
    """
    if not may_be_sent(posting) and posting.stage is not Stage.EXPIRED:
        raise StageMismatchError(f"posting {posting.number} is {posting.stage}: the buyer's answer changes nothing")
    changed = _next_version(posting)
    data: dict[str, Json] = {"wanted": wanted}
    told = [Event(type=EventType.BUYER_ANSWERED, at=at, actor=actor, reason=note, data=data)]
    if wanted:
        told.append(prioritised_event(changed, at=at, actor=actor, reason="the buyer still wants it"))
        return Fired(changed, tuple(told), (Move.PRIORITISE,))
    data["choice"] = Move.CANCEL
    by_itself = automation_of(Move.CANCEL, policy_for(posting, settings))
    if by_itself is Automation.ON and CANCEL_OFFER in offers.actions and not posting.override_reason:
        return Fired(changed, tuple(told), (Move.CANCEL,))
    reason = "the buyer does not want it any more"
    told.append(choices_event(changed, offers, settings, at=at, actor=actor, reason=reason))
    moves = (Move.SHOW_CHOICES,)
    if by_itself is Automation.SHADOW and CANCEL_OFFER in offers.actions:
        told.append(shadowed_event(Move.CANCEL, "cancelled it", at=at, actor=actor))
    return Fired(changed, tuple(told), moves)
