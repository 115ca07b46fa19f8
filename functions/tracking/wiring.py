"""What the tracking worker works with; the only place that reads its environment."""

from __future__ import annotations

from shipby.adapters.aws import clients
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.worker import Parts, queue_worker
from shipby.settings import TRACKING_RATE, TrackingSettings


@OncePerProcess
def parts() -> Parts:
    settings = TrackingSettings()
    return queue_worker(settings, settings.tracking_queue_url, requests_per_second=TRACKING_RATE)


before_the_first_event(parts, clients.dynamodb)
