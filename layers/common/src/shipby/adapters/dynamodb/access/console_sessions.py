"""The console's own rows: sessions, links that sign in once, refused attempts. All go by themselves (ttl)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import call, dynamodb_client, error_code
from shipby.application.sellers.console_sessions import WINDOW, ConsoleSession
from shipby.domain.sellers.keys import Role

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MICROSECOND = timedelta(microseconds=1)


class ConsoleSessionRows:
    """Implements `ConsoleSessions`. `client` None is the process's own."""

    def __init__(self, client: DynamoDBClient | None = None, *, table_name: str) -> None:
        self._given_client = client
        self._table = table_name

    @property
    def _client(self) -> DynamoDBClient:
        return self._given_client or dynamodb_client()

    def session(self, sha256: str) -> ConsoleSession | None:
        """Strongly consistent: what was signed out is out."""
        key = keys.console_session(sha256).wire
        item = call(self._client.get_item, TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return None
        return ConsoleSession(
            sha256=sha256,
            seller=item["seller"]["S"],
            role=Role(item["role"]["S"]),
            key_id=item["key_id"]["S"],
            name=item["name"]["S"],
            opened_at=_time(item["opened_at"]),
            seen_at=_time(item["seen_at"]),
            ends_at=_time(item["ends_at"]),
        )

    def save_session(self, session: ConsoleSession) -> None:
        """Write it, with the day on which it goes."""
        values: dict[str, Any] = {
            name: {"S": str(getattr(session, name))} for name in ("seller", "role", "key_id", "name")
        }
        values |= {name: _number(getattr(session, name)) for name in ("opened_at", "seen_at", "ends_at")}
        self._put(keys.console_session(session.sha256), values, session.ends_at)

    def drop_session(self, sha256: str) -> None:
        """Take it away; nothing happens if it is not there."""
        call(self._client.delete_item, TableName=self._table, Key=keys.console_session(sha256).wire)

    def save_link(self, sha256: str, key_id: str, *, ends_at: datetime) -> None:
        """Write a link that signs in once."""
        values = {"key_id": {"S": key_id}, "ends_at": _number(ends_at)}
        self._put(keys.console_link(sha256), values, ends_at)

    def take_link(self, sha256: str, *, now: datetime) -> str:
        """Delete it under the condition that it is there: of two who come with it, one gets in."""
        try:
            answer = call(
                self._client.delete_item,
                TableName=self._table,
                Key=keys.console_link(sha256).wire,
                ConditionExpression="ends_at > :now",
                ExpressionAttributeValues={":now": _number(now)},
                ReturnValues="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return ""
            raise
        return str(answer["Attributes"]["key_id"]["S"])

    def failures(self, origin: str, window: int) -> int:
        """Refused attempts from an address in a window."""
        key = keys.console_failures(origin, window).wire
        item = call(self._client.get_item, TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return int(item["failures"]["N"]) if item else 0

    def count_failure(self, origin: str, window: int) -> None:
        """One more."""
        call(
            self._client.update_item,
            TableName=self._table,
            Key=keys.console_failures(origin, window).wire,
            UpdateExpression="ADD failures :one SET #ttl = :ttl",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":ttl": {"N": str((window + 2) * int(WINDOW.total_seconds()))},
            },
        )

    def _put(self, key: keys.Key, values: dict[str, Any], ends_at: datetime) -> None:
        ttl = {"ttl": {"N": str(int(ends_at.timestamp()))}}
        call(self._client.put_item, TableName=self._table, Item={**key.wire, **values, **ttl})


def _number(when: datetime) -> dict[str, str]:
    return {"N": str((when - keys.EPOCH) // _MICROSECOND)}


def _time(value: Any) -> datetime:
    return keys.EPOCH.astimezone(UTC) + int(value["N"]) * _MICROSECOND
