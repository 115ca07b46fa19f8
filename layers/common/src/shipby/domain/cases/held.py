"""Automatic decisions that wait: for what, and when each is taken again at the latest.

A held decision is a case: it has an owner, and its alarm is the moment at which it is decided again. A fact that
arrives earlier has it decided at once; the alarm is for the fact that never comes, and for the message that got lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from shipby.domain.errors import (
    CancelGuardError,
    CapReachedError,
    CredentialsRejectedError,
    IndexUnknownError,
    KillSwitchOnError,
    RetryableError,
    ShipbyError,
)
from shipby.domain.events import Ref


class Wait(StrEnum):
    """What a held decision waits for."""

    INDEX = "index"
    """Figures of the error index: it was not read yet, is stale, or the key may not read it."""
    GUARD = "guard"
    """A better error index: now the act would bring a worse band."""
    CAP = "cap"
    """The next UTC day, by which the daily caps count."""
    KILL_SWITCH = "kill_switch"
    INTENT = "intent"
    """Another call about the same item that is not settled."""
    BUYER = "buyer"
    """The buyer's answer: they are asked only now."""
    MARKETPLACE = "marketplace"
    """The marketplace (or the seller's key): it is away, or has refused the call."""
    PERSON = "person"
    """What no machine can give, such as the words of a rejection."""


class Became(StrEnum):
    """What became of an automatic decision."""

    OFF = "off"
    """The seller's policy does not decide it by itself."""
    NOT_NOW = "not_now"
    """It was decided, or nothing is suggested."""
    TOO_LATE = "too_late"
    """Its clock is over, after which a person decides."""
    SHADOWED = "shadowed"
    """Only noted, as the seller's policy wants."""
    HELD = "held"
    """A case waits for what is missing."""
    ASKED = "asked"
    """The call is on its way."""
    ASSEMBLED = "assembled"
    """The call that ships a posting is on its way."""
    DECIDED = "decided"
    """A held one was taken after all."""
    MOOT = "moot"
    """A held one has no sense any more."""
    GONE = "gone"
    """It is no open held decision."""
    FAILED = "failed"


_AGAIN: Mapping[Wait, tuple[timedelta, timedelta]] = {
    Wait.INDEX: (timedelta(minutes=1), timedelta(hours=1)),
    Wait.GUARD: (timedelta(hours=1), timedelta(hours=6)),
    Wait.KILL_SWITCH: (timedelta(minutes=15), timedelta(hours=6)),
    Wait.INTENT: (timedelta(minutes=5), timedelta(hours=6)),
    Wait.BUYER: (timedelta(days=1), timedelta(days=1)),
    Wait.MARKETPLACE: (timedelta(minutes=5), timedelta(days=1)),
    Wait.PERSON: (timedelta(days=1), timedelta(days=1)),
}
"""At first, and at most: in between as long again as it has waited. None is longer than a case waits to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDecision:
    """The automatic decision behind a case."""

    ref: Ref
    """Of the posting, return or cancel request."""
    action: str
    """A Move, or the IntentAction of what is no move: ship, return_action, cancel_request."""
    waits_for: Wait
    told_at: datetime
    """When people last heard of it: a look that finds nothing new is not told more than once a day."""


def wait_of(error: ShipbyError) -> Wait:
    """What a decision waits for that was stopped by this error."""
    match error:
        case IndexUnknownError():
            return Wait.INDEX
        case CancelGuardError():
            return Wait.GUARD
        case CapReachedError():
            return Wait.CAP
        case KillSwitchOnError():
            return Wait.KILL_SWITCH
        case RetryableError() | CredentialsRejectedError():
            return Wait.MARKETPLACE
    return Wait.PERSON


def again_at(wait: Wait, since: datetime, now: datetime) -> datetime:
    """When a decision that waits since `since` is taken again at the latest."""
    if wait is Wait.CAP:
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    least, most = _AGAIN[wait]
    return now + min(max(now - since, least), most)
