"""What it all costs: an order, an idle seller, an idle deployment; at 10, 100, 1,000 and 100,000 orders a day.

Run: `.venv/bin/python -m bench.cost [--polls N,N] [--write]`; exit code 1 above the gates. Units, events, messages and
log lines of an order are counted while the product's own code lives one through; poll and proof are those of
bench.poll_scale; how long functions run is assumed, by name. `--write` also prints the short table into README.md.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import boto3
import yaml
from moto import mock_aws

from bench.parts.listing import lived
from bench.parts.prices import FREE, PRICES
from bench.parts.report import PAGE, arguments, publish, replaced, table
from bench.poll_scale import day, measure
from bench.write_units import Meter, one_order
from shipby import observability
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.stream import read_record
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.alarms.due import SHARDS
from shipby.adapters.dynamodb.table import table_definition
from shipby.adapters.dynamodb.values import item_size
from shipby.application.alarms.route_events import Destination, route_event, route_push
from shipby.application.ports.writes import SaveSettings
from shipby.domain.events import StoredEvent
from tests.support import builders as a
from tests.unit.world_support import World

README = PAGE.parents[1] / "README.md"
OPERATIONS = PAGE.parents[1] / "infra" / "operations.yaml"
DAYS, HOURS = 30, 24 * 30
"""Of a month."""

# -- Assumed, each with what it rests on.
SECONDS: Mapping[str, tuple[float, float]] = {
    "webhook": (0.015, 0.5),
    "router": (0.03, 0.5),
    "authorizer": (0.01, 0.5),
    "api": (0.08, 0.5),
    Destination.SYNC: (0.35, 0.5),
    Destination.LABELS: (0.4, 1.769),
    Destination.INTENTS: (0.9, 0.5),
    Destination.TRACKING: (0.5, 0.5),
    Destination.NOTIFY: (0.15, 0.5),
    "alarm": (0.06, 0.5),
    "sweep": (0.05, 1.769),
    "poll": (0.05, 0.5),
}
"""Seconds billed per call, warm and cold ones together, and GB of memory (infra/template.yaml). A call of the
marketplace is taken for 0.2 s, one of the table for 4 ms, as in bench.poll_scale. Not measured on AWS."""
LAMBDA_LINES = 330
"""Bytes that Lambda itself logs per call: START, END, REPORT, with 26 bytes of CloudWatch's own for each line."""
LINE_OVERHEAD = 26
"""Bytes that CloudWatch Logs adds to each line ("Amazon CloudWatch pricing": PutLogEvents' size)."""
ACCESS_LINE = 420
API_CALLS = 6
"""Confirm, ship, pick, pack, print, hand over: one call each, as in bench.write_units. What people look at besides is
not counted."""
ALARMS = 2
"""Rung in a plain order's life: one reminder, and closing."""
POLLERS, WAIT = 5, 20
"""Lambda looks at an idle queue by five long polls of 20 s (AWS: "Using Lambda with Amazon SQS")."""
SAMPLED = 0.05
"""X-Ray records the first trace of each second and then one in twenty (its default rule)."""
LABEL_BYTES, FILE_READS = 60_000, 3
BUSY_METRICS = {"failures", "rate_limited"}
"""Metrics that honest work emits; the others appear only while something is wrong."""

GOAL_MILLION, GOAL_IDLE = 180.0, 2.0
MOST_MILLION, MOST_IDLE = 330.0, 9.0
"""The gates: US dollars per million orders at 1,000 a day without allowances, and an idle deployment's month. Today's
figures, the first with a tenth for the machine (poll and proof are CPU in part): who raises one says what for. An idle
queue for webhooks, with the alarm of its dead letters, is 0.36 dollars a month at list price."""
SIZES = (10, 100, 1_000, 100_000)


