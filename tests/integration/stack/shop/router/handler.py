"""Sends each new row to the queue; rows named `poison` are reported as failed, `crash` kills the invocation."""

import json
import os
from typing import Any

import boto3

SQS = boto3.client("sqs")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    names = [record["dynamodb"]["Keys"]["SK"]["S"] for record in event["Records"]]
    if any(name.startswith("crash") for name in names):
        raise RuntimeError("a row crashed the router")
    failures = []
    for record, name in zip(event["Records"], names, strict=True):
        if name.startswith("poison"):
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
            break
        body = {"name": name, "created": record["dynamodb"]["ApproximateCreationDateTime"]}
        SQS.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(body), MessageGroupId="seller-1")
    return {"batchItemFailures": failures}
