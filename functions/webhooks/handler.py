"""The webhook queue: events go to integrators' endpoints, in order, and again until they are taken."""

from __future__ import annotations

from datetime import timedelta

from functions.webhooks.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.webhooks.tasks import work

RESERVE = timedelta(seconds=70)
"""No page of what waits begins later than this before the function's end: a try may take 15 s, a visit 40 s."""


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    own = parts()

    def one(message: Message) -> str:
        left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        until = own.tools.clock.now() + max(left - RESERVE, timedelta(seconds=1))
        return work(message.body, own.tools, lambda rest: own.queue.send([rest]), until=until)

    return own.batch.each(event, context, one)
