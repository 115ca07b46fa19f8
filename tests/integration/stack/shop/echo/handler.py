"""Answers with what it was given and what it can see."""

import json
import os
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError
from shoplib import store  # type: ignore[import-not-found]  # lies in the layer

logger = Logger(service="echo")
CLIENT = store.dynamodb()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    logger.info("asked")
    if "forbidden" in event:
        try:
            CLIENT.delete_item(TableName=store.table(), Key={"PK": {"S": "x"}, "SK": {"S": "x"}})
        except ClientError as error:
            return {"denied": error.response["Error"]["Code"]}
        return {"denied": None}
    if "requestContext" not in event:
        return {
            "environment": dict(os.environ),
            "code": __file__,
            "layer": store.__file__,
            "layer_version": store.LAYER_VERSION,
        }
    body = {
        "method": event["requestContext"]["http"]["method"],
        "path": event["rawPath"],
        "parameters": event.get("pathParameters"),
        "query": event.get("queryStringParameters"),
        "authorizer": event["requestContext"].get("authorizer", {}).get("lambda"),
        "body": event.get("body"),
    }
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
