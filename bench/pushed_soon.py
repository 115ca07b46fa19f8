"""How soon is a push whose 200 the marketplace has seen a posting in the table? On the embedded stack.

Run: `.venv/bin/python -m bench.pushed_soon [--short] [--pushes N] [--write]`. Two sellers, pushes at an even pace; then
the same with the sync workers killed (kill -9), with a call of the marketplace that fails, and with one that does not
answer in time. Exit code 1 if a gate is missed: 15 s P99 undisturbed, 60 s at most in every case, and where something
goes wrong nothing but what was hit later than 15 s.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from shipby.adapters.dynamodb import keys
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.deployment import Deployment
from shipby_local.onboarding import take_in
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.stack import Stack, StackSettings

TEMPLATE = Path(__file__).resolve().parent.parent / "infra" / "template.yaml"
SOON, AT_MOST = 15.0, 60.0
"""Seconds from the marketplace's 200 to the row: P99 undisturbed, and for everything when something is."""
PACE = 5.0
"""Pushes a second: 18,000 orders an hour."""
LOOK = 0.1
"""Seconds between two looks at the table; a row is found at most this much, and one read, late."""
GIVE_UP = 240.0
READ = "/v3/posting/fbs/get"
HELD = 5.0
"""Seconds for which the marketplace holds the read in whose middle the workers are killed."""


@dataclass(frozen=True, slots=True)
class Case:
    """`fault` hits the push in the middle; `hit` is how many pushes it may touch."""

    name: str
    fault: Mapping[str, object] = field(default_factory=dict)
    kills: bool = False
    hit: int = 0


CASES = (
    Case("undisturbed"),
    Case("workers killed in the middle", {"kind": "slow", "seconds": HELD, "times": 1}, kills=True, hit=5),
    Case("a call fails, and so do its repeats", {"kind": "http_error", "status": 500, "times": 3}, hit=1),
    Case("a call is not answered for 20 s", {"kind": "slow", "seconds": 20.0, "times": 1}, hit=1),
)
"""As many as run at once may be killed: MaximumConcurrency of the queue."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds from acknowledged to stored, sorted; infinity for what never came."""

    case: Case
    seconds: tuple[float, ...]

    @property
    def p99(self) -> float:
        return percentile(self.seconds, 0.99)

    @property
    def late(self) -> int:
        """How many were not there after `SOON`."""
        return sum(one > SOON for one in self.seconds)

    @property
    def met(self) -> bool:
        within = self.seconds[-1] <= AT_MOST
        return within and (self.late <= self.case.hit if self.case.hit else self.p99 <= SOON)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(slots=True)
class Stand:
    """The running product with two sellers whose pushes only this bench sends."""

    stack: Stack
    simulator: Simulator
    deployment: Deployment
    addresses: dict[str, str] = field(default_factory=dict)
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=16, retries=False))

    def open_shops(self) -> None:
        """The marketplace is told no push address."""
        self.deployment.client("scheduler").delete_schedule(Name=self.stack.resources["MarketplacePollEveryMinute"])
        for _ in range(2):
            account = self.simulator.add_seller()
            policy = SellerSettings(seller=account.client_id, version=1)
            taken = take_in(self.deployment, policy, ozon_api_key=account.api_key)
            self.addresses[account.client_id] = self.stack.api_url + taken.push_path

    def push(self, seller: str, number: str) -> float:
        """Send one push until it is acknowledged, as the marketplace does; when that was."""
        body = json.dumps({"message_type": "TYPE_NEW_POSTING", "seller_id": int(seller), "posting_number": number})
        while True:
            with suppress(urllib3.exceptions.HTTPError):
                answer = self.http.request("POST", self.addresses[seller], body=body.encode(), timeout=10.0)
                if answer.status == 200:
                    return time.monotonic()
            time.sleep(0.5)

    def stored(self, wanted: Sequence[tuple[str, str]]) -> set[str]:
        """Numbers of the postings that are in the table, of at most 100."""
        table_name, found = self.deployment.outputs["TableName"], set()
        if wanted:
            asked = {"Keys": [keys.posting(*one).wire for one in wanted], "ConsistentRead": True}
            answer = self.deployment.client("dynamodb").batch_get_item(RequestItems={table_name: asked})
            found = {row["posting_number"]["S"] for row in answer["Responses"][table_name]}
        return found

    def fired(self) -> bool:
        """Whether the armed fault has hit a call."""
        faults: Any = self.simulator.control("GET", "/_sim/faults")
        return all(fault["fired"] for fault in faults["armed"])


