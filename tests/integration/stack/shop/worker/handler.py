"""Notes the id of every message, so that a repeated delivery counts once; the message `bad` always fails."""

import json
import os
import time
from typing import Any

import boto3
from shoplib import store  # type: ignore[import-not-found]  # lies in the layer

CLIENT = store.dynamodb()
SQS = boto3.client("sqs")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        name = json.loads(record["body"])["name"]
        if name.startswith("bad"):
            failures.append({"itemIdentifier": record["messageId"]})
            # The queue's own visibility is for workers that are slow; a reported failure need not wait for it.
            SQS.change_message_visibility(
                QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
            )
            continue
        CLIENT.update_item(
            TableName=store.table(),
            Key={"PK": {"S": "DONE"}, "SK": {"S": f"done-{name}"}},
            UpdateExpression="SET arrived = if_not_exists(arrived, :now) ADD messages :this",
            ExpressionAttributeValues={":this": {"SS": [record["messageId"]]}, ":now": {"N": str(time.time())}},
        )
    return {"batchItemFailures": failures}
