"""Read units and time of one sweep over 1,000 due alarms among 100 thousand, 1 million and 10 million open ones.

Run: `.venv/bin/python -m bench.sweep_reads [--sizes N,N,N] [--engine-seconds N] [--write]`. Exit code 1 if units or
time grow by more than a tenth from the second largest size to the largest, or if a real engine answers otherwise than
the calculator does.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import load
from bench.parts.machine import describe
from bench.parts.open_alarms import IndexClient, Meter, OpenAlarm, alarm_keys, posting_key, spread
from bench.parts.report import arguments, publish, table
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.messages import QueueMessage

GROWTH = 1.1
DUE = 1_000
ROUNDS = 25
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LOOK_AHEAD = timedelta(seconds=60)
BUDGET = timedelta(minutes=10)
"""More than any run takes: a sweep that stopped early would measure nothing."""


@dataclass(frozen=True, slots=True)
class _Clock:
    time: datetime

    def now(self) -> datetime:
        """The fixed time of the run."""
        return self.time


@dataclass(slots=True)
class _Kept:
    """A queue that keeps what was sent."""

    messages: list[QueueMessage] = field(default_factory=list)

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Keep them."""
        self.messages += messages


class Metered:
    """Any client, with the calculator beside its queries."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.meter = Meter()

    def query(self, **call: Any) -> Any:
        """Pass it on and add what it cost."""
        answer = self._client.query(**call)
        self.meter = self.meter.plus(answer["Items"], consistent=call.get("ConsistentRead", False))
        return answer


@dataclass(frozen=True, slots=True)
class Swept:
    """One sweep: what it sent, what it read and how long it took."""

    sent: tuple[str, ...]
    meter: Meter
    seconds: float


def sweep_once(client: Any, now: datetime = NOW) -> Swept:
    """Run the product's sweep over a client with a meter."""
    from shipby.application.alarms.sweep import sweep

    queue, before, clock = _Kept(), client.meter, _Clock(now)
    store = DynamoDBStore(client, "bench", alarm_shards=load.SHARDS, clock=clock)
    began = time.perf_counter()
    sweep(store=store, queue=queue, clock=clock, look_ahead=LOOK_AHEAD, budget=BUDGET)
    seconds = time.perf_counter() - began
    bodies = [message.body for message in queue.messages]
    sent = tuple(sorted(f"{body['seller']}/{body['id']}@{body['due']}" for body in bodies))
    return Swept(sent, client.meter.since(before), seconds)


# The calculator -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Size:
    """One size of the index: what a sweep costs with 1,000 due alarms, and with none."""

    total: int
    busy: Swept
    idle: Swept


def measure(sizes: Sequence[int]) -> list[Size]:
    """Sweeps of all sizes in turn, so that a noisy machine disturbs all alike; the fastest of the rounds counts."""
    clients = {total: IndexClient(total, DUE, NOW, seed=total) for total in sizes}
    idle = {total: sweep_once(client, NOW - timedelta(hours=1)) for total, client in clients.items()}
    best: dict[int, Swept] = {}
    for _, (total, client) in itertools.product(range(ROUNDS), clients.items()):
        swept = sweep_once(client)
        if len(set(swept.sent)) != DUE:
            raise AssertionError(
                f"of {total} open alarms {len(set(swept.sent))} were sent instead of the {DUE} due ones"
            )
        if total not in best or swept.seconds < best[total].seconds:
            best[total] = swept
    return [Size(total, best[total], idle[total]) for total in sizes]


def growth(sizes: Sequence[Size]) -> tuple[float, float]:
    """(units, time) of the largest size over those of the one before."""
    before, last = sizes[-2].busy, sizes[-1].busy
    return last.meter.units / before.meter.units, last.seconds / before.seconds


# A real engine ------------------------------------------------------------------------------------------------------


def fill(client: Any, name: str, total: int) -> float:
    """Create a table and write the same alarms as IndexClient(total, …) holds; says the seconds it took."""
    began = time.perf_counter()
    client.create_table(**table_definition(name))
    at_once, later, gap = spread(total, DUE, NOW, seed=total)
    taken = {alarm.number for alarm in at_once}
    rest = (OpenAlarm(number, later + number * gap) for number in range(total) if number not in taken)
    alarms = itertools.chain(at_once, rest)
    while batch := list(itertools.islice(alarms, 25)):
        requests = [{"PutRequest": {"Item": _item(alarm)}} for alarm in batch]
        while requests:
            answer = client.batch_write_item(RequestItems={name: requests})
            requests = answer.get("UnprocessedItems", {}).get(name, [])
    return time.perf_counter() - began


