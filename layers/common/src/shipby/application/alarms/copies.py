"""Copies of events that the integrators' bus refused: they wait in a queue of their own, with their own retries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind, Event, EventType, Ref, StoredEvent
from shipby.domain.json_types import Json


def copy_message(stored: StoredEvent) -> QueueMessage:
    """The event itself, whole: whoever sends the copy again need not read the table. No event holds personal data."""
    event = stored.event
    body: dict[str, Json] = {
        "seller": stored.seller,
        "task": "copy",
        "kind": stored.ref.kind,
        "id": stored.ref.id,
        "version": stored.version,
        "index": stored.index,
        "type_version": stored.type_version,
        "count": stored.count,
        "type": event.type,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "reason": event.reason,
        "data": dict(event.data),
    }
    return QueueMessage(body=body, group=stored.seller)


def read_copy(body: Mapping[str, Json]) -> StoredEvent:
    """The event of a message. Raises InvalidInputError for one that is not ours."""
    try:
        return StoredEvent(
            seller=str(body["seller"]),
            ref=Ref(AggregateKind(str(body["kind"])), str(body["id"])),
            version=int(str(body["version"])),
            index=int(str(body["index"])),
            type_version=int(str(body["type_version"])),
            count=int(str(body["count"])),
            event=Event(
                type=EventType(str(body["type"])),
                at=datetime.fromisoformat(str(body["at"])),
                actor=str(body["actor"]),
                reason=str(body["reason"]),
                data=cast("Mapping[str, Json]", body["data"]),
            ),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInputError(f"a copy of an event is not one of ours: {error}") from error
