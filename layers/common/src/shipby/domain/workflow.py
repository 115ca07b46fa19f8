"""Our own stages: what people do to a posting, and what a ringing alarm does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.ladder import price_of, rewind
from shipby.domain.posting import BEFORE_HAND_OVER, FINAL, Alarm, Posting, RungKind, Stage
from shipby.domain.records import Automation, SellerSettings

MISSING = "missing"
"""What a rung says of the label of a posting that should have one by then."""


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

    `passed` is the result of an inspection; a failed one blocks the posting with its `reason`.
    Raises StageMismatchError, ActionNotOfferedError (expired: needs an override), InvalidInputError (reason missing).
    """
    if command is Command.OVERRIDE:
        return _override(posting, at=at, actor=actor, reason=reason)
    if command is Command.UNBLOCK:
        return _unblock(posting, at=at, actor=actor, reason=reason)
    allowed, target, happened = _STEPS[command]
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
    if command is Command.INSPECT and not passed:
        if not reason:
            raise InvalidInputError("a failed inspection needs a reason", errors=[("reason", "say what is wrong")])
        return block(posting, f"inspection failed: {reason}", at=at, actor=actor)
    if command is Command.HAND_OVER and posting.assembled_at is None:
        raise ActionNotOfferedError(
            f"posting {posting.number} is not assembled at the marketplace yet; call ship first", offered=["ship"]
        )
    changes: dict[str, object] = {"stage": target}
    if target is Stage.HANDED_OVER:
        changes["handed_over_at"] = at
    changed = _next_version(posting, **changes)
    data: dict[str, Json] = {"from": posting.stage, "to": target}
    if target is Stage.HANDED_OVER:
        data["late"] = posting.late
        if posting.late_price is not None:
            data["price"] = {"amount": posting.late_price.amount, "currency": posting.late_price.currency}
    return Step(changed, (Event(type=happened, at=at, actor=actor, reason=reason, data=data),))


def block(posting: Posting, reason: str, *, at: datetime, actor: str) -> Step:
    """Stop work on a posting until somebody unblocks it."""
    changed = _next_version(posting, stage=Stage.BLOCKED, blocked_from=posting.stage, blocked_reason=reason)
    event = Event(
        type=EventType.POSTING_BLOCKED, at=at, actor=actor, reason=reason, data={"from": posting.stage, "to": "blocked"}
    )
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


def _override(posting: Posting, *, at: datetime, actor: str, reason: str) -> Step:
    if posting.stage is not Stage.EXPIRED or posting.blocked_from is None:
        raise StageMismatchError(f"posting {posting.number} is {posting.stage}, not expired: nothing to override")
    if not reason:
        raise InvalidInputError("an override needs a reason", errors=[("reason", "say why it is still sent")])
    if cancels := open_of(posting, IntentAction.CANCEL):
        # It may be sent already: an override beside it would send people to work on a cancelled posting.
        raise ActionNotOfferedError(
            f"posting {posting.number} is being cancelled: wait until that is settled",
            offered=[f"/v1/intents/{intent}" for intent in cancels],
        )
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


@dataclass(frozen=True, slots=True)
class Fired:
    """What a ringing alarm led to."""

    posting: Posting
    events: tuple[Event, ...]
    cancel: bool = False
    """The seller's policy gives the posting up and lets us cancel it."""


def fire(posting: Posting, alarm: Alarm, settings: SellerSettings, *, at: datetime, actor: str) -> Fired:
    """Let the posting's next alarm ring. Committing the result under the version check is the claim.

    Raises StageMismatchError if `alarm` is no longer the posting's next one, InvalidInputError before its time.
    """
    if posting.next_alarm != alarm:
        raise StageMismatchError(f"{alarm.kind} of posting {posting.number} is no longer its next alarm")
    if at < alarm.due:
        raise InvalidInputError(f"{alarm.kind} of posting {posting.number} is not due before {alarm.due.isoformat()}")
    rung = replace(posting, fired={**posting.fired, alarm.kind: alarm.due})
    price = price_of(posting, alarm)
    data: dict[str, Json] = {"rung": alarm.kind, "due": alarm.due.isoformat()}
    if posting.cut_off is not None:
        data["cut_off"] = posting.cut_off.isoformat()
    if price is not None:
        data["price"] = {"amount": price.amount, "currency": price.currency}
    if may_be_labelled(posting) and posting.label_ready_at is None:
        data["label"] = MISSING

    def happened(kind: EventType, reason: str = "") -> tuple[Event, ...]:
        return (Event(type=kind, at=at, actor=actor, reason=reason, data=data),)

    match alarm.kind:
        case RungKind.SHIPMENT_DATE | RungKind.TARIFF_STEP | RungKind.WITHOUT_DELAY:
            changed = _next_version(rung, late=True, late_price=price or rung.late_price)
            return Fired(changed, happened(EventType.POSTING_LATE))
        case RungKind.GIVE_UP_AT if posting.override_reason:
            # A person decided that it is still sent: no policy gives it up behind their back.
            return Fired(_next_version(rung), happened(EventType.POSTING_REMINDED, "overridden: a person decides"))
        case RungKind.GIVE_UP_AT if settings.auto_cancel is Automation.ON and posting.stage is Stage.EXPIRED:
            reason = "expired, and given up by the seller's policy"
            return Fired(_next_version(rung), happened(EventType.POSTING_REMINDED, reason), cancel=True)
        case RungKind.GIVE_UP_AT if settings.auto_cancel is Automation.ON:
            step = expire(rung, "given up by the seller's policy", at=at, actor=actor)
            return Fired(step.posting, step.events, cancel=True)
        case RungKind.GIVE_UP_AT if settings.auto_cancel is Automation.SHADOW:
            reason = "shadow mode: would have expired and cancelled it"
            return Fired(_next_version(rung), happened(EventType.POSTING_GIVE_UP_SHADOWED, reason))
        case RungKind.CLOSE_AT:
            return Fired(_next_version(rung, stage=Stage.CLOSED), happened(EventType.POSTING_CLOSED))
        case _:
            return Fired(_next_version(rung), happened(EventType.POSTING_REMINDED))


def may_be_labelled(posting: Posting) -> bool:
    """A label may be fetched and printed: late postings yes, expired and finished ones no."""
    stage = posting.blocked_from if posting.stage is Stage.BLOCKED else posting.stage
    return posting.assembled_at is not None and stage in BEFORE_HAND_OVER and posting.stage is not Stage.EXPIRED
