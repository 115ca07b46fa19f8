"""What the stream router works with; the only place that reads its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.application.alarms.route_events import Destination
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import EventBus, WorkQueue
from shipby.settings import StreamRouterSettings


class Listens(Protocol):
    """Which sellers have webhooks, as last asked."""

    def refresh(self) -> None:
        """Ask again if that was long ago."""

    def __contains__(self, seller: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Parts:
    queues: Mapping[Destination, WorkQueue]
    bus: EventBus
    copies: WorkQueue
    listening: Listens
    copy_queue_url: str
    label_delay_seconds: int
    clock: Clock


@OncePerProcess
def parts() -> Parts:
    # With botocore: not where there is no AWS.
    from shipby.adapters.aws.bus import EventBridgeBus
    from shipby.adapters.dynamodb.webhooks.listening import Listening

    settings = StreamRouterSettings()
    return Parts(
        queues={
            Destination.SYNC: SqsWorkQueue(settings.sync_queue_url),
            Destination.LABELS: SqsWorkQueue(settings.label_queue_url),
            Destination.INTENTS: SqsWorkQueue(settings.intent_queue_url),
            Destination.TRACKING: SqsWorkQueue(settings.tracking_queue_url),
            Destination.NOTIFY: SqsWorkQueue(settings.notify_queue_url),
            Destination.WEBHOOKS: SqsWorkQueue(settings.webhook_queue_url),
        },
        bus=EventBridgeBus(settings.event_bus_name),
        listening=Listening(settings.table_name),
        copies=SqsWorkQueue(settings.copy_queue_url),
        copy_queue_url=settings.copy_queue_url,
        label_delay_seconds=settings.label_delay_seconds,
        clock=SystemClock(),
    )


before_the_first_event(parts, clients.sqs, clients.events, clients.dynamodb)
