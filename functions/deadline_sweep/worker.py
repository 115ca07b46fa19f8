"""The alarm queue: fire each alarm at its second; the commit under the version check is the claim."""

from __future__ import annotations

from functions.deadline_sweep.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.alarms import MAX_DELAY, alarm_message, read_alarm, ring


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    return parts().batch.each(event, context, _ring)


def _ring(message: Message) -> str:
    own = parts()
    rang = ring(read_alarm(message.body), store=own.store, clock=own.clock)
    following, now = rang.next_alarm, own.clock.now()
    # What rings before the queue's longest delay is over need not wait for a sweep to find it.
    if following is not None and following.due - now <= MAX_DELAY:
        own.queue.send([alarm_message(following, now)])
    return f"alarm_{rang.outcome}"
