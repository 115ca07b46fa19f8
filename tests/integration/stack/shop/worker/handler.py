"""Counts how often each message arrived and when it first did; the message `bad` always fails."""

import json
import time
from typing import Any

from shoplib import store  # type: ignore[import-not-found]  # lies in the layer

CLIENT = store.dynamodb()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        name = json.loads(record["body"])["name"]
        if name.startswith("bad"):
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        CLIENT.update_item(
            TableName=store.table(),
            Key={"PK": {"S": "DONE"}, "SK": {"S": f"done-{name}"}},
            UpdateExpression="SET arrived = if_not_exists(arrived, :now) ADD times :one",
            ExpressionAttributeValues={":one": {"N": "1"}, ":now": {"N": str(time.time())}},
        )
    return {"batchItemFailures": failures}
