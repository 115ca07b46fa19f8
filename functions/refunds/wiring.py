"""What the intent worker works with; the only place that reads its environment."""

from __future__ import annotations

from shipby.adapters.aws import clients
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.worker import Parts, queue_worker
from shipby.settings import REFUNDS_RATE, RefundsSettings


@OncePerProcess
def parts() -> Parts:
    settings = RefundsSettings()
    return queue_worker(settings, settings.intent_queue_url, requests_per_second=REFUNDS_RATE)


before_the_first_event(parts, clients.dynamodb)
