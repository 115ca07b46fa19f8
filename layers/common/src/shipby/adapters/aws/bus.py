"""Copies of events on EventBridge, for integrators' own rules. The event rows stay the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.adapters.aws.batches import batches, send_all
from shipby.domain.events import StoredEvent

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "shipby"
_BATCH = 10
_BYTES = 256 * 1024


class EventBridgeBus:
    """Implements `EventBus`.

    `detail-type` is the event's type; `detail` is {id, seller, kind, aggregate_id, version, index, type_version, at,
    actor, reason, data}: `id` is stable over replays, so a consumer can drop repeats.
    """

    def __init__(self, bus_name: str, *, client: EventBridgeClient | None = None) -> None:
        self._name = bus_name
        self._client = client

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """Publish all, in order and in batches of 10. Raises StoreUnavailableError if any was refused."""
        entries = [self._entry(stored) for stored in events]
        for batch in batches(entries, lambda entry: len(entry["Detail"].encode()) + 256, count=_BATCH, total=_BYTES):
            send_all(batch, self._put, what="the event bus")

    def _put(self, batch: Sequence[PutEventsRequestEntryTypeDef]) -> Sequence[tuple[PutEventsRequestEntryTypeDef, str]]:
        client = self._client or clients.events()
        answer = client.put_events(Entries=batch)
        return [
            (entry, result["ErrorCode"])
            for entry, result in zip(batch, answer["Entries"], strict=True)
            if result.get("ErrorCode")
        ]

    def _entry(self, stored: StoredEvent) -> PutEventsRequestEntryTypeDef:
        event = stored.event
        detail = {
            "id": stored.id,
            "seller": stored.seller,
            "kind": stored.ref.kind.value,
            "aggregate_id": stored.ref.id,
            "version": stored.version,
            "index": stored.index,
            "type_version": stored.type_version,
            "at": event.at.isoformat(),
            "actor": event.actor,
            "reason": event.reason,
            "data": event.data,
        }
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.type.value,
            "Time": event.at,
            "Detail": json.dumps(detail, separators=(",", ":"), ensure_ascii=False),
        }
