"""Copies of events on EventBridge, for integrators' own rules. The event rows stay the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shipby.adapters.aws import clients
from shipby.adapters.aws.batches import batches
from shipby.domain.events import StoredEvent
from shipby.observability import logger

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

    def publish(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Publish in order and in batches of 10, each once: what is refused has retries of its own.

        Returns the events that were refused. After a call without an answer nothing more is tried: what waits for the
        bus must not wait here.
        """
        pairs = [(stored, self._entry(stored)) for stored in events]
        refused: list[StoredEvent] = []
        silent = False
        for batch in batches(pairs, lambda pair: len(pair[1]["Detail"].encode()) + 256, count=_BATCH, total=_BYTES):
            if silent:
                refused += [stored for stored, _ in batch]
                continue
            try:
                refused += self._put(batch)
            except ClientError as error:
                logger().warning("event bus refused a call", extra={"error": str(error), "entries": len(batch)})
                refused += [stored for stored, _ in batch]
            except BotoCoreError as error:
                logger().warning("event bus does not answer", extra={"error": str(error), "entries": len(batch)})
                refused += [stored for stored, _ in batch]
                silent = True
        return refused

    def _put(self, batch: Sequence[tuple[StoredEvent, PutEventsRequestEntryTypeDef]]) -> list[StoredEvent]:
        client = self._client or clients.events()
        answer = client.put_events(Entries=[entry for _, entry in batch])
        # FailedEntryCount says how many; which ones only the entries say, in the order they were sent.
        taken = [bool(result.get("EventId")) and not result.get("ErrorCode") for result in answer["Entries"]]
        taken += [False] * (len(batch) - len(taken))
        return [stored for (stored, _), done in zip(batch, taken, strict=False) if not done]

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
