"""Every minute: queue the alarms that are due soon, each delayed to its second."""

from __future__ import annotations

from datetime import timedelta

from functions.deadline_sweep.wiring import parts
from shipby.adapters.aws_lambda.batch import RESERVE_MILLIS, Context, Event
from shipby.application.alarms.sweep import sweep
from shipby.observability import logger, publish


def handler(_: Event, context: Context) -> dict[str, int]:
    """How many alarms were sent. What the time does not suffice for is left to the next sweep."""
    own = parts()
    budget = timedelta(milliseconds=max(0, context.get_remaining_time_in_millis() - RESERVE_MILLIS))
    swept = sweep(
        store=own.store,
        queue=own.queue,
        clock=own.clock,
        look_ahead=own.look_ahead,
        budget=budget,
        memory=own.memory,
    )
    lag = max(0, int(swept.lag.total_seconds()))
    publish(
        {
            "alarms_sent": swept.sent,
            "alarms_waiting": swept.waiting,
            "alarm_lag_seconds": lag,
            "sweeps_cut_short": int(not swept.complete),
        }
    )
    logger().info("swept", extra={"sent": swept.sent, "waiting": swept.waiting, "lag_seconds": lag})
    return {"sent": swept.sent}
