"""Shipby's memory in one DynamoDB table.

`PushInbox` is the little the webhook needs; `DynamoDBStore` is the whole port. Both are loaded on first use, so that
the webhook's cold start never pays for the rest.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shipby.adapters.dynamodb.inbox import PushInbox
    from shipby.adapters.dynamodb.store import DynamoDBStore

__all__ = ["DynamoDBStore", "PushInbox"]


def __getattr__(name: str) -> Any:
    if name == "DynamoDBStore":
        from shipby.adapters.dynamodb.store import DynamoDBStore

        return DynamoDBStore
    if name == "PushInbox":
        from shipby.adapters.dynamodb.inbox import PushInbox

        return PushInbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
