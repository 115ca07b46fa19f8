"""What the sync worker works with; the only place that reads its environment."""

from __future__ import annotations

from shipby.adapters.aws import clients
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.worker import Parts, queue_worker
from shipby.settings import POSTING_SYNC_RATE, READ_WITHIN, PostingSyncSettings


@OncePerProcess
def parts() -> Parts:
    settings = PostingSyncSettings()
    return queue_worker(
        settings, settings.sync_queue_url, requests_per_second=POSTING_SYNC_RATE, read_within=READ_WITHIN
    )


before_the_first_event(parts, clients.dynamodb)