@dataclass
class Bill:
    """Amounts by line of PRICES, for a month or for a million orders."""

    amounts: Counter[str] = field(default_factory=Counter)

    def add(self, line: str, amount: float) -> None:
        assert line in PRICES, line
        self.amounts[line] += amount  # type: ignore[assignment]  # a Counter of fractions

    def run(self, function: str, calls: float, log_bytes: float) -> None:
        """So many calls of a function."""
        seconds, memory = SECONDS[function]
        self.add("function calls, million", calls / 1e6)
        self.add("function time (arm64), GB s", calls * seconds * memory)
        self.add("log lines, GB", calls * (LAMBDA_LINES + log_bytes) / 1e9)

    def plus(self, other: Bill, times: float = 1.0) -> Bill:
        both = Bill(Counter(self.amounts))
        for line, amount in other.amounts.items():
            both.add(line, amount * times)
        return both

    def dollars(self, *, allowed: bool = False) -> dict[str, float]:
        """By line; `allowed`: after what every account has for nothing."""
        return {
            line: max(0.0, amount - (FREE.get(line, 0.0) if allowed else 0.0)) * PRICES[line][0]
            for line, amount in self.amounts.items()
        }

    def total(self, *, allowed: bool = False) -> float:
        return sum(self.dollars(allowed=allowed).values())


@dataclass(frozen=True, slots=True)
class Order:
    """What one plain order was counted to need."""

    writes: float
    reads: float
    bytes: int
    """That stay in the table, indexes not counted."""
    pushes: int
    events: int
    changes: int
    """Transactions that the stream tells of: each is taken for a batch of its own."""
    messages: Mapping[Destination, int]
    worker_line: int
    """Bytes of what a worker writes about one message."""


