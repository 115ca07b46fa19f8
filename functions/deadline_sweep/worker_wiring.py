"""What the alarm worker works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.alarms.store import AlarmStore
from shipby.application.alarms.set_aside import Allowance
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import WorkQueue
from shipby.settings import DeadlineSweepSettings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from shipby.application.ports.store import Store
    from shipby.domain.alarm import AlarmRef

    class ReadsAhead(Store, Protocol):
        """The store as a worker of batches uses it."""

        def read_ahead(self, alarms: Iterable[AlarmRef]) -> None:
            """The items of these alarms are asked for next."""


@dataclass(frozen=True, slots=True)
class Parts:
    store: ReadsAhead
    queue: WorkQueue
    clock: Clock
    batch: SqsBatch
    allowance: Allowance = field(default_factory=Allowance)
    """Lives as long as the process."""


@OncePerProcess
def parts() -> Parts:
    settings = DeadlineSweepSettings()
    return Parts(
        store=AlarmStore(table_name=settings.table_name),
        queue=SqsWorkQueue(settings.alarm_queue_url),
        clock=SystemClock(),
        batch=SqsBatch(QueueVisibility(settings.alarm_queue_url)),
    )


before_the_first_event(parts, clients.dynamodb)
