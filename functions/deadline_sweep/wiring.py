"""What the sweep works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.dynamodb.alarms.due import DueAlarms
from shipby.application.alarms.sweep import SentMemory
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import WorkQueue
from shipby.settings import DeadlineSweepSettings


@dataclass(frozen=True, slots=True)
class Parts:
    store: DueAlarms
    queue: WorkQueue
    clock: Clock
    look_ahead: timedelta
    memory: SentMemory = field(default_factory=SentMemory)
    """Lives as long as the process."""


@OncePerProcess
def parts() -> Parts:
    settings = DeadlineSweepSettings()
    return Parts(
        store=DueAlarms(table_name=settings.table_name),
        queue=SqsWorkQueue(settings.alarm_queue_url),
        clock=SystemClock(),
        look_ahead=timedelta(seconds=settings.sweep_look_ahead_seconds),
    )


before_the_first_event(parts, clients.dynamodb)
