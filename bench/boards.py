"""CPU of the boards that people look at all day, with 1,000 and with 10,000 postings open.

Run: `.venv/bin/python -m bench.boards [--sizes N,N] [--rounds N] [--profile PATH] [--write]`. Exit code 1 if an answer
takes more CPU than its gate at the largest size, or more than twice that of the size before.
"""

from __future__ import annotations

import cProfile
import gc
import os
import pstats
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.parts import busy_seller
from bench.parts.engine import Engine
from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from bench.parts.wire import Wire
from shipby.domain.postings.posting import Stage

GATES = {"/v1/risk": 0.2, "/v1/deadlines": 0.1, "/v1/picking": 0.05}
"""Seconds of CPU at the largest size."""
FIRST = "/v1/risk, first time"
"""What was packed on days that are over is kept for some minutes: the first answer reads it. It has the same gate."""
GROWTH = 2.0
"""How many times the CPU at the size before."""


@dataclass(slots=True)
class Shop:
    """A table of so many open postings behind the seller API."""

    count: int
    engine: Engine = field(default_factory=Engine)

    def __post_init__(self) -> None:
        for row in busy_seller.rows_of(self.count):
            self.engine.load(row)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: CPU without what is spent behind the wire, requests to the table, read units, and its body."""

    seconds: float
    requests: int
    units: float
    body: str


class Caller:
    """The seller API as its handler runs it, with only the socket replaced. One a process: the client is kept."""

    def __init__(self) -> None:
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "POWERTOOLS_SERVICE_NAME": "bench",
        }
        from functions.seller_api.api import SellerApi
        from shipby.adapters.aws import clients

        self._engine = Engine()
        self._requests, self._units = 0, 0.0
        self._wire = Wire(self._serve)
        self._wire.join(clients.dynamodb())
        self.forget()
        self._api = SellerApi(lambda: self._parts)

    def _serve(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._requests += 1
        answer = self._engine.call(operation, body)
        self._units += self._engine.units_of_last
        return answer

    def forget(self) -> None:
        """Begin as a new process: the store remembers nothing."""
        from functions.seller_api.wiring import Parts
        from shipby.adapters.dynamodb import DynamoDBStore
        from tests.support import builders as a
        from tests.support.fakes import MemoryDocuments

        clock = a.FixedClock(busy_seller.NOW)
        self._parts = Parts(DynamoDBStore(table_name="bench", clock=clock), clock, MemoryDocuments())

    def bare(self, shop: Shop, stage: str) -> float:
        """CPU of the query alone that finds a page's items, with what botocore makes of it; in seconds."""
        from shipby.adapters.aws import clients
        from shipby.adapters.dynamodb import index_keys
        from tests.support import builders as a

        self._engine = shop.engine
        behind, began = self._wire.seconds, time.process_time()
        found = clients.dynamodb().query(
            TableName="bench",
            IndexName=index_keys.BOARDS,
            KeyConditionExpression="#partition = :partition",
            ExpressionAttributeNames={"#partition": "WK"},
            ExpressionAttributeValues={":partition": {"S": index_keys.worklist_partition(a.SELLER, stage)}},
            Limit=ROWS + 1,
        )
        seconds = time.process_time() - began - (self._wire.seconds - behind)
        assert len(found["Items"]) == ROWS + 1
        return seconds

    def get(self, shop: Shop, path: str, **query: str) -> Answer:
        """Ask for something. Raises AssertionError for any other answer than 200."""
        from tests.functions.seller_api.api_support import http_event
        from tests.support import builders as a

        if self._engine is not shop.engine:
            self.forget()
        self._engine = shop.engine
        self._requests, self._units = 0, 0.0
        event = http_event("GET", path, query=query, context={"seller": a.SELLER, "role": "owner", "key_id": "k1"})
        behind, began = self._wire.seconds, time.process_time()
        answer = self._api(event)
        whole, behind = time.process_time() - began, self._wire.seconds - behind
        assert answer["statusCode"] == 200, answer
        return Answer(whole - behind, self._requests, self._units, answer["body"])


PAGE = "/v1/postings"
"""A page of 50 rows of one stage; """
ROWS = 50


PAGE_SECONDS, PAGE_UNITS, PAGE_TIMES = 0.06, 4.0, 3.0
"""Its gates: CPU, read units, and how many times a bare query of the same items takes."""


def page_kept(page: Answer, bare: float) -> bool:
    """Whether a page keeps its gates beside the CPU of a bare query, in seconds."""
    return page.seconds <= min(PAGE_SECONDS, PAGE_TIMES * bare) and page.units <= PAGE_UNITS


