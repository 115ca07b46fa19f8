"""A seller with many postings, made as they are asked for: rows behind botocore's socket, entries of lists as text."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from moto import mock_aws

from bench.parts.capacity import read_units
from shipby.adapters.dynamodb import DynamoDBStore, keys
from shipby.adapters.dynamodb.table import table_definition
from shipby.adapters.dynamodb.values import item_size
from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.reading.postings import posting_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.pages import Page
from shipby.application.ports.writes import SaveSettings
from shipby.domain.deadlines.workflow import Command
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import MarketplacePosting
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace
from tests.unit.ozon.stub_marketplace import sample
from tests.unit.world_support import World

NUMBER = "00000000-0001-1"
BEGAN = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
PAGE = 100
NOBODY: dict[str, Any] = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
"""A client of no account: nothing leaves this process."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Life:
    """One delivered posting as it is stored and as the list shows it, with its number and its time to be replaced."""

    rows: Mapping[str, str]
    """Sort key -> the item as text."""
    entry: str
    """Of the list, as text."""


def lived() -> Life:
    """Let one posting live through the product's own use cases, and take down what is left of it."""
    with mock_aws():
        client = boto3.client("dynamodb", **NOBODY)
        client.create_table(**table_definition("bench"))
        world = World()
        world.store = DynamoDBStore(client, "bench", clock=world.clock)  # type: ignore[assignment]  # metered
        world.store.commit([SaveSettings(a.settings())])
        world.arrives(NUMBER, in_process_at=BEGAN)
        world.do(Command.CONFIRM, NUMBER)
        world.settle(world.ask(IntentAction.SHIP, NUMBER))
        world.read(NUMBER)
        for command in (Command.PICK, Command.PACK, Command.HAND_OVER):
            world.do(command, NUMBER)
        for status in ("delivering", "delivered"):
            world.clock.advance(timedelta(hours=5))
            world.market.change(NUMBER, status=status, actions=())
            world.read(NUMBER)
        found = client.query(
            TableName="bench",
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.posting_pk(a.SELLER, NUMBER)}},
        )["Items"]
        facts = world.market.book[NUMBER]
    return Life({item["SK"]["S"]: json.dumps(item) for item in found}, json.dumps(_entry(facts)))


def _entry(facts: MarketplacePosting) -> dict[str, Any]:
    """As a v4 list shows it: the official example with these facts."""
    shown: dict[str, Any] = sample("posting_fbs_unfulfilled_list_v4.response")["postings"][0]
    line = facts.lines[0]
    assert line.price is not None
    product = {**shown["products"][0], "sku": int(line.sku), "offer_id": line.offer_id, "name": line.name}
    product |= {"quantity": line.quantity, "price": {"amount": line.price.amount, "currency": line.price.currency}}
    return {
        **shown,
        "posting_number": NUMBER,
        "order_number": facts.order_number,
        "parent_posting_number": facts.parent_number,
        "tpl_integration_type": facts.integration,
        "integration_type_flow": facts.flow,
        "delivery_schema": facts.delivery_schema,
        "status": facts.status,
        "substatus": facts.substatus,
        "in_process_at": _iso(facts.in_process_at),
        "shipment_date": _iso(facts.shipment_date),
        "shipment_date_without_delay": _iso(facts.without_delay),
        "delivering_date": _iso(facts.delivering_date),
        "analytics_data": {
            **shown.get("analytics_data", {}),
            "delivery_date_end": _iso(facts.delivery_by),
            "is_legal": facts.legal,
        },
        "tracking_number": facts.tracking_number,
        "available_actions": list(facts.actions),
        "cancellation": {},
        "delivery_method": {"id": facts.delivery_method_id or None, "warehouse_id": facts.warehouse_id},
        "optional": {"products_with_possible_mandatory_mark": list(facts.optional_marks)},
        "requirements": {f"products_requiring_{name}": list(skus) for name, skus in facts.requirements.items()},
        "products": [product],
        "tariffication_steps": [],
    }


def _iso(when: datetime | None) -> str | None:
    return when.isoformat().replace("+00:00", "Z") if when else None


