"""boto3 clients: made on first use, one per service and process, with short time limits.

What AWS does not answer in seconds is better repeated by the queue than waited for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from shipby.adapters.aws.patience import CONNECT_SECONDS, READ_SECONDS

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    parameter_validation=False,  # AWS checks every call
)


@cache
def sqs() -> SQSClient:
    return boto3.client("sqs", config=_CONFIG)


@cache
def events() -> EventBridgeClient:
    # Copies have retries of their own: a bus that does not answer must not hold the queues back.
    return boto3.client("events", config=_CONFIG.merge(Config(read_timeout=2, retries={"total_max_attempts": 1})))


@cache
def ssm() -> SSMClient:
    return boto3.client("ssm", config=_CONFIG)


@cache
def s3() -> S3Client:
    # Links to encrypted objects need signature version 4; a 50 MB label file needs more than 3 s. Links must name the
    # region's host, which boto3 does for this style only: the global one redirects for hours after a bucket is made,
    # and a redirected link is no longer signed rightly.
    own = Config(signature_version="s3v4", read_timeout=20, s3={"addressing_style": "virtual"})
    return boto3.client("s3", config=_CONFIG.merge(own))
