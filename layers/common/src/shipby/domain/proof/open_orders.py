"""What must be true of every open posting: one stage, an owner, a next time, and facts that agree with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.deadlines.ladder import next_alarm
from shipby.domain.intents import Intent
from shipby.domain.postings.posting import BEFORE_HAND_OVER, FINAL, Alarm, Posting, Stage
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead, times_ahead, told

ALARM_MAY_WAIT = timedelta(hours=1)
"""An alarm that is overdue for longer was not rung by the sweep."""
DATE_MAY_WAIT = timedelta(hours=24)
"""How long the marketplace may leave a cut-off empty before a person asks why."""
READ_WITHIN = timedelta(hours=24)
"""An open posting that waits in the house is read from the marketplace at least this often."""
LISTED_FOR = timedelta(days=16)
"""The marketplace's lists are read fourteen days back: what came earlier than this is in none of them any more."""
UNLISTED_READ_WITHIN = timedelta(days=2)
"""What is open and in no list is read once a day by the poll; a day more for a walk that takes its time."""
TAKEN_WITHIN = timedelta(days=3)
"""Ours: how long the carrier may leave a posting unscanned that was handed over, weekends included."""
LATE_AT_BUYER = timedelta(days=7)
"""Ours: how long after its delivery date a posting may still be on its way before somebody looks for it."""
ON_ITS_WAY_FOR = timedelta(days=45)
"""Where the marketplace names no delivery date. rFBS delivers within 30 days (official, Process), and half as much."""
DISPUTED_FOR = timedelta(days=45)
"""A dispute takes up to 31 days (Ozon Global pages); two weeks more before it counts as forgotten."""
DELIVERED_FOR = timedelta(days=120)
"""A delivered posting closes when the buyer's time to return it is over: 90 days at most, and a month more."""

_CANCELLED = frozenset({"cancelled", "cancelled_from_split_pending"})
_MOVING = frozenset({"delivering", "driver_pickup"})
_DISPUTED = frozenset({"not_accepted", "arbitration", "client_arbitration"})
_NOT_SHIPPED = frozenset({"awaiting_verification", "awaiting_approve", "awaiting_packaging", "acceptance_in_progress"})
_FORGOTTEN = "its automatic {} was held back, and nothing waits to decide it again"
_LEFT = frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED})


