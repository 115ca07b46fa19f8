"""The webhook's share of the store: one conditional put, one read. Imports nothing heavier than botocore."""

from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import call, dynamodb_client, held
from shipby.adapters.dynamodb.rows import inbox as inbox_rows
from shipby.domain.postings.inbox import PushRow, PushToken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class PushInbox:
    """Takes pushes in. `client` None makes the process's own client on first use."""

    def __init__(self, client: "DynamoDBClient | None" = None, *, table_name: str) -> None:
        self._given_client = client
        self._table = table_name

    @property
    def _client(self) -> "DynamoDBClient":
        return self._given_client or dynamodb_client()

    def put_push(self, push: PushRow) -> bool:
        """Write a push row; False if the same body is already there in the same window.

        Windows must divide a day: the row stands in the partition of its UTC day.
        """
        return held(
            self._client.put_item,
            TableName=self._table,
            Item=inbox_rows.push_item(push),
            ConditionExpression="attribute_not_exists(PK)",
        )

    def push_token(self, sha256: str) -> PushToken | None:
        """The token with this hash, revoked or not."""
        answer = call(
            self._client.get_item, TableName=self._table, Key=keys.push_token(sha256).wire, ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else inbox_rows.push_tokens().read(item)
