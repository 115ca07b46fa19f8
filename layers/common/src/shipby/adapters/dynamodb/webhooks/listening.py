"""Which sellers have webhooks, asked once in half a minute: a seller without any costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shipby.adapters.aws import clients
from shipby.adapters.dynamodb.client import call

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LISTENERS = "WEBHOOKS"
"""The partition of all endpoints, `<seller>#<endpoint>` each."""
KEPT_SECONDS = 30.0


class Listening:
    """Lives as long as the process."""

    def __init__(
        self,
        table_name: str,
        *,
        client: DynamoDBClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table_name
        self._client = client
        self._monotonic = monotonic
        self._sellers: frozenset[str] = frozenset()
        self._asked_at: float | None = None

    def refresh(self) -> None:
        """Raises StoreUnavailableError: nothing may be routed as if nobody listened."""
        now = self._monotonic()
        if self._asked_at is None or now - self._asked_at >= KEPT_SECONDS:
            self._sellers = listening(self._client or clients.dynamodb(), self._table)
            self._asked_at = now

    def __contains__(self, seller: object) -> bool:
        return seller in self._sellers


def listening(client: DynamoDBClient, table: str) -> frozenset[str]:
    """Sellers with an endpoint, paused or not."""
    found: set[str] = set()
    arguments: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "PK = :all",
        "ExpressionAttributeValues": {":all": {"S": LISTENERS}},
    }
    while True:
        answer = call(client.query, **arguments)
        found |= {item["SK"]["S"].partition("#")[0] for item in answer["Items"]}
        following = answer.get("LastEvaluatedKey")
        if not following:
            return frozenset(found)
        arguments["ExclusiveStartKey"] = following