class Rule(StrEnum):
    """The invariants, as reports name them."""

    ONE_STAGE = "one_stage"
    """It stands in exactly one worklist, as the posting itself says."""
    OWNER = "owner"
    NEXT_TIME = "next_time"
    """It has an alarm, not later than the next rung of its ladder, neither long overdue nor set aside."""
    INTENT = "intent"
    """A call to the marketplace that is open for too long has an alarm."""
    CUT_OFF = "cut_off"
    REASON = "reason"
    """What is blocked or expired says why, and where it came from."""
    STATUS = "status"
    """The marketplace's status and our stage can both be true."""
    READ = "read"
    AFTER_HAND_OVER = "after_hand_over"
    """What has left the house arrives, comes back or is settled in time, or somebody looks for it."""
    CLOCK = "clock"
    """No time of ours that should have passed lies ahead of the clock."""
    HELD = "held"
    """An automatic decision that was held back has a case, and the case an alarm."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant that does not hold. The text is the same from day to day, so that a case keeps its reason."""

    rule: Rule
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """How a worklist shows a posting."""

    stage: Stage
    cut_off: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was read about one open posting beside the posting itself."""

    intents: Mapping[str, Intent | None]
    """Each of `posting.open_intents` as its own row has it."""
    aside: str | None = None
    """Why its alarm was set aside, if it was."""
    forgotten: Sequence[str] = ()
    """Automatic decisions that were held back and that no case waits for."""
    polled: bool = True
    """Whether the marketplace was polled lately; if not, old reads are no finding of their own."""


def row_of(posting: Posting) -> Row:
    """The row a worklist must show for it."""
    return Row(posting.stage, posting.cut_off)


def check_rows(posting: Posting, rows: Sequence[Row]) -> Violation | None:
    """Whether the worklists show an open posting exactly once and as it is."""
    if not rows:
        return Violation(Rule.ONE_STAGE, f"it is {posting.stage}, but no worklist shows it")
    if len(rows) > 1:
        stages = ", ".join(sorted(row.stage for row in rows))
        return Violation(Rule.ONE_STAGE, f"several worklists show it: {stages}")
    if rows[0] != row_of(posting):
        return Violation(Rule.ONE_STAGE, f"it is {posting.stage}, but the worklist {rows[0].stage} shows another state")
    return None


def check(posting: Posting, settings: SellerSettings, evidence: Evidence, *, now: datetime) -> tuple[Violation, ...]:
    """Every invariant of an open posting that does not hold, but for its rows and times (check_rows, check_times)."""
    if posting.stage in FINAL:
        return ()
    found = (
        *_owner(posting, settings),
        *_next_time(posting, evidence, now),
        *_intents(settings, evidence, now),
        *_cut_off(posting, now),
        *_reason(posting),
        *_status(posting),
        *_read(posting, evidence, now),
        *_after_hand_over(posting, now),
        *(Violation(Rule.HELD, _FORGOTTEN.format(action)) for action in evidence.forgotten),
    )
    return tuple(found)


def _owner(posting: Posting, settings: SellerSettings) -> Iterator[Violation]:
    owner = owner_of(posting, settings)
    names = {recipient.name for recipient in settings.recipients}
    if settings.owners and not owner:
        yield Violation(Rule.OWNER, f"nobody owns postings that are {posting.stage}: name an owner in the settings")
    elif owner and names and owner not in names:
        yield Violation(Rule.OWNER, f"its owner {owner} is not among the recipients")
    elif not owner and names and not any(_hears(posting, told.warehouses) for told in settings.recipients):
        yield Violation(Rule.OWNER, f"no recipient is told about warehouse {posting.warehouse_id or '(none)'}")


def _hears(posting: Posting, warehouses: Sequence[str]) -> bool:
    return not warehouses or posting.warehouse_id in warehouses


def _next_time(posting: Posting, evidence: Evidence, now: datetime) -> Iterator[Violation]:
    expected, alarm = next_alarm(posting), posting.next_alarm
    if evidence.aside is not None:
        yield Violation(Rule.NEXT_TIME, f"its alarm was set aside: {evidence.aside}")
    elif alarm is None and expected is not None:
        yield Violation(Rule.NEXT_TIME, f"it has no next alarm although {expected.kind} is ahead")
    elif alarm is not None and expected is not None and expected.due < alarm.due:
        # An alarm that rings too early only finds nothing to do; one that rings too late misses something.
        yield Violation(Rule.NEXT_TIME, f"{expected.kind} is next on its ladder, but its alarm waits for {alarm.kind}")
    # A posting may come to us when some of its clocks have passed already.
    elif alarm is not None and now - _could_ring(alarm, posting, now) > ALARM_MAY_WAIT:
        since = f"{alarm.due:%Y-%m-%d %H:%M} UTC"
        yield Violation(Rule.NEXT_TIME, f"{alarm.kind} was due at {since} and has not rung: is the sweep running?")


def _could_ring(alarm: Alarm, posting: Posting, now: datetime) -> datetime:
    """Since when an alarm could ring, unless a wrong clock dated the receipt."""
    return alarm.due if ahead(posting.received_at, now) else max(alarm.due, posting.received_at)


def _intents(settings: SellerSettings, evidence: Evidence, now: datetime) -> Iterator[Violation]:
    for identifier, intent in evidence.intents.items():
        if intent is None:
            yield Violation(Rule.INTENT, f"it names the open call {identifier}, which does not exist")
        elif not intent.open:
            yield Violation(Rule.INTENT, f"it names {identifier} as open, which is {intent.state}")
        elif ahead(intent.let_go_at, now):
            yield Violation(Rule.CLOCK, f"{identifier} is {intent.state}; {told({'asked': intent.let_go_at})}")
        elif now - intent.created_at > settings.settle_limit and intent.next_alarm is None:
            yield Violation(Rule.INTENT, f"{identifier} is {intent.state} past its limit and has no alarm")


def _cut_off(posting: Posting, now: datetime) -> Iterator[Violation]:
    waits = posting.cut_off is None and posting.stage in BEFORE_HAND_OVER
    if waits and now - posting.received_at > DATE_MAY_WAIT:
        since = f"{posting.received_at:%Y-%m-%d %H:%M} UTC"
        yield Violation(Rule.CUT_OFF, f"the marketplace has named no cut-off since {since}")


def _reason(posting: Posting) -> Iterator[Violation]:
    if posting.stage is Stage.BLOCKED and not posting.blocked_reason:
        yield Violation(Rule.REASON, "it is blocked without a reason")
    if posting.stage is Stage.EXPIRED and not posting.expired_reason:
        yield Violation(Rule.REASON, "it is expired without a reason")
    if posting.stage in (Stage.BLOCKED, Stage.EXPIRED) and posting.blocked_from is None:
        yield Violation(Rule.REASON, f"it is {posting.stage}, but nobody knows from which stage")


def _status(posting: Posting) -> Iterator[Violation]:
    status, stage = posting.status, posting.stage
    wrong = (
        status in _CANCELLED
        or (status == "delivered" and stage is not Stage.DELIVERED)
        or (status in _MOVING and stage not in (Stage.IN_TRANSIT, Stage.DELIVERED))
        or (status in _NOT_SHIPPED and stage in _LEFT)
        or (status in _DISPUTED and stage in _LEFT)
    )
    if wrong:
        yield Violation(Rule.STATUS, f"the marketplace says {status}, and we have it as {stage}")


def _read(posting: Posting, evidence: Evidence, now: datetime) -> Iterator[Violation]:
    waits = posting.stage not in _LEFT
    unlisted = now - posting.received_at > LISTED_FOR
    limit = READ_WITHIN if waits else UNLISTED_READ_WITHIN if unlisted else None
    if limit is not None and evidence.polled and now - posting.synced_at > limit:
        since = f"{posting.synced_at:%Y-%m-%d %H:%M} UTC"
        yield Violation(Rule.READ, f"it was last read from the marketplace at {since}, although the poll works")


def _after_hand_over(posting: Posting, now: datetime) -> Iterator[Violation]:
    """Each stage after the hand-over has an end; past it a person looks, for no clock of the marketplace rings."""
    status, stage = posting.status, posting.stage
    left = posting.handed_over_at or posting.received_at
    if stage is Stage.HANDED_OVER and status not in _MOVING and now - left > TAKEN_WITHIN:
        yield Violation(
            Rule.AFTER_HAND_OVER, f"handed over {_day(left)}, and the marketplace still says {status}: ask the carrier"
        )
    elif stage in (Stage.HANDED_OVER, Stage.IN_TRANSIT):
        by = posting.delivery_by
        until = by + LATE_AT_BUYER if by is not None else left + ON_ITS_WAY_FOR
        if now > max(until, left):
            promised = f"due {_day(by)}" if by is not None else "without a delivery date"
            text = f"on its way since {_day(left)}, {promised}, and it is still {status}: look for it"
            yield Violation(Rule.AFTER_HAND_OVER, text)
    elif stage is Stage.DELIVERED:
        if posting.delivered_at is None:
            yield Violation(Rule.AFTER_HAND_OVER, "it is delivered, and nobody knows since when")
        elif now - posting.delivered_at > DELIVERED_FOR:
            yield Violation(Rule.AFTER_HAND_OVER, f"delivered {_day(posting.delivered_at)}, and it was never closed")
    elif status in _DISPUTED:
        since = posting.not_accepted_since or posting.delivered_at or left
        if now - since > DISPUTED_FOR:
            text = f"{status}, and nothing was settled since {_day(since)}: ask the marketplace"
            yield Violation(Rule.AFTER_HAND_OVER, text)


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"


def check_times(posting: Posting, now: datetime) -> tuple[Violation, ...]:
    """Whether times of an open posting lie ahead: then nothing that hangs on them can be believed."""
    wrong = times_ahead(posting, now)
    return (Violation(Rule.CLOCK, told(wrong)),) if wrong and posting.stage not in FINAL else ()
