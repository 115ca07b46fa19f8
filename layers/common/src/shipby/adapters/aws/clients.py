"""AWS clients: made on first use, one per service and process, with short time limits.

By botocore alone: boto3 adds nothing that is used here, and its import costs a cold start a quarter of a client. What
AWS does not answer in seconds is better repeated by the queue than waited for.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from shipby.adapters.aws.patience import CONNECT_SECONDS, READ_SECONDS

if TYPE_CHECKING:  # the type packages are for developers only
    from botocore.session import Session
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


_SERVICES = ["dynamodb", "events", "s3", "sqs", "ssm"]
_READS = ("GetItem", "BatchGetItem", "Query")
CHECK_REQUESTS = False
"""AWS checks every call; to check it here first takes two fifths of a transaction's CPU. The tests switch it on."""


@cache
def _session() -> Session:
    """One for all clients, which share what it has loaded."""
    from botocore.loaders import Loader
    from botocore.session import get_session

    class OwnServices(Loader):
        """To find out whether a service exists, botocore looks into the folders of all 400: a tenth of a cold start."""

        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - as botocore calls it
            return _SERVICES

    session = get_session()
    session.register_component("data_loader", OwnServices())
    return session


def _client(service: str, **more: Any) -> Any:
    """A client of the region and credentials of the environment. Importing a module must not cost a cold start."""
    from botocore import __version__
    from botocore.config import Config

    config = Config(
        # botocore's own says more, and is put together anew for every call: a fourteenth of its CPU.
        user_agent=f"shipby botocore/{__version__}",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
        tcp_keepalive=True,
        parameter_validation=CHECK_REQUESTS,
    )
    return _session().create_client(service, config=config.merge(Config(**more)) if more else config)


@cache
def dynamodb() -> DynamoDBClient:
    client: DynamoDBClient = _client("dynamodb")
    for operation in _READS:
        client.meta.events.register(f"before-parse.dynamodb.{operation}", _take_as_it_is)
    return client


def _take_as_it_is(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """What a read brings, without botocore's walk through every attribute by its model: nine tenths of a read's CPU.

    The JSON of DynamoDB is what botocore makes of it but for binary attributes, which it decodes: with one of them, and
    for all that is no answer of a read, it does its own work.
    """
    body: bytes = response_dict["body"]
    if response_dict["status_code"] != 200 or b'"B"' in body or b'"BS"' in body:
        return
    try:
        answer: object = json.loads(body)
    except ValueError:
        return
    if isinstance(answer, dict):
        customized_response_dict.update(answer)
        response_dict["body"] = b"{}"


@cache
def sqs() -> SQSClient:
    client: SQSClient = _client("sqs")
    return client


@cache
def events() -> EventBridgeClient:
    # Copies have retries of their own: a bus that does not answer must not hold the queues back.
    client: EventBridgeClient = _client("events", read_timeout=2, retries={"total_max_attempts": 1})
    return client


@cache
def ssm() -> SSMClient:
    client: SSMClient = _client("ssm")
    return client


@cache
def s3() -> S3Client:
    # Links to encrypted objects need signature version 4; a 50 MB label file needs more than 3 s. Links must name the
    # region's host, which botocore does for this style only: the global one redirects for hours after a bucket is made,
    # and a redirected link is no longer signed rightly.
    client: S3Client = _client("s3", signature_version="s3v4", read_timeout=20, s3={"addressing_style": "virtual"})
    return client
