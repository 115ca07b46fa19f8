"""The table's stream: every push and every event that was written goes to the queues that act on it, and to the bus.

What the bus refused comes again by a queue of its own, which this function works off too.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.stream_router.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse, SqsBatch
from shipby.adapters.aws_lambda.messages import Message
from shipby.adapters.aws_lambda.stream import route_batch
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.application.alarms.copies import read_copy
from shipby.application.alarms.route_events import Routed, route_event, route_push, route_webhooks
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.events import StoredEvent
from shipby.domain.postings.inbox import PushRow
from shipby.observability import logger, publish

FROM_QUEUE = "aws:sqs"


class PoisonError(Exception):
    """The first of several records cannot be read: Lambda halves the batch, until only that record is given up."""


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the first record that has to come again; with it comes everything after it. Of copies that come again:
    each message that has to.

    Raises PoisonError where that alone would not part a poison record from the sound ones behind it: after the last
    try all of them would be given up together.
    """
    own = parts()
    records = event["Records"]
    if records and records[0].get("eventSource") == FROM_QUEUE:
        return SqsBatch(QueueVisibility(own.copy_queue_url)).each(event, context, _copy)
    own.listening.refresh()
    routing = route_batch(records, _route, queues=own.queues, bus=own.bus, copies=own.copies)
    publish(routing.counts)
    if routing.failed is None:
        return {"batchItemFailures": []}
    first = str(records[routing.failed]["dynamodb"]["SequenceNumber"])
    about = {"sequence_number": first, "done": routing.failed, "of": len(records)}
    logger().warning("batch stopped", extra=about)
    if routing.poison == 0 and len(records) > 1:
        raise PoisonError(f"record {first} of {len(records)} cannot be read; the log names its row")
    return {"batchItemFailures": [{"itemIdentifier": first}]}


def _copy(message: Message) -> str:
    """One copy that the bus refused before."""
    stored = read_copy(message.body)
    if parts().bus.publish([stored]):
        raise StoreUnavailableError(f"the event bus refused the copy of {stored.id} again")
    return "copied"


def _route(found: PushRow | StoredEvent) -> Sequence[Routed]:
    own = parts()
    now = own.clock.now()
    if isinstance(found, PushRow):
        return route_push(found, now=now)
    own_queues = route_event(found, label_delay_seconds=own.label_delay_seconds, now=now)
    return [*own_queues, *route_webhooks(found, listens=found.seller in own.listening)]
