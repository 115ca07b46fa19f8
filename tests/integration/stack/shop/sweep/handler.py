"""Counts its runs."""

from typing import Any

from shoplib import store  # type: ignore[import-not-found]  # lies in the layer

CLIENT = store.dynamodb()


def handler(event: dict[str, Any], context: Any) -> None:
    CLIENT.update_item(
        TableName=store.table(),
        Key={"PK": {"S": "SWEEP"}, "SK": {"S": "runs"}},
        UpdateExpression="ADD times :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
