"""What the stream router works with; the only place that reads its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.application.alarms.route_events import Destination
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import EventBus, WorkQueue
from shipby.settings import StreamRouterSettings


@dataclass(frozen=True, slots=True)
class Parts:
    queues: Mapping[Destination, WorkQueue]
    bus: EventBus
    copies: WorkQueue
    copy_queue_url: str
    label_delay_seconds: int
    clock: Clock


@OncePerProcess
def parts() -> Parts:
    from shipby.adapters.aws.bus import EventBridgeBus  # with botocore: not where there is no AWS

    settings = StreamRouterSettings()
    return Parts(
        queues={
            Destination.SYNC: SqsWorkQueue(settings.sync_queue_url),
            Destination.LABELS: SqsWorkQueue(settings.label_queue_url),
            Destination.INTENTS: SqsWorkQueue(settings.intent_queue_url),
            Destination.TRACKING: SqsWorkQueue(settings.tracking_queue_url),
            Destination.NOTIFY: SqsWorkQueue(settings.notify_queue_url),
        },
        bus=EventBridgeBus(settings.event_bus_name),
        copies=SqsWorkQueue(settings.copy_queue_url),
        copy_queue_url=settings.copy_queue_url,
        label_delay_seconds=settings.label_delay_seconds,
        clock=SystemClock(),
    )


before_the_first_event(parts, clients.sqs, clients.events)
