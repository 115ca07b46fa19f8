"""Calls of the API in a window, counted by all processes: one item a seller and window, gone minutes later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import call, dynamodb_client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

KEPT_SECONDS = 600


class CallCounts:
    """Implements `CallCounter`: one update without a condition, so that callers never wait for each other."""

    def __init__(self, *, table_name: str, window_seconds: int, client: DynamoDBClient | None = None) -> None:
        self._table, self._window_seconds, self._given = table_name, window_seconds, client

    def count_calls(self, seller: str, key_id: str, window: int, calls: int) -> tuple[int, int]:
        """Add calls to a window; what the key and the seller have made in it so far."""
        key = keys.calls(seller, window)
        answer = call(
            (self._given or dynamodb_client()).update_item,
            TableName=self._table,
            Key={"PK": {"S": key.pk}, "SK": {"S": key.sk}},
            UpdateExpression="ADD #all :calls, #key :calls SET #ttl = :ttl",
            ExpressionAttributeNames={"#all": "calls", "#key": f"calls_{key_id}", "#ttl": "ttl"},
            ExpressionAttributeValues={
                ":calls": {"N": str(calls)},
                ":ttl": {"N": str((window + 1) * self._window_seconds + KEPT_SECONDS)},
            },
            ReturnValues="UPDATED_NEW",
        )
        found = answer["Attributes"]
        return int(found[f"calls_{key_id}"]["N"]), int(found["calls"]["N"])