def counted() -> Order:
    """Let one order live, over the real store and a table in this process."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table_definition("bench"))
        meter, world = Meter(client, "bench"), World()
        world.store = DynamoDBStore(meter, "bench", clock=world.clock)  # type: ignore[arg-type,assignment]  # metered
        world.store.commit([SaveSettings(a.settings())])
        one_order(meter, world)
        pages = client.get_paginator("scan").paginate(TableName="bench")
        items: list[Any] = [item for page in pages for item in page["Items"]]
    messages: Counter[Destination] = Counter()
    events, pushes, changes = 0, 0, set()
    for item in items:
        for found in read_record({"eventName": "INSERT", "dynamodb": {"NewImage": item}}):
            is_event = isinstance(found, StoredEvent)
            events, pushes = events + is_event, pushes + (not is_event)
            changes.add((item["PK"]["S"], item["SK"]["S"].rpartition("#")[0] if is_event else item["SK"]["S"]))
            routed = route_event(found, label_delay_seconds=60) if isinstance(found, StoredEvent) else route_push(found)
            messages.update(one.destination for one in routed)
    messages[Destination.LABELS] += 1  # the file that is asked for is looked for again
    stays = sum(item_size(item) for item in items if "ttl" not in item)
    written, read = meter.units.total(), meter.reads.total() / 2
    return Order(written, read, stays, pushes, events, len(changes), messages, _worker_line())


def _worker_line() -> int:
    """Bytes that one message leaves in the log: its own line, and its batch's count."""

    class Held:
        def hold(self, receipt: str, seconds: int) -> None:
            """Nothing fails here."""

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 30_000

    body = {"seller": "700001", "posting": "24219509-0020-2"}
    record = {
        "messageId": "0" * 36,
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    written, counts = io.StringIO(), io.StringIO()
    handler = observability.logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    try:
        with redirect_stdout(counts):
            SqsBatch(Held()).each({"Records": [record]}, Context(), lambda _: "synced")
    finally:
        handler.setStream(before)
    lines = written.getvalue() + counts.getvalue()
    assert lines.count("\n") == 2, lines
    return len(lines.encode()) + 2 * LINE_OVERHEAD


def order_bill(order: Order) -> Bill:
    """One order, by lines, without poll and proof."""
    bill = Bill()
    bill.add("write units, million", order.writes / 1e6)
    bill.add("read units, million", order.reads / 1e6)
    bill.run("webhook", order.pushes, 70 + LINE_OVERHEAD)
    bill.run("router", order.changes, 90 + LINE_OVERHEAD)
    bill.run("api", API_CALLS, 250 + LINE_OVERHEAD)
    bill.run("authorizer", 1, 0)
    bill.add("HTTP API calls, million", (order.pushes + API_CALLS) / 1e6)
    bill.add("log lines, GB", (order.pushes + API_CALLS) * ACCESS_LINE / 1e9)
    for destination, count in order.messages.items():
        bill.run(destination, count, order.worker_line)
    bill.run("alarm", ALARMS, order.worker_line)
    # Each alone: sent, taken and deleted.
    bill.add("queue requests, million", 3 * (sum(order.messages.values()) + ALARMS) / 1e6)
    bill.add("events on the bus, million", order.events / 1e6)
    bill.add("files written, thousand", 2 / 1e3)
    bill.add("files read, thousand", FILE_READS / 1e3)
    bill.add("files, GB a month", 2 * LABEL_BYTES / 1e9)
    bill.add("traces, million", SAMPLED * traced(order) / 1e6)
    return bill


def traced(order: Order) -> int:
    """Beginnings of traces: each push, call of the API and batch of the stream; queues carry them on."""
    return order.pushes + API_CALLS + order.changes


def poll_bill(daily: int, lines: Mapping[int, Bill]) -> Bill:
    """Poll and proof of one order at a size; sizes between those that were run are as the next smaller one."""
    return lines[max(size for size in lines if size <= max(daily, min(lines)))]


def measured_polls(sizes: tuple[int, ...]) -> dict[int, Bill]:
    """By orders a day of one seller, per order."""
    life = lived()
    found = {}
    for daily in sizes:
        size = day(daily, measure(life, daily), ran=True)
        both = size.poll.plus(size.proof).times(1 / daily)
        bill = Bill()
        bill.add("write units, million", both.writes / 1e6)
        bill.add("read units, million", both.reads / 1e6)
        bill.add("function time (arm64), GB s", both.seconds * SECONDS["poll"][1])
        found[daily] = bill
    return found


def idle_seller() -> Bill:
    """A month of a seller without orders: 288 visits a day of about ten calls of the marketplace (docs/performance.md),
    and the reads of watches, settings and open returns around them (assumed: 25 units a visit)."""
    bill = Bill()
    visits = 288 * DAYS
    bill.add("function time (arm64), GB s", visits * 10 * 0.2 * SECONDS["poll"][1])
    bill.add("read units, million", visits * 25 / 1e6)
    return bill


def idle_deployment(alarm_metrics: int) -> Bill:
    """A month without a seller: two schedules, eight queues that are looked at, alarms, a dashboard."""
    bill = Bill()
    ticks = 2 * 60 * HOURS
    bill.run("sweep", ticks / 2, 160 + LINE_OVERHEAD)
    bill.run("poll", ticks / 2, 0)
    bill.add("schedule ticks, million", ticks / 1e6)
    bill.add("traces, million", ticks / 1e6)
    # The sweep asks each shard of the alarms' index.
    bill.add("read units, million", ticks / 2 * SHARDS * 0.5 / 1e6)
    bill.add("queue requests, million", QUEUES * POLLERS * 3600 * HOURS / WAIT / 1e6)
    bill.add("alarms, each metric a month", alarm_metrics)
    bill.add("dashboard", 1)
    return bill


QUEUES = 8
"""Work queues, each with a consumer (infra/template.yaml)."""


def month(daily: int, order: Order, polls: Mapping[int, Bill], alarm_metrics: int) -> Bill:
    """All of a deployment with so many orders a day, in its first month; what stays in the table adds up later."""
    orders = daily * DAYS
    bill = idle_deployment(alarm_metrics).plus(order_bill(order), orders).plus(poll_bill(daily, polls), orders)
    bill.add("metrics, each a month", len(BUSY_METRICS))
    stays = orders * order.bytes / 1e9 / 2  # on average half of the month's
    bill.add("table, GB a month", stays)
    bill.add("table's recovery, GB a month", stays)
    # The first of each second is always recorded, and one in twenty of the others: these are the orders' own.
    bill.add("traces, million", (1 - SAMPLED) * min(orders * traced(order), 3600 * HOURS) / 1e6)
    return bill


def alarm_metrics() -> int:
    """What the alarms of infra/operations.yaml read."""

    class Loader(yaml.SafeLoader):
        """CloudFormation's tags are of no interest here."""

    Loader.add_multi_constructor("!", lambda _loader, _suffix, node: str(node.value))
    resources = yaml.load(OPERATIONS.read_text("utf-8"), Loader)["Resources"]  # noqa: S506 - derives from SafeLoader
    alarms = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1 for alarm in alarms)


