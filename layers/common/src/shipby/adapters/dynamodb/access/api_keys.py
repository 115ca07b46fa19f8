"""The authorizer's share of the store: a read of the key or the session, and one of its person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import call, dynamodb_client
from shipby.adapters.dynamodb.rows import api_keys as rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from shipby.adapters.dynamodb.keys import Key
    from shipby.adapters.dynamodb.rows.kind import Kind, T
    from shipby.domain.people.person import Person
    from shipby.domain.people.session import Session
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
        return self._read(rows.api_keys(), keys.api_key(identifier))

    def person(self, seller: str, identifier: str) -> Person | None:
        """A shop's person, removed or not."""
        return self._read(rows.people(), keys.person(seller, identifier))

    def session(self, sha256: str) -> Session | None:
        """The session of a token's hash, live or not."""
        return self._read(rows.sessions(), keys.session(sha256))

    def _read(self, kind: Kind[T], key: Key) -> T | None:
        item = call(self._client.get_item, TableName=self._table, Key=key.wire, ConsistentRead=True).get("Item")
        return None if item is None else kind.read(item)
