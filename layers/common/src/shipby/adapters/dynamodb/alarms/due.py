"""The sweep's share of the store: which alarms are due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import index_keys
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.paging import Listing, page
from shipby.application.ports.pages import Page
from shipby.domain.alarm import AlarmRef

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SHARDS = 4
"""Partitions of the index; the same in every function, for an item's shard is part of its index key."""


class DueAlarms:
    """Implements `shipby.application.ports.alarms.DueAlarms`. `client` None is the process's own."""

    def __init__(
        self, client: DynamoDBClient | None = None, table_name: str = "shipby", alarm_shards: int = SHARDS
    ) -> None:
        self._given_client = client
        self._table = table_name
        self._shards = alarm_shards

    @property
    def _client(self) -> DynamoDBClient:
        return self._given_client or dynamodb_client()

    @property
    def alarm_shards(self) -> int:
        """How many shards `due_alarms` knows."""
        return self._shards

    def due_alarms(self, shard: int, *, until: datetime, limit: int = 200, cursor: str | None = None) -> Page[AlarmRef]:
        """Alarms of one shard due at or before `until`, of all sellers, earliest first."""
        listing = Listing(
            name=f"alarms/{shard}",
            index="alarms",
            partition=("AK", index_keys.alarm_partition(shard)),
            sort="AS",
            condition="#sort < :until",
            values={":until": index_keys.alarms_until(until)},
            owner="SELLER#",
        )
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        refs = tuple(index_keys.alarm_ref({name: item[name]["S"] for name in ("PK", "SK", "AS")}) for item in items)
        return Page(refs, following)
