"""What the sweep and its worker work with; the only place that reads their environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.alarm_store import AlarmStore
from shipby.application.alarms.set_aside import Allowance
from shipby.application.alarms.sweep import SentMemory
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import WorkQueue
from shipby.settings import DeadlineSweepSettings


@dataclass(frozen=True, slots=True)
class Parts:
    store: AlarmStore
    queue: WorkQueue
    clock: Clock
    look_ahead: timedelta
    batch: SqsBatch
    memory: SentMemory = field(default_factory=SentMemory)
    """Lives as long as the process."""
    allowance: Allowance = field(default_factory=Allowance)


@cache
def parts() -> Parts:
    settings = DeadlineSweepSettings()
    return Parts(
        store=AlarmStore(table_name=settings.table_name),
        queue=SqsWorkQueue(settings.alarm_queue_url),
        clock=SystemClock(),
        look_ahead=timedelta(seconds=settings.sweep_look_ahead_seconds),
        batch=SqsBatch(QueueVisibility(settings.alarm_queue_url)),
    )
