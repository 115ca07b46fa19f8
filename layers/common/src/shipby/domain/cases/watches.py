"""What rings for the whole seller: notices to tell, the key's last days, unhealthy pushes, and cases left open.

Sources: an API key of the marketplace lives three months (/v1/roles gives its end); error answers and slowness turn a
push address YELLOW, RED and DISABLED (/v1/push settings), and a disabled one hears nothing until it is mended.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shipby.domain.cases.case import Case
from shipby.domain.cases.matter import restated
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind

PUSH_HEALTH = "push-health"
MARKETPLACE_KEY = "marketplace-key"
ERROR_INDEX = "error-index"
HELD_DECISIONS = "held-decisions"
SUPPORT_CHATS = "support-chats"
ACCRUALS = "accruals"
CHECKS = "checks"
"""When open orders were last to be checked anew."""
STOCK_TELLING = "stock-telling"
STOCK_COMPARE = "stock-compare"
BUYER_CHATS = "buyer-chats"
OF_SELLER = (
    PUSH_HEALTH,
    MARKETPLACE_KEY,
    ERROR_INDEX,
    HELD_DECISIONS,
    SUPPORT_CHATS,
    ACCRUALS,
    CHECKS,
    STOCK_TELLING,
    STOCK_COMPARE,
    BUYER_CHATS,
)
"""Ids of the watches of a whole seller, which stand in no list; every recipient has a digest's beside them."""
DIGEST_PREFIX = "digest."
"""A digest's watch is called `digest.<recipient>`."""
KEY_WARNINGS = (timedelta(days=14), timedelta(days=7), timedelta(days=3), timedelta(days=1), timedelta())
"""How long before a key's end people hear of it; the last one is the end itself."""
UNHEALTHY_AGAIN = timedelta(hours=6)
"""How often an unhealthy push address is told while it lasts."""
STOCK_AGAIN = timedelta(minutes=5)
"""How often a shop is told to tell while numbers are untold."""
HEALTHY = "GREEN"
DISABLED = "DISABLED"
"""Best and worst state of a push address; others are as the marketplace words them."""


def digest_id(recipient: str) -> str:
    """The id of the watch that collects a recipient's notices."""
    return f"{DIGEST_PREFIX}{recipient}"


def key_alarm(expires_at: datetime | None, after: datetime) -> Alarm | None:
    """The next warning of a key's end that lies after a time; None when it has ended or its end is unknown."""
    if expires_at is None:
        return None
    ahead = [expires_at - before for before in KEY_WARNINGS if expires_at - before > after]
    return Alarm(due=ahead[0], kind=RungKind.KEY_EXPIRES) if ahead else None


def push_alarm(state: str, after: datetime) -> Alarm | None:
    """When an address that is still unhealthy is told again; None for a healthy one."""
    return None if state == HEALTHY else Alarm(due=after + UNHEALTHY_AGAIN, kind=RungKind.PUSH_UNHEALTHY)


WEBHOOK_AGAIN = timedelta(minutes=20)


def fire_watch(watch: Watch, *, at: datetime, actor: str) -> tuple[Watch, tuple[Event, ...]]:
    """Let the next alarm of a watch ring. Committing the result under the version check is the claim.

    Raises InvalidInputError before its time, without an alarm, or for a kind of alarm that no watch has.
    """
    alarm = _due(watch.next_alarm, f"watch {watch.id}", at)
    data: dict[str, Json] = {**watch.data, "state": watch.state}
    match alarm.kind:
        case RungKind.DIGEST_DUE:
            following, happened = None, EventType.DIGEST_DUE
            data = {"recipient": watch.id.removeprefix(DIGEST_PREFIX)}
        case RungKind.KEY_EXPIRES:
            expires_at = _time(watch, "expires_at")
            following, happened = key_alarm(expires_at, at), EventType.KEY_EXPIRES_SOON
            data["days_left"] = max(0, (expires_at - at).days)
            data["expired"] = expires_at <= at
        case RungKind.LOOK_AGAIN:
            following, happened = Alarm(due=at + STOCK_AGAIN, kind=alarm.kind), EventType.STOCK_UNTOLD
        case RungKind.DECIDE_AGAIN:
            following, happened = None, EventType.WATCH_CHANGED
        case RungKind.WEBHOOK_DUE:
            # The worker sets the next one; this is for the message that got lost.
            following, happened, data = Alarm(due=at + WEBHOOK_AGAIN, kind=alarm.kind), EventType.WEBHOOK_DUE, {}
        case RungKind.PUSH_UNHEALTHY:
            following = push_alarm(watch.state, at)
            happened = EventType.WATCH_CHANGED if following is None else EventType.PUSH_UNHEALTHY
        case _:
            raise InvalidInputError(f"watch {watch.id} has the alarm {alarm.kind}, which no watch can have")
    event = Event(type=happened, at=at, actor=actor, data=data)
    return replace(watch, version=watch.version + 1, next_alarm=following), (event,)


def fire_case(case: Case, *, at: datetime, actor: str) -> tuple[Case, tuple[Event, ...]]:
    """Remind of a case that is still open, and again in a day. Raises InvalidInputError before its time."""
    _due(case.next_alarm, f"case {case.id}", at)
    changed, event = restated(case, reason=case.reason, owner=case.owner, at=at, actor=actor)
    return changed, (event,)


def _due(alarm: Alarm | None, what: str, at: datetime) -> Alarm:
    if alarm is None:
        raise InvalidInputError(f"{what} waits for no alarm")
    if at < alarm.due:
        raise InvalidInputError(f"{alarm.kind} of {what} is not due before {alarm.due.isoformat()}")
    return alarm


def _time(watch: Watch, name: str) -> datetime:
    try:
        return datetime.fromisoformat(str(watch.data[name]))
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"watch {watch.id} does not say {name}: {error}") from error
