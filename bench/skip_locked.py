"""The same selection and claim on PostgreSQL 15 with SKIP LOCKED, side by side with the DynamoDB way, in one run.

Run: `.venv/bin/python -m bench.skip_locked [--alarms N] [--sizes N,N,N] [--write]`. Exit code 2 if PostgreSQL can
neither be found nor installed, 1 if one of the sides lost or doubled a claim. Rates decide nothing here: what they
do not say stands in docs/performance.md.
"""

from __future__ import annotations

import json
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.parts.claims import BLOCK, Claims
from bench.parts.machine import describe
from bench.parts.open_alarms import IndexClient
from bench.parts.postgres import Cluster, NotAvailableError
from bench.parts.report import arguments, publish, table
from bench.parts.stand import Stand, quiet
from bench.sweep_reads import DUE, NOW, sweep_once

_SCHEMA = """
CREATE TABLE posting (
    seller text NOT NULL, number text NOT NULL, version integer NOT NULL, alarm_at timestamptz, alarm_kind text,
    body text NOT NULL, PRIMARY KEY (seller, number)
);
CREATE INDEX posting_alarm ON posting (alarm_at) WHERE alarm_at IS NOT NULL;
CREATE TABLE event (
    seller text NOT NULL, number text NOT NULL, version integer NOT NULL, n integer NOT NULL, body text NOT NULL,
    PRIMARY KEY (seller, number, version, n)
);
"""
_CLAIM = """
WITH due AS (
    SELECT seller, number FROM posting WHERE alarm_at <= timestamptz '2026-03-02 09:01+00'
    ORDER BY alarm_at LIMIT :batch FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE posting SET version = version + 1, alarm_at = alarm_at + interval '12 hours', alarm_kind = 'tariff_step'
    FROM due WHERE posting.seller = due.seller AND posting.number = due.number
    RETURNING posting.seller, posting.number, posting.version
)
INSERT INTO event SELECT seller, number, version, 0, repeat('e', 400) FROM moved;
"""
_POSTINGS = """
TRUNCATE posting, event;
INSERT INTO posting
SELECT 'seller-' || n % 20, (24000000 + n) || '-0020-1', 6, timestamptz '2026-03-02 09:00+00', 'shipment_date',
    repeat('b', :body)
FROM generate_series(1, :alarms) n;
ALTER SYSTEM SET synchronous_commit = :durable;
SELECT pg_reload_conf();
VACUUM ANALYZE posting;
CHECKPOINT;
"""
_ALARMS = """
DROP TABLE IF EXISTS alarm;
CREATE UNLOGGED TABLE alarm (alarm_at timestamptz, seller text, number text);
INSERT INTO alarm
SELECT timestamptz '2026-03-02 10:00+00' + n * interval '14 days' / :total, 'seller-' || n % 200,
    (24000000 + n) || '-0020-1'
FROM generate_series(1, :total - :due) n;
INSERT INTO alarm
SELECT timestamptz '2026-03-02 09:00+00' - n % 40 * interval '1 second', 'seller-' || n % 200, n || '-0020-1'
FROM generate_series(1, :due) n;
CREATE INDEX alarm_due ON alarm (alarm_at) INCLUDE (seller, number);
VACUUM ANALYZE alarm;
"""
_BODY = 900
"""Bytes of a posting beside its keys: about those of the DynamoDB item."""


@dataclass(frozen=True, slots=True)
class Selected:
    """Reading the keys of 1,000 due alarms among many."""

    total: int
    postgres_ms: float
    postgres_pages: int
    sweep_ms: float
    sweep_units: float


def fill_alarms(cluster: Cluster, total: int) -> None:
    """An index of `total` open alarms, 1,000 of them due; unlogged, because only reading is measured."""
    cluster.sql(_ALARMS, total=total, due=DUE)


def select(cluster: Cluster, total: int, rounds: int = 7) -> Selected:
    """The same selection on both sides in turn; the fastest of the rounds counts."""
    fill_alarms(cluster, total)
    client = IndexClient(total, DUE, NOW, seed=total)
    statement = (
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT seller, number, alarm_at FROM alarm "
        "WHERE alarm_at <= timestamptz '2026-03-02 09:01+00' ORDER BY alarm_at"
    )
    times, pages, sweeps = [], 0, []
    for _ in range(rounds):
        plan = json.loads(cluster.sql(statement))[0]
        if plan["Plan"]["Actual Rows"] != DUE:
            raise AssertionError(f"PostgreSQL selected {plan['Plan']['Actual Rows']} alarms instead of {DUE}")
        times.append(plan["Execution Time"])
        pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        sweeps.append(sweep_once(client))
    units = sweeps[0].meter.units
    return Selected(total, min(times), pages, min(swept.seconds for swept in sweeps) * 1000, units)


