"""The deployed sweep and alarm worker in this process: their own handlers and wiring, with only the wire replaced."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.parts.engine import Engine
from bench.parts.wire import Queue, Wire
from shipby.adapters.aws_lambda.batch import PartialResponse

TABLE = "bench"
QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/000000000000/alarms"
BATCH = 10
"""Messages per invocation, as infra/template.yaml sets it for the alarm worker."""
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "TABLE_NAME": TABLE,
    "ALARM_QUEUE_URL": QUEUE_URL,
    "SWEEP_LOOK_AHEAD_SECONDS": "60",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Bench",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


class Context:
    """A Lambda context with time enough."""

    def get_remaining_time_in_millis(self) -> int:
        """As much as the sweep's budget needs for everything."""
        return 15 * 60 * 1000


@dataclass(slots=True)
class Stand:
    """Engine, queue and the wires to both."""

    engine: Engine = field(default_factory=Engine)
    queue: Queue = field(default_factory=Queue)
    database: Wire = field(init=False)
    sqs: Wire = field(init=False)
    _containers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = Wire(self._serve)
        self.sqs = Wire(self.queue.call)

    def _serve(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.engine.call(operation, body)

    def connect(self) -> None:
        """Sets the environment and takes the place of the network. Once per process: the product keeps its clients."""
        os.environ |= _ENVIRONMENT
        from shipby.adapters.aws import clients
        from shipby.adapters.dynamodb.client import dynamodb_client

        self.database.join(dynamodb_client())
        self.sqs.join(clients.sqs())

    @property
    def behind(self) -> float:
        """CPU seconds spent behind the wires so far."""
        return self.database.seconds + self.sqs.seconds

    def sweep(self) -> int:
        """One run of the sweep's handler in a new container, which remembers nothing; says how many alarms it sent."""
        from functions.deadline_sweep.handler import handler
        from functions.deadline_sweep.wiring import parts

        parts.cache_clear()
        return handler({}, Context())["sent"]

    def work(self, records: list[dict[str, Any]], container: str = "A") -> None:
        """One run of the alarm worker's handler; messages that it reports as failed come again.

        Containers share nothing but the table and the queue, as on Lambda.
        """
        from functions.deadline_sweep import worker
        from functions.deadline_sweep import worker_wiring as wiring

        if container not in self._containers:
            wiring.parts.cache_clear()
            self._containers[container] = wiring.parts()
        own, module = self._containers[container], vars(worker)
        others = module["parts"]
        module["parts"] = lambda: own
        try:
            answer: PartialResponse = worker.handler({"Records": records}, Context())
        finally:
            module["parts"] = others
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        self.queue.back([record for record in records if record["messageId"] in failed])


_NOWHERE = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - Powertools keeps the stream it first saw


def quiet() -> contextlib.redirect_stdout[Any]:
    """Logs and metrics are written as always, but to /dev/null."""
    return contextlib.redirect_stdout(_NOWHERE)
