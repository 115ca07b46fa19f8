"""What a worker of one queue works with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplaces
from shipby.application.ports.store import Store


class MarketplaceSettings(Protocol):
    """The settings that every worker with a marketplace has."""

    @property
    def table_name(self) -> str: ...
    @property
    def parameter_prefix(self) -> str: ...
    @property
    def ozon_base_url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a worker that reads one queue and calls the marketplace."""

    store: Store
    marketplaces: Marketplaces
    clock: Clock
    batch: SqsBatch


def queue_worker(
    settings: MarketplaceSettings, queue_url: str, *, requests_per_second: float, read_within: float = math.inf
) -> Parts:
    """`requests_per_second`: the worker's share of a seller's allowance; `read_within`: seconds a read may take."""
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix,
            settings.ozon_base_url,
            requests_per_second=requests_per_second,
            read_within=read_within,
        ),
        clock=SystemClock(),
        batch=SqsBatch(QueueVisibility(queue_url)),
    )
