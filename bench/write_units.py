"""Write units of one order over its whole life, computed exactly from the items that the real store writes.

Run: `.venv/bin/python bench/write_units.py`. No emulator reports transactional capacity right, so it is computed by the
published rules: a write costs ceil(bytes / 1024) on the larger of the item before and after; a transaction costs twice
that on the base table; an index costs one write when an entry appears, goes or changes, two when its key changes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
from moto import mock_aws

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.adapters.dynamodb.values import item_size
from shipby.application.intake.receive_push import TokenCache, receive_push
from shipby.application.labels.asks import Tools
from shipby.application.labels.collect import collect_labels
from shipby.application.labels.fetch import start_labels
from shipby.application.ports.writes import SaveSettings, Write
from shipby.application.printing.job import print_labels
from shipby.application.printing.parts import PrintTools
from shipby.application.printing.requests import PrintWish, request_print
from shipby.application.sellers.register import create_push_token
from shipby.application.shared.idempotency import Answer
from shipby.domain.deadlines.workflow import Command
from shipby.domain.intents import IntentAction
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces
from tests.support.fake_press import TextPapers, TextPress
from tests.support.fakes import MemoryDocuments, RecordingQueue
from tests.unit.world_support import World

PRICE_PER_MILLION = 0.625
"""US dollars per million write request units, on demand, us-east-1. Source: a third-party page of July 2025
(airbyte.com, DynamoDB pricing), not the AWS price list itself: check it, and your region."""

Item = Mapping[str, Any]


class Meter:
    """A DynamoDB client that computes what every write costs before it lets it through."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        definition = table_definition(table)
        self._keys = {
            index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
            for index in definition["GlobalSecondaryIndexes"]
        }
        self._also = {
            index["IndexName"]: index["Projection"].get("NonKeyAttributes", [])
            for index in definition["GlobalSecondaryIndexes"]
        }
        self.units: Counter[str] = Counter()
        self.step = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_item(self, **call: Any) -> Any:
        return self._measured([(_key(call["Item"]), 1)], lambda: self._client.put_item(**call))

    def update_item(self, **call: Any) -> Any:
        return self._measured([(call["Key"], 1)], lambda: self._client.update_item(**call))

    def transact_write_items(self, **call: Any) -> Any:
        keys = []
        for operation in call["TransactItems"]:
            [(kind, body)] = operation.items()
            keys.append((_key(body["Item"]) if kind == "Put" else body["Key"], 2))
        return self._measured(keys, lambda: self._client.transact_write_items(**call))

    def _measured(self, keys: list[tuple[Item, int]], write: Callable[[], Any]) -> Any:
        before = [self._read(key) for key, _ in keys]
        answer = write()
        for (key, times), old in zip(keys, before, strict=True):
            new = self._read(key)
            self.units[self.step] += times * max(_units(old), _units(new), 1)
            self.units[self.step] += sum(self._index(name, old, new) for name in self._keys)
        return answer

    def _read(self, key: Item) -> Item:
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item: Item = found.get("Item", {})
        return item

    def _index(self, name: str, old: Item, new: Item) -> int:
        entries = [self._entry(name, item) for item in (old, new)]
        if entries[0] == entries[1]:
            return 0
        present = [entry for entry in entries if entry]
        keys = {tuple(entry[part]["S"] for part in self._keys[name]) for entry in present}
        return sum(_units(entry) for entry in present) if len(keys) == 2 else max(_units(entry) for entry in present)

    def _entry(self, name: str, item: Item) -> Item:
        if not all(part in item for part in self._keys[name]):
            return {}
        kept = {*self._keys[name], "PK", "SK", *self._also[name]}
        return {attribute: value for attribute, value in item.items() if attribute in kept}


def _key(item: Item) -> Item:
    return {"PK": item["PK"], "SK": item["SK"]}


def _units(item: Item) -> int:
    return -(-item_size(item) // 1024) if item else 0


def one_order(meter: Meter, world: World) -> None:
    """A plain FBS order: four pushes, ship, label, print, hand-over, delivered, closed, one reminder."""
    token = create_push_token(a.SELLER, store=world.store, clock=world.clock).text
    meter.units.clear()
    tokens = TokenCache({})

    def step(name: str) -> None:
        meter.step = name
        world.clock.advance(timedelta(minutes=1))

    def push(state: str) -> None:
        body = (
            f'{{"message_type":"TYPE_STATE_CHANGED","posting_number":"{a.NUMBER}","new_state":"{state}",'
            f'"changed_state_date":"{world.clock.now().isoformat()}","warehouse_id":1,"seller_id":"{a.SELLER}"}}'
        )
        answer = receive_push(token, body.encode(), inbox=world.store, tokens=tokens, now=world.clock.now())
        assert answer.outcome == "received", answer

    step("four pushes")
    for state in ("posting_created", "posting_transferring_to_delivery", "posting_on_way_to_city", "posting_received"):
        push(state)
        world.clock.advance(timedelta(seconds=11))
    step("received: posting, detail, ledger, event")
    world.arrives()
    step("confirm")
    world.do(Command.CONFIRM)
    step("ship: intent created, claimed, confirmed; assembled")
    world.settle(world.ask(IntentAction.SHIP))
    world.read()
    step("label fetched")
    tools = Tools(
        store=world.store,
        marketplace=world.market,
        documents=MemoryDocuments(),
        papers=TextPapers(),
        clock=world.clock,
    )
    run = start_labels(a.SELLER, [a.NUMBER], tools)
    body = run.again[0].body
    collect_labels(a.SELLER, list(body["ids"]), list(body["postings"]), tools)  # type: ignore[arg-type]  # our own message
    step("one reminder")
    world.ring_next()
    step("pick, pack")
    world.do(Command.PICK)
    world.do(Command.PACK)
    step("print")
    wish = PrintWish(seller=a.SELLER, numbers=(a.NUMBER,), actor="key:k1")
    job = str(request_print(wish, _forget, store=world.store, clock=world.clock).body["id"])
    printing = PrintTools(
        store=world.store,
        documents=tools.documents,
        papers=TextPapers(),
        press=TextPress(),
        marketplaces=FakeMarketplaces({a.SELLER: world.market}),
        queue=RecordingQueue(),
        clock=world.clock,
    )
    print_labels(a.SELLER, job, printing)
    step("hand-over")
    world.do(Command.HAND_OVER)
    for status in ("delivering", "delivered"):
        step(f"read: {status}")
        world.market.change(a.NUMBER, status=status, actions=())
        world.read()
    step("closed")
    world.ring_next()


def _forget(_: Answer) -> list[Write]:
    return []


def main() -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table_definition("bench"))
        meter, world = Meter(client, "bench"), World()
        world.store = DynamoDBStore(meter, "bench", clock=world.clock)  # type: ignore[arg-type,assignment]  # metered
        world.store.commit([SaveSettings(a.settings())])
        one_order(meter, world)
    for name, units in meter.units.items():
        print(f"{units:5d}  {name}")
    total = meter.units.total()
    print(f"{total:5d}  write units for one order")
    print(f"       = ${total * PRICE_PER_MILLION:.2f} per million orders at ${PRICE_PER_MILLION} per million units")


if __name__ == "__main__":
    main()