def _item(alarm: OpenAlarm) -> dict[str, dict[str, str]]:
    columns = {name: {"S": value} for name, value in alarm_keys(alarm.number, alarm.due).items()}
    return posting_key(alarm.number).wire | columns


@dataclass(frozen=True, slots=True)
class Checked:
    """One size on a real engine beside the calculator's."""

    total: int
    load_seconds: float
    engine: Swept
    calculator: Swept

    @property
    def equal(self) -> bool:
        """Whether both sent the same alarms after reading the same entries in the same number of queries."""
        return self.engine.sent == self.calculator.sent and self.engine.meter == self.calculator.meter


def check(seconds: float) -> list[Checked]:
    """Load the embedded emulator with as many alarms as fit into `seconds`, and with a tenth of it, and sweep both."""
    from shipby_local.stack import Emulator

    found = []
    with Emulator() as emulator:
        client = emulator.client("dynamodb")
        rate = _TRIAL / fill(client, "trial", _TRIAL)
        largest = max(_STEP, int(rate * seconds / 1.1) // _STEP * _STEP)
        for total in (largest // 10, largest):
            took = fill(client, f"alarms-{total}", total)
            metered = Metered(_Named(client, f"alarms-{total}"))
            # The first query of a table warms what an emulator keeps in memory.
            sweep_once(metered, NOW - timedelta(hours=1))
            found.append(
                Checked(total, took, sweep_once(metered), sweep_once(IndexClient(total, DUE, NOW, seed=total)))
            )
    return found


_TRIAL = 5_000
_STEP = 20_000


class _Named:
    """A client whose queries go to another table than the store names."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def query(self, **call: Any) -> Any:
        return self._client.query(**{**call, "TableName": self._table})


# The tables ---------------------------------------------------------------------------------------------------------


def size_table(sizes: Sequence[Size]) -> str:
    """What one sweep reads at each size."""
    rows = [
        (
            f"{size.total:,}",
            f"{size.busy.meter.queries}",
            f"{size.busy.meter.items:,}",
            f"{size.busy.meter.units:g}",
            f"{size.busy.seconds * 1000:.1f} ms",
            f"{size.idle.meter.units:g}",
        )
        for size in sizes
    ]
    head = ("open alarms", "queries", "entries read", "read units", "time (best of rounds)", "read units with none due")
    return table(head, rows)


def engine_table(found: Sequence[Checked]) -> str:
    """The emulator beside the calculator."""
    rows = [
        (
            f"{one.total:,}",
            f"{one.load_seconds:.0f} s",
            f"{one.engine.meter.queries} / {one.calculator.meter.queries}",
            f"{one.engine.meter.items:,} / {one.calculator.meter.items:,}",
            f"{one.engine.meter.units:g} / {one.calculator.meter.units:g}",
            "yes" if one.equal else "**no**",
            f"{one.engine.seconds:.2f} s",
        )
        for one in found
    ]
    head = (
        "open alarms in the emulator",
        "to load",
        "queries",
        "entries",
        "read units",
        "same alarms sent",
        "its time",
    )
    return table(head, rows)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument(
        "--sizes", default="100000,1000000,10000000", help="open alarms, ascending, with commas between"
    )
    parser.add_argument("--engine-seconds", type=float, default=150, help="time to load the emulator; 0 leaves it out")
    chosen = parser.parse_args()
    sizes = measure([int(size) for size in chosen.sizes.split(",")])
    units, seconds = growth(sizes)
    good = units <= GROWTH and seconds <= GROWTH
    verdict = (
        f"Growth {sizes[-2].total:,} → {sizes[-1].total:,}: read units **× {units:.2f}**, time **× {seconds:.2f}** "
        f"(target ≤ {GROWTH}, {'met' if good else 'MISSED'})."
    )
    parts = [describe(), size_table(sizes), verdict]
    if chosen.engine_seconds:
        found = check(chosen.engine_seconds)
        good = good and all(one.equal for one in found)
        parts.append(engine_table(found))
    publish("sweep_reads", parts, write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
