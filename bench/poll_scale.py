"""What the poll and the proof of one seller cost at 100, 1,000, 10,000 and 100,000 orders a day.

Run: `.venv/bin/python -m bench.poll_scale [--sizes N,N] [--write]`. Whole days of visits are computed from visits and
proofs that are run here: the product's own code over the real store and botocore, with only the sockets replaced. Exit
code 1 if poll and proof cost more than $40 per million orders at any size that was run.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.parts.listing import NOBODY, Life, Market, Shop, lived
from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from bench.parts.wire import Wire
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.application.polling.list_parts import MANY, SPEND, look_through
from shipby.application.polling.rounds import Tools
from shipby.application.ports.writes import SaveSettings
from shipby.application.proof.prove import prove
from shipby.application.shared.troubles import Troubles
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces
from tests.support.fakes import RecordingQueue

GOAL = 40.0
"""US dollars per million orders, poll and proof together."""
WINDOW = 14
VISITS = 288
WHOLE_LISTS = 24
PROOFS = 24
CHANGES = 6
"""Assumed: how often an order changes its status in its life."""
READ_PRICE = 0.125
WRITE_PRICE = 0.625
"""US dollars per million request units on demand, us-east-1, since November 2024; check your region."""
GB_SECOND = 0.0000133334
"""US dollars, Lambda on arm64, us-east-1 (Lambda pricing page)."""
GIGABYTES, PROCESSORS = 0.5, 512 / 1769
"""Of the poll's function (infra/template.yaml), and what share of a processor that memory has."""
READ_SECONDS = 0.004
"""Assumed: what one read of the table is waited for."""
CALL_SECONDS = 0.2
"""One call of the marketplace: the poll's own pace is five a second."""
NOW = datetime(2026, 3, 16, 0, 0, tzinfo=UTC)
"""After the life that all postings share (tests/support/builders)."""
OPEN_DAYS = 5
"""Assumed: how long an order is on its way here, of the days that the lists show it."""
VERIFIED = (4 * OPEN_DAYS + (WINDOW - OPEN_DAYS)) / WINDOW
"""How often a day what matched is held against the store again: open ones every six hours, others once
(`list_memory.VERIFY_EVERY`, `VERIFY_ENDED`)."""
PER_SECOND = 50
"""Calls a second that the marketplace allows one seller."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one piece of work, or of many."""

    calls: float = 0.0
    reads: float = 0.0
    requests: float = 0.0
    writes: float = 0.0
    cpu: float = 0.0

    def times(self, factor: float) -> Cost:
        return Cost(*(getattr(self, name) * factor for name in self.__slots__))

    def plus(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def seconds(self) -> float:
        """On Lambda, one after the other: calls at the poll's pace, requests to the table, CPU on its share."""
        return self.calls * CALL_SECONDS + self.requests * READ_SECONDS + self.cpu / PROCESSORS

    @property
    def dollars(self) -> float:
        units = self.reads * READ_PRICE + self.writes * WRITE_PRICE
        return units / 1e6 + self.seconds * GIGABYTES * GB_SECOND


class Bench:
    """One seller with so many orders a day, all known and unchanged."""

    def __init__(self, life: Life, daily: int) -> None:
        import boto3

        self.clock = a.FixedClock(NOW)
        self.shop = Shop(life, daily, WINDOW, NOW)
        self.wire = Wire(self.shop.serve)
        client = boto3.client("dynamodb", **NOBODY)
        self.wire.join(client)
        store = DynamoDBStore(client, "bench", clock=self.clock)
        # What changed within an hour: every order changes so often in its life, evenly over the window.
        every = max(1, round(WINDOW * 24 / CHANGES))
        self.market = Market(self.clock, self.shop, lambda index: index % every == 0)
        store.commit([SaveSettings(a.settings())])
        self.tools = Tools(
            store,
            FakeMarketplaces({a.SELLER: self.market}),
            RecordingQueue(),
            self.clock,
            timedelta(days=WINDOW),
            logging.getLogger("bench"),
        )

    def measured(self, work: Callable[[], object]) -> Cost:
        """What a piece of work costs, without what was spent behind the wire and by the marketplace."""
        shop, market, wire = self.shop, self.market, self.wire
        before = (
            Cost(market.calls["postings"], shop.reads, shop.requests.total(), shop.writes, time.process_time()),
            wire.seconds + market.seconds,
        )
        work()
        spent = time.process_time() - before[0].cpu - (wire.seconds + market.seconds - before[1])
        return Cost(
            market.calls["postings"] - before[0].calls,
            shop.reads - before[0].reads,
            shop.requests.total() - before[0].requests,
            shop.writes - before[0].writes,
            spent,
        )

    def lists(self, *, whole: bool) -> Cost:
        """One visit's lists; `whole`: with all of them."""
        if whole:
            self.clock.advance(timedelta(hours=1))
        troubles = Troubles()
        since = self.clock.now() - timedelta(hours=1)

        def look() -> None:
            look_through(a.SELLER, self.tools, self.market, troubles, since, at_once=False)

        cost = self.measured(look)
        troubles.settle()
        assert not self.tools.queue.messages, "nothing differs"  # type: ignore[attr-defined]  # a recording one
        return cost

    def proof(self, changed_since: datetime | None) -> Cost:
        proofs: list[Any] = []

        def run() -> None:
            proofs.append(
                prove(
                    a.SELLER,
                    store=self.tools.store,
                    marketplace=self.market,
                    clock=self.clock,
                    changed_since=changed_since,
                )
            )

        cost = self.measured(run)
        (proof,) = proofs
        assert proof.green, proof.view()["findings"][:3]
        return cost


@dataclass(frozen=True, slots=True)
class Size:
    """What one day of a seller costs."""

    daily: int
    ran: bool
    poll: Cost
    proof: Cost
    longest: float
    """Seconds of the longest visit's own part of the lists."""
    whole_proof: float
    """Seconds of one proof of everything, over as many visits as it takes."""
    walk: float = 0.0
    """Seconds that one walk through all lists waits for the table and for the marketplace's limit, where everything is
    held against the store as well."""

    @property
    def per_million(self) -> tuple[float, float]:
        """US dollars per million orders: poll, proof."""
        return self.poll.dollars / self.daily * 1e6, self.proof.dollars / self.daily * 1e6


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces a day is made of."""

    cold: Cost
    warm: Cost
    light: Cost
    whole: Cost
    changed: Cost

    def scaled(self, factor: float) -> Pieces:
        return Pieces(*(getattr(self, name).times(factor) for name in self.__slots__))


def measure(life: Life, daily: int) -> Pieces:
    """Run each piece once."""
    bench = Bench(life, daily)
    cold = bench.lists(whole=True)
    warm = bench.lists(whole=True)
    light = bench.lists(whole=False)
    whole = bench.proof(None)
    changed = bench.proof(bench.clock.now() - timedelta(hours=2))
    return Pieces(cold, warm, light, whole, changed)


def day(daily: int, pieces: Pieces, *, ran: bool) -> Size:
    """A day of visits: few postings have all lists at each and everything proven every hour, many in parts and once a
    day."""
    many = daily * WINDOW > MANY
    lists = WHOLE_LISTS if many else VISITS
    poll = pieces.cold.times(VERIFIED).plus(pieces.warm.times(lists - VERIFIED))
    poll = poll.plus(pieces.light.times(VISITS - lists)) if many else poll
    whole = 1 if many else PROOFS
    proof = pieces.whole.times(whole).plus(pieces.changed.times(PROOFS - whole))
    part = pieces.cold.times(1 / (WINDOW + 1)) if many else pieces.cold
    # A part that takes longer is given up and cut smaller, and none is begun after as long.
    longest = min(part.seconds + pieces.light.seconds, 2 * SPEND.total_seconds()) if many else part.seconds
    return Size(daily, ran, poll, proof, longest, pieces.whole.seconds, waited(pieces.cold))


def waited(work: Cost) -> float:
    """Seconds that a piece of work waits at least: for each request to the table, and for the marketplace's limit."""
    return work.requests * READ_SECONDS + work.calls / PER_SECOND


def size_table(sizes: Sequence[Size]) -> str:
    """A row for each size."""
    rows = []
    for size in sizes:
        both = size.poll.plus(size.proof).times(1 / size.daily)
        poll, proof = size.per_million
        rows.append(
            (
                f"{size.daily:,}{'' if size.ran else ' (extrapolated)'}",
                f"{both.calls:.1f}",
                f"{both.reads:.0f}",
                f"{both.cpu * 1000:.0f} ms",
                f"${poll:.2f}",
                f"${proof:.2f}",
                f"**${poll + proof:.2f}**",
                f"{size.longest:.0f} s",
                f"{size.whole_proof / 60:.1f} min",
                f"{size.walk / 60:.1f} min",
            )
        )
    head = (
        "orders a day",
        "calls of the marketplace an order",
        "read units an order",
        "CPU an order",
        "poll, $ per million",
        "proof, $ per million",
        "together",
        "a visit's lists",
        "one whole proof",
        "waits of one walk through the lists",
    )
    return table(head, rows)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--sizes", default="100,1000", help="orders a day that are run")
    parser.add_argument("--further", default="10000,20000,100000", help="orders a day that are computed from the last")
    chosen = parser.parse_args()
    life = lived()
    sizes: list[Size] = []
    pieces, last = None, 1
    for daily in map(int, chosen.sizes.split(",")):
        pieces, last = measure(life, daily), daily
        sizes.append(day(daily, pieces, ran=True))
    largest, dearest = sum(sizes[-1].per_million), max(sum(size.per_million) for size in sizes)
    assert pieces is not None
    further = map(int, filter(None, chosen.further.split(",")))
    sizes += [day(daily, pieces.scaled(daily / last), ran=False) for daily in further]
    good = dearest <= GOAL
    verdict = (
        f"Poll and proof at {last:,} orders a day of one seller: **${largest:.2f}** per million orders, at most "
        f"${dearest:.2f} at any size that was run (target ≤ ${GOAL:.0f}, {'met' if good else 'MISSED'})."
    )
    publish("poll_scale", [describe(), size_table(sizes), verdict], write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