@dataclass(slots=True)
class Race:
    """One case: pushes are sent at an even pace while the table is watched."""

    stand: Stand
    case: Case
    postings: Sequence[tuple[str, str]]
    acknowledged: dict[str, float] = field(default_factory=dict)
    found: dict[str, float] = field(default_factory=dict)

    def run(self) -> Outcome:
        stand, case = self.stand, self.case
        stand.simulator.control("POST", "/_sim/faults/clear", {})
        if case.fault:
            _, victim = self.postings[len(self.postings) // 2]
            stand.simulator.control("POST", "/_sim/faults", {"method": READ, "posting_number": victim, **case.fault})
        watcher = threading.Thread(target=self._watch, name="watch")
        watcher.start()
        killer = threading.Thread(target=self._kill, name="kill") if case.kills else None
        if killer:
            killer.start()
        with ThreadPoolExecutor(8, "push") as senders:
            began = time.monotonic()
            for place, (seller, number) in enumerate(self.postings):
                time.sleep(max(0.0, began + place / PACE - time.monotonic()))
                senders.submit(self._push, seller, number)
        watcher.join()
        if killer:
            killer.join()
        late = (self.found.get(number, float("inf")) - self.acknowledged[number] for _, number in self.postings)
        return Outcome(case, tuple(sorted(max(0.0, one) for one in late)))

    def _push(self, seller: str, number: str) -> None:
        self.acknowledged[number] = self.stand.push(seller, number)

    def _watch(self) -> None:
        until = time.monotonic() + GIVE_UP
        while len(self.found) < len(self.postings) and time.monotonic() < until:
            missing = [one for one in self.postings if one[1] not in self.found]
            for number in self.stand.stored(missing[:100]):
                self.found[number] = time.monotonic()
            time.sleep(LOOK)

    def _kill(self) -> None:
        until = time.monotonic() + GIVE_UP
        while not self.stand.fired() and time.monotonic() < until:
            time.sleep(LOOK)
        self.stand.stack.kill_workers("PostingSync")


def measure(pushes: int, cases: Sequence[Case] = CASES, say: Callable[[str], None] = print) -> list[Outcome]:
    """Start the stack, let a few pushes warm it, and run every case."""
    with tempfile.TemporaryDirectory(prefix="pushed-soon-") as folder, Simulator(SimulatorSettings()) as simulator:
        settings = StackSettings(
            template=TEMPLATE,
            data_dir=Path(folder) / "stack",
            api_port=0,
            parameters={"Stage": "local", "OzonBaseUrl": simulator.base_url},
            poll_interval=0.0,
        )
        with Stack(settings) as stack:
            stand = Stand(stack, simulator, Deployment(endpoint=stack.aws_endpoint))
            stand.open_shops()
            outcomes = []
            for case in (Case("warm"), *cases):
                count = pushes if case.name != "warm" else 8
                sellers = list(stand.addresses)
                made = [(sellers[n % 2], simulator.add_posting(sellers[n % 2], ship_in=7200.0)) for n in range(count)]
                outcomes.append(Race(stand, case, made).run())
                say(f"{case.name}: max {outcomes[-1].seconds[-1]:.1f} s")
            return outcomes[1:]


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """Seconds per case, and whether its gates are met."""
    rows = [
        (
            one.case.name,
            len(one.seconds),
            f"{percentile(one.seconds, 0.5):.1f} s",
            f"{one.p99:.1f} s",
            f"{one.seconds[-1]:.1f} s",
            f"{one.late} ({one.case.hit} hit)",
            "ok" if one.met else "MISSED",
        )
        for one in outcomes
    ]
    return table(("case", "pushes", "p50", "p99", "max", f"later than {SOON:.0f} s", ""), rows)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--short", action="store_true", help="16 pushes a case instead of 100")
    parser.add_argument("--pushes", type=int, help="pushes a case")
    chosen = parser.parse_args()
    outcomes = measure(chosen.pushes or (16 if chosen.short else 100), say=lambda text: print(text, file=sys.stderr))
    about = (
        f"Pushes of two sellers, {PACE:.0f} a second; from the 200 to the posting's row. Gates: {SOON:.0f} s P99 "
        f"undisturbed, {AT_MOST:.0f} s at most in every case, and where something goes wrong nothing but what was hit "
        f"later than {SOON:.0f} s."
    )
    publish("pushed_soon", [describe(), about, outcome_table(outcomes)], write=chosen.write)
    return 0 if all(one.met for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