@dataclass(slots=True)
class Shop:
    """`daily` postings a day for `days` days until `until`; answers what the store asks, and counts its units."""

    life: Life
    daily: int
    days: int
    until: datetime
    reads: float = 0.0
    writes: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.daily * self.days

    def began(self, index: int) -> datetime:
        """When a posting began; index 0 is the oldest."""
        return self.until - self.days * _DAY + timedelta(days=index / self.daily)

    def between(self, since: datetime, to: datetime) -> range:
        """Indexes of the postings that began in a span."""
        first = self.until - self.days * _DAY
        low = max(0, -(-(since - first) // (_DAY / self.daily)))
        high = min(self.count - 1, (to - first) // (_DAY / self.daily))
        return range(low, high + 1)

    def number(self, index: int) -> str:
        return f"{index:08d}-0001-1"

    # The table, as DynamoDB's protocol

    def serve(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request."""
        self.requests[operation] += 1
        if operation == "GetItem":
            item = self._item(body["Key"]["PK"]["S"], body["Key"]["SK"]["S"])
            self.reads += read_units(item_size(item) if item else 0, consistent=body.get("ConsistentRead", False))
            return {"Item": item} if item else {}
        if operation == "Query":
            items, more = self._query(body)
            size = sum(item_size(item) for item in items)
            self.reads += read_units(size, consistent=body.get("ConsistentRead", False))
            answer: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
            return answer | ({"LastEvaluatedKey": more} if more else {})
        puts = [body] if operation == "PutItem" else [one["Put"] for one in body["TransactItems"] if "Put" in one]
        for put in puts:
            item = put["Item"]
            self.writes += (1 if operation == "PutItem" else 2) * -(-item_size(item) // 1024)
            self.rows[item["PK"]["S"], item["SK"]["S"]] = item
        return {}

    def _item(self, pk: str, sk: str) -> dict[str, Any] | None:
        if "#POSTING#" in pk and sk in self.life.rows:
            return self._made(self.life.rows[sk], pk.rpartition("#")[2])
        return self.rows.get((pk, sk))

    def _made(self, text: str, number: str) -> dict[str, Any]:
        began = keys.micros(self.began(int(number[:8])))
        made: dict[str, Any] = json.loads(text.replace(NUMBER, number).replace(str(keys.micros(BEGAN)), str(began)))
        return made

    def _query(self, body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        partition = body["ExpressionAttributeValues"][":partition"]["S"]
        if "IndexName" not in body:
            if "#POSTING#" in partition:
                number = partition.rpartition("#")[2]
                return [self._made(text, number) for text in self.life.rows.values()], None
            return [item for (pk, _), item in self.rows.items() if pk == partition], None
        day = partition.rpartition("#")[2]
        if body["IndexName"] != "days" or partition != f"SELLER#{a.SELLER}#{day}":
            return [], None
        start = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        wanted = self.between(start, start + _DAY - timedelta(microseconds=1))
        behind = body.get("ExclusiveStartKey", {}).get("DS", {}).get("S")
        first = int(behind[:8]) + 1 if behind else wanted.start
        chosen = range(first, min(wanted.stop, first + int(body.get("Limit", 1000))))
        items = [self._days_row(partition, self.number(index)) for index in chosen]
        return items, (items[-1] if items and chosen.stop < wanted.stop else None)

    @staticmethod
    def _days_row(partition: str, number: str) -> dict[str, Any]:
        return {
            "PK": {"S": keys.posting_pk(a.SELLER, number)},
            "SK": {"S": keys.POSTING},
            "DK": {"S": partition},
            "DS": {"S": number},
        }


class Market(FakeMarketplace):
    """Lists of a shop's postings, a hundred a page; what it takes to make them is not counted, what it takes to read
    them is."""

    def __init__(self, clock: Clock, shop: Shop, changed: Callable[[int], bool]) -> None:
        super().__init__(clock)
        self._shop, self._changed = shop, changed
        self.seconds = 0.0
        """CPU spent on making what the marketplace would have made."""

    def postings(
        self, *, since: datetime, to: datetime, changed_from: datetime | None = None, cursor: str = ""
    ) -> Page[MarketplacePosting]:
        spent = time.process_time()
        wanted = self._shop.between(since, to)
        chosen = list(wanted) if changed_from is None else [index for index in wanted if self._changed(index)]
        at = int(cursor or 0)
        text = json.dumps({"postings": "*"}).replace(
            '"*"', "[" + ",".join(self._entry(index) for index in chosen[at : at + PAGE]) + "]"
        )
        self.seconds += time.process_time() - spent
        self.calls["postings"] += 1
        answer, now = json.loads(text), self._clock.now()
        items = tuple(posting_of(Node.of(one, "list"), now) for one in answer["postings"])
        return Page(items, str(at + PAGE) if len(chosen) > at + PAGE else None)

    def unfulfilled(self, *, cursor: str = "", **_: datetime) -> Page[MarketplacePosting]:
        """The last day's postings: what still has to be sent."""
        return self.postings(since=self._shop.until - _DAY, to=self._shop.until, cursor=cursor)

    def _entry(self, index: int) -> str:
        began = _iso(self._shop.began(index)) or ""
        return self._shop.life.entry.replace(NUMBER, self._shop.number(index)).replace(str(_iso(BEGAN)), began)
