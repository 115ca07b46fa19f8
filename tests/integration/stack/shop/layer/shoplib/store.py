"""The test shop's layer: what its functions share."""

import os
from typing import Any

import boto3

LAYER_VERSION = "one"


def dynamodb() -> Any:
    return boto3.client("dynamodb")


def table() -> str:
    return os.environ["TABLE_NAME"]
