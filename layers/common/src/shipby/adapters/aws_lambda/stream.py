"""The table's stream: reading its records, and sending what follows from a batch of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import inbox as inbox_rows
from shipby.application.alarms.copies import copy_message
from shipby.application.alarms.route_events import Destination, Routed
from shipby.application.ports.messages import EventBus, WorkQueue
from shipby.application.shared.loggable import error_fields
from shipby.domain.errors import ShipbyError
from shipby.domain.events import StoredEvent
from shipby.domain.postings.inbox import PushRow
from shipby.observability import logger

Record = Mapping[str, Any]


def read_record(record: Record) -> Sequence[PushRow | StoredEvent]:
    """The push or the events of the row that was inserted; none for everything else the table writes.

    Raises KeyError, TypeError, ValueError or ShipbyError for a row that is neither and claims to be.
    """
    if record["eventName"] != "INSERT":
        return ()
    image = record["dynamodb"]["NewImage"]
    sort_key = image["SK"]["S"]
    if inbox_rows.is_push(sort_key):
        return (inbox_rows.read_push(image),)
    return event_rows.read_events(image) if event_rows.is_event(sort_key) else ()


@dataclass(slots=True)
class Routing:
    """What one batch of records leads to, in order.

    `failed` is the first record that has to come again, `poison` one that will never be read.
    """

    messages: dict[Destination, list[tuple[int, Routed]]] = field(default_factory=dict)
    events: list[tuple[int, StoredEvent]] = field(default_factory=list)
    failed: int | None = None
    poison: int | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def fail(self, index: int) -> None:
        """Everything from this record on comes again."""
        self.failed = index if self.failed is None else min(index, self.failed)


def route_batch(
    records: Sequence[Record],
    route: Callable[[PushRow | StoredEvent], Sequence[Routed]],
    *,
    queues: Mapping[Destination, WorkQueue],
    bus: EventBus,
    copies: WorkQueue,
) -> Routing:
    """Send to the queues first, then copy to the bus; stop before the first record that cannot be read.

    What comes again is sent again: every consumer is idempotent. What the bus refuses waits in `copies`, and holds no
    record back.
    """
    routing = Routing()
    for index, record in enumerate(records):
        try:
            found = read_record(record)
            routed = [one for each in found for one in route(each)]
        except (ShipbyError, KeyError, TypeError, ValueError) as error:
            logger().error("poison record", extra=_keys(record) | error_fields(error))
            routing.counts["poison"] += 1
            routing.poison = index
            routing.fail(index)
            break
        for one in routed:
            routing.messages.setdefault(one.destination, []).append((index, one))
        routing.events += [(index, each) for each in found if isinstance(each, StoredEvent)]
        for each in found:
            routing.counts["pushes" if isinstance(each, PushRow) else "events"] += 1
        if not found:
            routing.counts["ignored"] += 1
    for destination, indexed in routing.messages.items():
        try:
            queues[destination].send(one.message for _, one in indexed)
            routing.counts[f"sent_{destination}"] += len(indexed)
        except ShipbyError as error:
            logger().warning("queue refused", extra={"destination": str(destination), **error_fields(error)})
            routing.counts["queue_refused"] += 1
            routing.fail(indexed[0][0])
    _publish(routing, bus, copies)
    return routing


def _publish(routing: Routing, bus: EventBus, copies: WorkQueue) -> None:
    before = [(index, event) for index, event in routing.events if routing.failed is None or index < routing.failed]
    if not before:
        return
    refused: Sequence[StoredEvent] = [event for _, event in before]
    try:
        refused = bus.publish(refused)
    except ShipbyError as error:
        logger().warning("event bus refused", extra=error_fields(error))
    routing.counts["published"] += len(before) - len(refused)
    if not refused:
        return
    routing.counts["copies_refused"] += len(refused)
    try:
        copies.send(copy_message(event) for event in refused)
    except ShipbyError as error:
        # Neither bus nor queue takes it: the stream is the last that keeps it.
        logger().warning("queue of copies refused", extra=error_fields(error))
        waiting = {event.id for event in refused}
        routing.fail(next(index for index, event in before if event.id in waiting))


def _keys(record: Record) -> dict[str, str]:
    """Where a record stands, without anything of its row but the key."""
    change = record.get("dynamodb", {})
    keys = change.get("Keys", {})
    place = {name: str(keys.get(name, {}).get("S", "?"))[:200] for name in ("PK", "SK")}
    return {"sequence_number": str(change.get("SequenceNumber", "?")), **place}