Found = Mapping[tuple[str, int], Answer]


def page_of_rows(shop: Shop, rounds: int) -> tuple[Answer, float]:
    """The page of the stage with most postings, and the CPU of a bare query of its items: the fastest of each."""
    caller = Caller()
    pages, bare = [], []
    for _ in range(rounds + 1):
        pages.append(caller.get(shop, PAGE, stage=str(Stage.PACKED), limit=str(ROWS)))
        bare.append(caller.bare(shop, str(Stage.PACKED)))
    return min(pages[1:], key=lambda one: one.seconds), min(bare[1:])


def measure(sizes: Sequence[int], rounds: int) -> Found:
    """The fastest of each answer at each size: others only disturb it. Answers and sizes take turns, so that a noisy
    machine disturbs all alike; a first round that warms up does not count."""
    caller, shops = Caller(), [Shop(size) for size in sizes]
    # The rows behind the wire are no garbage of the API's, whose collections would walk over them.
    gc.collect()
    gc.freeze()
    found: dict[tuple[str, int], list[Answer]] = {}
    for _ in range(rounds + 1):
        for shop in shops:
            caller.forget()
            found.setdefault((FIRST, shop.count), []).append(caller.get(shop, "/v1/risk"))
            for path in GATES:
                found.setdefault((path, shop.count), []).append(caller.get(shop, path))
    return {at: min(answers[1:], key=lambda one: one.seconds) for at, answers in found.items()}


def rows(found: Found, sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """A row for each answer: CPU at each size, growth, gate, and what it reads at the largest."""
    lines = []
    for path in (FIRST, *GATES):
        before, last = found[path, sizes[-2]], found[path, sizes[-1]]
        lines.append(
            (
                f"GET {path}",
                *(f"{found[path, size].seconds * 1000:.0f} ms" for size in sizes),
                f"{last.seconds / before.seconds:.2f}",
                f"{gate_of(path) * 1000:.0f} ms",
                str(last.requests),
                f"{last.units:g}",
                "ok" if met(path, before, last) else "**NOT MET**",
            )
        )
    return lines


def gate_of(path: str) -> float:
    """Seconds at the largest size."""
    return GATES[path.partition(",")[0]]


def met(path: str, before: Answer, last: Answer) -> bool:
    """Whether an answer keeps its gate at the largest size, and does not grow more than twice towards it; the growth of
    the first one, which reads a history that grows, is shown only."""
    return last.seconds <= gate_of(path) and (path == FIRST or last.seconds <= GROWTH * before.seconds)


def profile(path: str, size: int) -> None:
    """Print where the CPU of one answer goes; what stands in `bench` is behind the wire."""
    caller, shop = Caller(), Shop(size)
    caller.get(shop, path)
    profiler = cProfile.Profile()
    profiler.runcall(caller.get, shop, path)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--sizes", default="1000,10000", help="open postings, ascending")
    parser.add_argument("--rounds", type=int, default=9, help="how often each answer is measured; the fastest counts")
    parser.add_argument("--profile", default="", metavar="PATH", help="show where an answer's CPU goes, and no more")
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.sizes.split(",")]
    if chosen.profile:
        profile(chosen.profile, sizes[-1])
        return 0
    found = measure(sizes, chosen.rounds)
    page, bare = page_of_rows(Shop(sizes[-1]), chosen.rounds)
    kept = page_kept(page, bare)
    good = kept and all(met(path, found[path, sizes[-2]], found[path, sizes[-1]]) for path in (FIRST, *GATES))
    head = ("answer", *(f"{size:,} open" for size in sizes), "growth", "gate", "requests", "read units", "")
    verdict = f"CPU at {sizes[-1]:,} open, and growth ≤ {GROWTH:g}: {'met' if good else '**NOT MET**'}."
    told = (
        f"A page of {ROWS} rows of one stage at {sizes[-1]:,} open: {page.seconds * 1000:.1f} ms of CPU (gate "
        f"{PAGE_SECONDS * 1000:.0f}), {page.units:g} read units (gate {PAGE_UNITS:g}) in {page.requests} request, "
        f"{page.seconds / bare:.1f} times a bare query of the same items (gate {PAGE_TIMES:g}): "
        f"{'met' if kept else '**NOT MET**'}."
    )
    publish("boards", [describe(), table(head, rows(found, sizes)), verdict, told], write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
