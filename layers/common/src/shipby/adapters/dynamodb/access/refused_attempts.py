"""Refused attempts to sign in, counted by address and window: one small item, gone minutes later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import call, dynamodb_client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

KEPT_WINDOWS = 2


class RefusedAttemptCounts:
    """Implements `RefusedAttempts`. `client` None is the process's own."""

    def __init__(self, *, table_name: str, window_seconds: int, client: DynamoDBClient | None = None) -> None:
        self._table, self._window_seconds, self._given = table_name, window_seconds, client

    def refused(self, origin: str, window: int) -> int:
        """Attempts from an address in a window; strongly consistent."""
        key = keys.console_failures(origin, window).wire
        client = self._given or dynamodb_client()
        item = call(client.get_item, TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return int(item["refused"]["N"]) if item else 0

    def count(self, origin: str, window: int) -> None:
        """One more."""
        call(
            (self._given or dynamodb_client()).update_item,
            TableName=self._table,
            Key=keys.console_failures(origin, window).wire,
            UpdateExpression="ADD refused :one SET #ttl = :ttl",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":ttl": {"N": str((window + KEPT_WINDOWS) * self._window_seconds)},
            },
        )