@dataclass(frozen=True, slots=True)
class Rate:
    """Claims per second of one way, each block of its own."""

    name: str
    blocks: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the blocks."""
        return statistics.median(self.blocks)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to claim on PostgreSQL. `durable`: a commit is answered when it is on the disk."""

    name: str
    batch: int
    clients: int
    durable: bool


_WAYS = (
    Way("PostgreSQL, one by one, 1 client, durable", 1, 1, durable=True),
    Way("PostgreSQL, one by one, 2 clients, durable", 1, 2, durable=True),
    Way("PostgreSQL, one by one, 1 client, synchronous_commit = off", 1, 1, durable=False),
    Way("PostgreSQL, 1,000 in one transaction, 1 client, durable", 1000, 1, durable=True),
)


class Race:
    """Claims on both sides, one block of each way in turn."""

    def __init__(self, cluster: Cluster, claims: Claims, alarms: int) -> None:
        self._cluster, self._claims, self._alarms = cluster, claims, alarms
        cluster.sql(_SCHEMA)

    def run(self, rounds: int) -> list[Rate]:
        """Rates of all ways."""
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            for way in _WAYS:
                found.setdefault(way.name, []).append(self._postgres(way))
            found.setdefault(_WORKER, []).append(self._worker())
            found.setdefault(_BARE, []).append(self._bare())
        return [Rate(name, tuple(rates)) for name, rates in found.items()]

    def _postgres(self, way: Way) -> float:
        """Claims per second. Raises AssertionError if a posting was claimed never or twice."""
        alarms = self._alarms * (10 if way.batch > 1 else 1)
        durable = "on" if way.durable else "off"
        self._cluster.sql(_POSTINGS, body=_BODY, alarms=alarms, durable=durable)
        runs = -(-alarms // (way.batch * way.clients))
        sizes = {"batch": way.batch}
        tps = self._cluster.pgbench(_CLAIM, transactions=runs, clients=way.clients, variables=sizes)
        left = self._cluster.sql("SELECT count(*) FROM posting WHERE version <> 7 OR alarm_kind <> 'tariff_step'")
        events = self._cluster.sql("SELECT count(*), count(DISTINCT (seller, number)) FROM event")
        if (left, events) != ("0", f"{alarms}|{alarms}"):
            raise AssertionError(f"PostgreSQL left {left} postings unclaimed and has {events} events of {alarms}")
        return tps * alarms / (runs * way.clients)

    def _worker(self) -> float:
        work, _ = self._claims.worker_block()
        began = time.perf_counter()
        with quiet():
            work()
        return BLOCK / (time.perf_counter() - began)

    def _bare(self) -> float:
        work = self._claims.bare_block()
        began = time.perf_counter()
        work()
        return BLOCK / (time.perf_counter() - began)


_WORKER = "Shipby's alarm worker, one by one, 1 process, wire stubbed"
_BARE = "one bare DynamoDB transaction by botocore, 1 process, wire stubbed"


def selection_table(found: Sequence[Selected]) -> str:
    """Selection on both sides."""
    rows = [
        (
            f"{one.total:,}",
            f"{one.postgres_ms:.1f} ms",
            f"{one.postgres_pages}",
            f"{one.sweep_ms:.1f} ms",
            f"{one.sweep_units:g}",
        )
        for one in found
    ]
    head = ("open alarms", "PostgreSQL: time", "pages of 8 KB read", "sweep on the calculator: time", "read units")
    return table(head, rows)


def rate_table(rates: Sequence[Rate]) -> str:
    """Claims per second of every way."""
    rows = [(rate.name, f"{rate.median:,.0f}", f"{min(rate.blocks):,.0f} to {max(rate.blocks):,.0f}") for rate in rates]
    return table(("claim: posting updated + event inserted", "per second (median)", "range of blocks"), rows)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--alarms", type=int, default=4_000, help="claims of one block on PostgreSQL")
    parser.add_argument("--rounds", type=int, default=5, help="blocks of each way")
    parser.add_argument("--sizes", default="100000,1000000,10000000", help="open alarms, with commas between")
    chosen = parser.parse_args()
    # Also when it is stopped from outside, the server must not be left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stand = Stand()
    stand.connect()
    claims = Claims(stand)
    try:
        with Cluster() as cluster:
            rates = Race(cluster, claims, chosen.alarms).run(chosen.rounds)
            selected = [select(cluster, int(total)) for total in chosen.sizes.split(",")]
            about = describe(PostgreSQL=cluster.version)
    except NotAvailableError as problem:
        print(f"No comparison: {problem}", file=sys.stderr)
        return 2
    publish("skip_locked", [about, selection_table(selected), rate_table(rates)], write=chosen.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
