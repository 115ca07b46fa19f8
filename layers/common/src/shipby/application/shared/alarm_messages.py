"""Alarms as messages: from the sweep to the worker, and from a worker back into the queue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from shipby.application.ports.messages import QueueMessage
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind, Ref
from shipby.domain.json_types import Json

_SECOND = timedelta(seconds=1)
MAX_DELAY = timedelta(minutes=15)
"""SQS holds a message back for at most 900 seconds."""


def alarm_message(alarm: AlarmRef, now: datetime) -> QueueMessage:
    """The message for the alarm worker, held back until the alarm is due: rounded up, or what is due in the next
    moment would go around and around until that has come.
    """
    wait = max(timedelta(0), min(alarm.due - now, MAX_DELAY))
    body: dict[str, Json] = {
        "seller": alarm.seller,
        "kind": alarm.ref.kind,
        "id": alarm.ref.id,
        "intent": alarm.intent_id,
        "due": alarm.due.isoformat(),
    }
    return QueueMessage(body=body, group=alarm.seller, delay_seconds=-(-wait // _SECOND))


def read_alarm(body: Mapping[str, Json]) -> AlarmRef:
    """The alarm of a message. Raises InvalidInputError if the message is not one of ours."""
    try:
        return AlarmRef(
            seller=str(body["seller"]),
            ref=Ref(AggregateKind(str(body["kind"])), str(body["id"])),
            intent_id=str(body["intent"]),
            due=datetime.fromisoformat(str(body["due"])),
        )
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"not an alarm message: {error}") from error
