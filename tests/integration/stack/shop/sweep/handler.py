"""Counts its runs."""

from typing import Any

import shoplib.store

CLIENT = shoplib.store.dynamodb()


def handler(event: dict[str, Any], context: Any) -> None:
    CLIENT.update_item(
        TableName=shoplib.store.table(),
        Key={"PK": {"S": "SWEEP"}, "SK": {"S": "runs"}},
        UpdateExpression="ADD times :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
