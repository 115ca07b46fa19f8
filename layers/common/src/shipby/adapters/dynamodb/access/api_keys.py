"""The authorizer's share of the store: one read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import call, dynamodb_client
from shipby.adapters.dynamodb.rows import api_keys as rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from shipby.domain.sellers.keys import ApiKey


class ApiKeyReads:
    """Implements `shipby.application.ports.sellers.ApiKeyReads`. `client` None is the process's own."""

    def __init__(self, client: DynamoDBClient | None = None, *, table_name: str) -> None:
        self._given_client = client
        self._table = table_name

    @property
    def _client(self) -> DynamoDBClient:
        return self._given_client or dynamodb_client()

    def api_key(self, identifier: str) -> ApiKey | None:
        """The key with this id, revoked or not."""
        answer = call(
            self._client.get_item, TableName=self._table, Key=keys.api_key(identifier).wire, ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else rows.api_keys().read(item)
