"""Every minute: queue the alarms that are due soon, each delayed to its second."""

from __future__ import annotations

from datetime import timedelta

from functions.deadline_sweep.wiring import parts
from shipby.adapters.aws_lambda.batch import RESERVE_MILLIS, Context, Event
from shipby.application.alarms import sweep
from shipby.observability import logger, publish


def handler(_: Event, context: Context) -> dict[str, int]:
    """How many alarms were sent. What the time does not suffice for is left to the next sweep."""
    own = parts()
    budget = timedelta(milliseconds=max(0, context.get_remaining_time_in_millis() - RESERVE_MILLIS))
    sent = sweep(store=own.store, queue=own.queue, clock=own.clock, look_ahead=own.look_ahead, budget=budget)
    publish({"alarms_sent": sent})
    logger().info("swept", extra={"sent": sent})
    return {"sent": sent}