def line_table(bill: Bill, *, unit: str) -> str:
    """Each line of a bill, dearest first, with what is left of it after the allowances."""
    allowed = bill.dollars(allowed=True)
    lines = sorted(bill.dollars().items(), key=lambda item: -item[1])
    rows: list[Sequence[object]] = [
        (name, f"{bill.amounts[name]:,.3g}", f"${PRICES[name][0]:g}", f"${cost:,.2f}", f"${allowed[name]:,.2f}")
        for name, cost in lines
        if cost >= 0.005
    ]
    rows.append(("**together**", "", "", f"**${bill.total():,.2f}**", f"**${bill.total(allowed=True):,.2f}**"))
    return table((unit, "amount", "price", "list price", "after what is free"), rows)


def size_rows(order: Order, polls: Mapping[int, Bill], metrics: int) -> list[tuple[str, ...]]:
    """Orders a day, the month's bill, and what that is an order."""
    rows = []
    for daily in SIZES:
        bill = month(daily, order, polls, metrics)
        listed, left, orders = bill.total(), bill.total(allowed=True), daily * DAYS
        cells = [f"${one:,.2f}" for one in (listed, left)] + [f"${one / orders:.5f}" for one in (listed, left)]
        rows.append((f"{daily:,}", *cells))
    return rows


HEAD = ("orders a day", "a month, list price", "after what is free", "an order, list price", "after what is free")


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--polls", default="10,100,1000", help="orders a day at which poll and proof are run")
    chosen = parser.parse_args()
    polls = measured_polls(tuple(map(int, chosen.polls.split(","))))
    order, metrics = counted(), alarm_metrics()
    idle, seller = idle_deployment(metrics), idle_seller()
    alone = order_bill(order).plus(poll_bill(1_000, polls))
    million = Bill(Counter({line: amount * 1e6 for line, amount in alone.amounts.items()}))
    nobody = ("no seller", f"${idle.total():,.2f}", f"${idle.total(allowed=True):,.2f}", "", "")
    sizes = table(HEAD, [nobody, *size_rows(order, polls, metrics)])
    good = million.total() <= MOST_MILLION and idle.total() <= MOST_IDLE
    bills = [line_table(million, unit="a million orders"), line_table(idle, unit="a month without a seller")]
    parts = [sizes, *bills, _counts(order, metrics, seller), _verdict(million, idle, good)]
    publish("cost", parts, write=chosen.write)
    if chosen.write:
        README.write_text(replaced(README.read_text("utf-8"), "cost", sizes), encoding="utf-8")
    return 0 if good else 1


def _counts(order: Order, metrics: int, seller: Bill) -> str:
    sent = ", ".join(f"{count} {name}" for name, count in sorted(order.messages.items()))
    return (
        f"Counted in one order: {order.writes:g} write units, {order.reads:g} read units, {order.pushes} pushes, "
        f"{order.events} events in {order.changes - order.pushes} changes, messages: {sent}; {order.bytes:,} bytes "
        f"that stay, {order.worker_line} bytes of log a message. Alarms read {metrics} metrics. A seller without "
        f"orders: **${seller.total():.2f}** a month."
    )


def _verdict(million: Bill, idle: Bill, good: bool) -> str:
    left = idle.total(allowed=True)
    within = "Within the gates." if good else "**ABOVE THE GATES.**"
    return (
        f"All-in **${million.total():.0f}** per million orders at 1,000 a day (gate ≤ ${MOST_MILLION:.0f}; goal "
        f"≤ ${GOAL_MILLION:.0f}, {_met(million.total(), GOAL_MILLION)}). A deployment without a seller "
        f"**${idle.total():.2f}** a month at list price, **${left:.2f}** after what is free (gate ≤ ${MOST_IDLE:.0f} "
        f"at list price; goal ≤ ${GOAL_IDLE:.0f}, {_met(left, GOAL_IDLE)}). {within}"
    )


def _met(dollars: float, goal: float) -> str:
    return "met" if dollars <= goal else "not met"


if __name__ == "__main__":
    sys.exit(main())
