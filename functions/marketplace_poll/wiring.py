"""What the poll works with; the only place that reads its environment."""

from __future__ import annotations

from datetime import timedelta

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.application.polling.rounds import Tools
from shipby.observability import logger
from shipby.settings import MARKETPLACE_POLL_RATE, MarketplacePollSettings


@OncePerProcess
def parts() -> Tools:
    settings = MarketplacePollSettings()
    return Tools(
        store=DynamoDBStore(table_name=settings.table_name),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix, settings.ozon_base_url, requests_per_second=MARKETPLACE_POLL_RATE
        ),
        queue=SqsWorkQueue(settings.sync_queue_url),
        clock=SystemClock(),
        look_back=timedelta(hours=settings.poll_look_back_hours),
        log=logger(),
    )


before_the_first_event(parts, clients.dynamodb)
