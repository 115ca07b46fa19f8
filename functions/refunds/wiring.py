"""What the intent worker works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplaces
from shipby.application.ports.store import Store
from shipby.settings import REFUNDS_RATE, RefundsSettings


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    marketplaces: Marketplaces
    clock: Clock
    batch: SqsBatch


@cache
def parts() -> Parts:
    settings = RefundsSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix, settings.ozon_base_url, requests_per_second=REFUNDS_RATE
        ),
        clock=SystemClock(),
        batch=SqsBatch(QueueVisibility(settings.intent_queue_url)),
    )
