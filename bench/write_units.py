"""Write and read units of one order over its whole life, computed exactly from the items of the real store.

Run: `.venv/bin/python -m bench.write_units [--rows]`; exit code 1 above the gates. No emulator reports transactional
capacity right, so it is computed by the published rules: a write costs ceil(bytes / 1024) on the larger of the item
before and after; a transaction costs twice that on the base table; an index costs one write when an entry appears, goes
or changes, two when its key changes. A strongly consistent read costs ceil(bytes / 4096), a query that of all it read
together, an index half of it.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
from moto import mock_aws

from bench.parts.report import arguments, publish, table
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

MOST_WRITTEN = 123
MOST_READ = 83
"""The gates: what an order costs today. Who raises one says what an order gets for it. Three of the reads take the
place of six writes: what the marketplace offers is kept with the posting (docs/adr/0039). Seven of the writes are four
words that it is found by, and boards that show it without reading it (docs/adr/0049)."""

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row that was written: its bytes, units on the table, and units of each index that it moved."""

    step: str
    kind: str
    size: int
    units: int
    indexes: Mapping[str, int]


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
        self.rows: list[Row] = []
        self.reads: Counter[str] = Counter()
        """Half units, so that they stay whole."""
        self.calls = 0
        self.step = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_item(self, **call: Any) -> Any:
        answer = self._client.get_item(**call)
        self._read_units([answer.get("Item", {})], strong=call.get("ConsistentRead", False))
        return answer

    def query(self, **call: Any) -> Any:
        answer = self._client.query(**call)
        self._read_units(answer["Items"], strong=call.get("ConsistentRead", False))
        return answer

    def batch_get_item(self, **call: Any) -> Any:
        answer = self._client.batch_get_item(**call)
        for item in answer["Responses"].get(self._table, []):
            self._read_units([item], strong=call["RequestItems"][self._table].get("ConsistentRead", False))
        return answer

    def _read_units(self, items: Sequence[Item], *, strong: bool) -> None:
        self.calls += 1
        self.reads[self.step] += (2 if strong else 1) * max(1, -(-sum(map(item_size, items)) // 4096))

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
            table = times * max(_units(old), _units(new), 1)
            entries = {name: units for name in self._keys if (units := self._index(name, old, new))}
            self.units[self.step] += table + sum(entries.values())
            kind = "WORD" if key["PK"]["S"].endswith("#WORDS") else key["SK"]["S"].partition("#")[0]
            self.rows.append(Row(self.step, kind, item_size(new or old), table, entries))
        return answer

    @property
    def kinds(self) -> Counter[str]:
        """Units by kind of row, and by index."""
        found: Counter[str] = Counter()
        for row in self.rows:
            found[row.kind] += row.units
            found.update({f"index {name}": units for name, units in row.indexes.items()})
        return found

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
    meter.rows.clear()
    meter.reads.clear()
    meter.calls = 0
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


def metered() -> Meter:
    """One order, over the real store and a table in this process."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table_definition("bench"))
        meter, world = Meter(client, "bench"), World()
        world.store = DynamoDBStore(meter, "bench", clock=world.clock)  # type: ignore[arg-type,assignment]  # metered
        world.store.commit([SaveSettings(a.settings())])
        one_order(meter, world)
    return meter


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--rows", action="store_true", help="print every row that is written, with its bytes")
    chosen = parser.parse_args()
    meter = metered()
    if chosen.rows:
        for row in meter.rows:
            beside = " ".join(f"{name} {units}" for name, units in row.indexes.items())
            print(f"{row.units:3d}  {row.kind:9s} {row.size:5d} bytes  {beside:28s} {row.step}")
    written, read = meter.units.total(), meter.reads.total() / 2
    met = written <= MOST_WRITTEN and read <= MOST_READ
    lines = [(name, units, f"{meter.reads[name] / 2:g}") for name, units in meter.units.items()]
    lines.append(("**one order**", f"**{written}**", f"**{read:g}**"))  # type: ignore[arg-type]  # text among figures
    parts = [
        table(("step", "write units", "read units"), lines),
        table(("of that", "write units"), meter.kinds.most_common()),
        f"Write units of one order: **{written}** (at most {MOST_WRITTEN}); read units: **{read:g}** in {meter.calls} "
        f"calls (at most {MOST_READ}): {'met' if met else '**NOT MET**'}. Writes cost "
        f"${written * PRICE_PER_MILLION:.2f} per million orders at ${PRICE_PER_MILLION} per million units.",
    ]
    publish("write_units", parts, write=chosen.write)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
