"""What the poll works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import WorkQueue
from shipby.application.ports.store import Marketplaces, Store
from shipby.settings import MARKETPLACE_POLL_RATE, MarketplacePollSettings


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    marketplaces: Marketplaces
    queue: WorkQueue
    clock: Clock
    look_back: timedelta


@cache
def parts() -> Parts:
    settings = MarketplacePollSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix, settings.ozon_base_url, requests_per_second=MARKETPLACE_POLL_RATE
        ),
        queue=SqsWorkQueue(settings.sync_queue_url),
        clock=SystemClock(),
        look_back=timedelta(hours=settings.poll_look_back_hours),
    )
