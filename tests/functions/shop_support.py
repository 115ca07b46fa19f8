"""One deployment in process: table, stream, queues, bucket, bus and parameters of moto, and the real handlers."""

from __future__ import annotations

import copy
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from functions.order_webhook.handler import handler as webhook
from functions.stream_router.handler import handler as router
from shipby.adapters.aws import clients
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.sellers.register import create_push_token, register_seller
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.stack.filters import matches
from tests.infra.sam_template import events
from tests.support import builders as a

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

REGION: Final = "eu-central-1"
EVENTS = Path(__file__).parents[1] / "events"
QUEUES = ("sync", "alarm", "label", "intent", "tracking", "notify", "copy", "webhook")
SELLER = "700001"
Event = dict[str, Any]


@cache
def _text(name: str) -> str:
    return (EVENTS / f"{name}.json").read_text("utf-8")


def event(name: str) -> Event:
    """A real event payload, from tests/events."""
    loaded: Event = json.loads(_text(name))
    return loaded


@dataclass
class LambdaContext:
    """As much of the Lambda context as the handlers use."""

    millis: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.millis


def http_push(
    token: str,
    body: str,
    *,
    source: str = "195.34.21.17",
    base64: bool = False,
    content_type: str = "application/json",
) -> Event:
    made = event("http_push")
    made["headers"]["content-type"] = content_type
    made["pathParameters"]["token"] = token
    made["requestContext"]["http"]["sourceIp"] = source
    made["body"] = body
    made["isBase64Encoded"] = base64
    return made


def sqs_event(*bodies: object, attempt: int = 1) -> Event:
    """A batch with these bodies; a str goes as it is, everything else as JSON. Ids are m0, m1, …"""
    (template,) = event("sqs_batch")["Records"]
    records = []
    for index, body in enumerate(bodies):
        record = copy.deepcopy(template)
        text = body if isinstance(body, str) else json.dumps(body)
        record |= {"messageId": f"m{index}", "receiptHandle": f"r{index}", "body": text}
        record["attributes"]["ApproximateReceiveCount"] = str(attempt)
        records.append(record)
    return {"Records": records}


def stream_event(*images: Mapping[str, Any], name: str = "INSERT") -> Event:
    """A stream batch of rows; sequence numbers are 100, 101, …"""
    (template,) = event("stream_batch")["Records"]
    records = []
    for index, image in enumerate(images):
        record = copy.deepcopy(template)
        record["eventName"] = name
        record["dynamodb"] |= {
            "NewImage": image,
            "Keys": {key: image[key] for key in ("PK", "SK")},
            "SequenceNumber": str(100 + index),
        }
        records.append(record)
    return {"Records": records}


def failed_ids(response: Mapping[str, Any]) -> list[str]:
    return [entry["itemIdentifier"] for entry in response["batchItemFailures"]]


@dataclass
class Shop:
    """The deployment and its sellers' push tokens."""

    urls: dict[str, str]
    log: io.StringIO
    table: str = "shipby"
    tokens: dict[str, str] = field(default_factory=dict)
    _iterator: str = ""

    @property
    def store(self) -> DynamoDBStore:
        return DynamoDBStore(table_name=self.table)

    def add_seller(
        self, seller: str = SELLER, *, api_key: str = "", channels: Sequence[str] = (), **policy: Any
    ) -> str:
        """Register a seller with a push address and, if given, a marketplace key; returns the push token."""
        register_seller(SellerSettings(seller=seller, version=1, **policy), store=self.store)
        self.tokens[seller] = create_push_token(seller, store=self.store, clock=a.FixedClock()).text
        if api_key:
            self.put_parameter(seller, "ozon", {"client_id": seller, "api_key": api_key})
        if channels:
            self.put_parameter(seller, "channels", list(channels))
        return self.tokens[seller]

    def put_parameter(self, seller: str, name: str, value: object) -> None:
        clients.ssm().put_parameter(
            Name=f"/shipby/test/sellers/{seller}/{name}", Value=json.dumps(value), Type="SecureString", Overwrite=True
        )

    def push(self, body: object, *, seller: str = SELLER, **options: Any) -> tuple[int, Any]:
        """Send a push through the webhook; returns status and answer."""
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        answer = webhook(http_push(self.tokens[seller], text, **options), LambdaContext())
        return int(str(answer["statusCode"])), json.loads(str(answer["body"]))

    def pump(self) -> list[str]:
        """Hand everything new on the stream to the router; returns the sequence numbers that have to come again."""
        streams = _streams()
        if not self._iterator:
            arn = dynamodb_client().describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
            shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
            self._iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
                "ShardIterator"
            ]
        answer = streams.get_records(ShardIterator=self._iterator)
        self._iterator = answer["NextShardIterator"]
        ((_, _, mapping),) = events("DynamoDB")
        (rule,) = mapping["FilterCriteria"]["Filters"]
        wanted = json.loads(rule["Pattern"])
        records = [dict(record) for record in answer["Records"] if matches(wanted, record)]
        return failed_ids(router({"Records": records}, LambdaContext())) if records else []

    def messages(self, queue: str) -> list[Any]:
        """Moto's own messages of a queue, the delayed and the invisible ones too."""
        return list(sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[queue]._messages)

    def bodies(self, queue: str) -> list[Any]:
        return [json.loads(message.body) for message in self.messages(queue)]

    def delays(self, queue: str) -> list[int]:
        """Seconds that each message is held back."""
        return [round((message.delayed_until - message.sent_timestamp) / 1000) for message in self.messages(queue)]

    def held(self, queue: str, seconds: int, since: float) -> bool:
        """Whether every message was, at some moment after `since` (epoch seconds), told to come again so much later."""
        # Moto counts whole milliseconds.
        earliest, latest = since + seconds - 0.001, time.time() + seconds
        return all(earliest <= message.visible_at / 1000 <= latest for message in self.messages(queue))

    def deliver(self, queue: str, handler: Callable[..., Any], **context: Any) -> list[str]:
        """Empty a queue into its handler, delays over; returns the ids that failed (m0, m1, …)."""
        bodies = self.bodies(queue)
        self.empty(queue)
        return failed_ids(handler(sqs_event(*bodies), LambdaContext(**context)))

    def empty(self, queue: str) -> None:
        # PurgeQueue allows itself only once a minute.
        sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[queue]._messages.clear()

    def receive(self, queue: str) -> Event:
        """A batch as Lambda receives it: with receipts that the queue knows."""
        made = clients.sqs().receive_message(
            QueueUrl=self.urls[queue], MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
            for message in made.get("Messages", [])
        ]
        return {"Records": records}

    def items(self) -> list[dict[str, Any]]:
        """Every item of the table."""
        pages = dynamodb_client().get_paginator("scan").paginate(TableName=self.table)
        return [item for page in pages for item in page["Items"]]

    def logged(self) -> list[dict[str, Any]]:
        """The log lines so far."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@cache
def _streams() -> DynamoDBStreamsClient:
    return boto3.client("dynamodbstreams", region_name=REGION)


def make_queues() -> dict[str, str]:
    sqs = clients.sqs()
    return {
        name: sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "180"})["QueueUrl"] for name in QUEUES
    }


def make_table(name: str) -> None:
    definition = dict(table_definition(name))
    definition["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb_client().create_table(**definition)
