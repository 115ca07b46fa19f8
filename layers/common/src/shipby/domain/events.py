"""What happened, in the past tense. Event rows are the history, the outbox and the proof in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.json_types import Json


class AggregateKind(StrEnum):
    """What has a version and an event history of its own."""

    POSTING = "POSTING"
    RETURN = "RETURN"
    PRINT_JOB = "JOB"


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one aggregate of a seller."""

    kind: AggregateKind
    id: str


def posting_ref(number: str) -> Ref:
    """The aggregate of a posting number."""
    return Ref(AggregateKind.POSTING, number)


def print_job_ref(identifier: str) -> Ref:
    """The aggregate of a print job."""
    return Ref(AggregateKind.PRINT_JOB, identifier)


def return_ref(return_id: str) -> Ref:
    """The aggregate of a marketplace return id."""
    return Ref(AggregateKind.RETURN, return_id)


class EventType(StrEnum):
    """Every event the product writes."""

    POSTING_RECEIVED = "posting.received"
    POSTING_CHANGED = "posting.changed"
    POSTING_CUT_OFF_MOVED = "posting.cut_off_moved"
    POSTING_SPLIT = "posting.split"
    POSTING_CONFIRMED = "posting.confirmed"
    POSTING_PICKED = "posting.picked"
    POSTING_INSPECTED = "posting.inspected"
    POSTING_PACKED = "posting.packed"
    POSTING_ASSEMBLED = "posting.assembled"
    POSTING_HANDED_OVER = "posting.handed_over"
    POSTING_IN_TRANSIT = "posting.in_transit"
    POSTING_DELIVERED = "posting.delivered"
    POSTING_CLOSED = "posting.closed"
    POSTING_CANCELLED = "posting.cancelled"
    POSTING_BLOCKED = "posting.blocked"
    POSTING_UNBLOCKED = "posting.unblocked"
    POSTING_REMINDED = "posting.reminded"
    POSTING_LATE = "posting.late"
    POSTING_EXPIRED = "posting.expired"
    POSTING_OVERRIDDEN = "posting.overridden"
    POSTING_GIVE_UP_SHADOWED = "posting.give_up_shadowed"
    LABEL_READY = "label.ready"
    LABEL_FAILED = "label.failed"
    LABEL_PRINTED = "label.printed"
    PRINT_REQUESTED = "print.requested"
    PRINT_FINISHED = "print.finished"
    TRACKING_CHANGED = "tracking.changed"
    INTENT_CREATED = "intent.created"
    INTENT_SENT = "intent.sent"
    INTENT_CONFIRMED = "intent.confirmed"
    INTENT_REJECTED = "intent.rejected"
    INTENT_UNKNOWN = "intent.unknown"
    INTENT_NOT_SENT = "intent.not_sent"
    INTENT_CHECK_DUE = "intent.check_due"
    INTENT_NEEDS_PERSON = "intent.needs_person"
    AUTOMATION_HELD = "automation.held"
    NOTICE_SENT = "notice.sent"
    NOTICE_UNDELIVERABLE = "notice.undeliverable"
    RETURN_OPENED = "return.opened"
    RETURN_CHANGED = "return.changed"
    RETURN_REMINDED = "return.reminded"
    RETURN_OVERDUE = "return.overdue"
    RETURN_RECEIVED = "return.received"
    RETURN_INSPECTED = "return.inspected"
    RETURN_DECIDED = "return.decided"
    RETURN_CLOSED = "return.closed"


EVENT_TYPE_VERSION: Mapping[EventType, int] = dict.fromkeys(EventType, 1)
"""Version of the data of each type; a type that changes its data raises its own number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. `data` never holds personal data."""

    type: EventType
    at: datetime
    actor: str
    """Who: `key:<id>` a person's key, `marketplace`, or `system:<function>`."""
    reason: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event with its place in the history: aggregate, version and number within the version."""

    seller: str
    ref: Ref
    version: int
    index: int
    event: Event
    type_version: int = 1
    count: int = 0
    """How many events its version has; 0 in rows that do not say. It proves that the last ones are there too."""

    @property
    def id(self) -> str:
        """Unique per seller and stable over replays."""
        return f"{self.ref.kind}/{self.ref.id}/{self.version}/{self.index}"
