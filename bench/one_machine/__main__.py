"""The shop on one computer: how soon it starts, what it takes at rest, and pushes that come at a rate of their own.

Run: `.venv/bin/python -m bench.one_machine [--rate N] [--seconds N] [--write]`. The shop is a process of its own; the
marketplace's simulator and who pushes are another, on the same cores. Each push is timed from when it was due, not from
when it was sent. Exit code 1 where one was not answered 200, or anything is above its gate.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import urllib3

from bench.parts import machine
from bench.parts.report import arguments, publish, table
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.onboarding import take_in
from shipby_local.one_machine.folder import ShopFolder
from shipby_local.one_machine.machine import Machine
from shipby_local.simulator import Simulator, SimulatorSettings

SELLER = "700001"
PORT = 18480
MOST_START = 2.0
MOST_P99 = 0.1
MOST_MEMORY = 200.0
MOST_AT_REST = 0.15
_SENDERS = 32
_REST = 10.0


@dataclass(frozen=True)
class Measured:
    """Seconds, MiB and shares of a core."""

    start: float
    memory_at_rest: float
    cpu_at_rest: float
    answered: list[float]
    refused: int
    memory_after: float
    drained: float


def measure(rate: int, seconds: int, folder: Path) -> Measured:
    """One run from start to end."""
    with Simulator(SimulatorSettings()) as simulator:
        account = simulator.add_seller(client_id=SELLER)
        numbers = simulator.generate([SELLER], 50)
        with ShopFolder(folder) as held:
            shop = Machine(held, base_url=f"http://127.0.0.1:{PORT}", marketplace=simulator.base_url)
            taken = take_in(shop, SellerSettings(seller=SELLER, version=1), ozon_api_key=account.api_key)
            shop.close()
        began = time.monotonic()
        with _served(folder, simulator.base_url) as served:
            pool = urllib3.PoolManager(maxsize=_SENDERS, timeout=10.0, retries=False)
            _until_it_answers(pool)
            start = time.monotonic() - began
            time.sleep(3)  # the first round of the poll
            before = _cpu(served.pid)
            time.sleep(_REST)
            at_rest = (_cpu(served.pid) - before) / _REST, _memory(served.pid)
            answered, refused = _push(pool, taken.push_path, numbers, rate, seconds)
            ended = time.monotonic()
            _drained(folder)
            drained = time.monotonic() - ended
            after = _memory(served.pid)
            served.terminate()
    return Measured(start, at_rest[1], at_rest[0], answered, refused, after, drained)


def _served(folder: Path, marketplace: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shipby_local.start", "serve", "--data", str(folder), "--port", str(PORT)]
    environment = {**os.environ, "SHIPBY_MARKETPLACE_URL": marketplace}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)


def _until_it_answers(pool: urllib3.PoolManager) -> None:
    while True:
        try:
            if pool.request("GET", f"http://127.0.0.1:{PORT}/v1/health").status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.02)


def _push(pool: urllib3.PoolManager, path: str, numbers: list[str], rate: int, seconds: int) -> tuple[list[float], int]:
    """Seconds of each push from when it was due, and how many were not taken."""
    answered: list[float] = []
    refused: list[int] = []
    lock = threading.Lock()
    began = time.monotonic() + 0.2

    def send(turn: int) -> None:
        due = began + turn / rate
        time.sleep(max(0.0, due - time.monotonic()))
        body = {
            "message_type": "TYPE_STATE_CHANGED",
            "seller_id": int(SELLER),
            "posting_number": numbers[turn % len(numbers)],
            "new_state": "posting_created",
            "changed_state_date": datetime.now(UTC).isoformat(),
            "warehouse_id": turn + 1,
        }
        try:
            status = pool.request("POST", f"http://127.0.0.1:{PORT}{path}", body=json.dumps(body).encode()).status
        except urllib3.exceptions.HTTPError:
            status = 0
        with lock:
            answered.append(time.monotonic() - due)
            if status != 200:
                refused.append(status)

    with ThreadPoolExecutor(_SENDERS) as senders:
        list(senders.map(send, range(rate * seconds)))
    return answered, len(refused)


def _drained(folder: Path) -> None:
    """Until nothing waits in outbox and queues, but alarms of later."""
    import sqlite3

    waiting = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM messages WHERE queue = 'sync')"
    connection = sqlite3.connect(folder / "shipby.db")
    end = time.monotonic() + 900
    while connection.execute(waiting).fetchone()[0] and time.monotonic() < end:
        time.sleep(0.2)
    connection.close()


def _cpu(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--rate", type=int, default=200, help="pushes a second")
    parser.add_argument("--seconds", type=int, default=60, help="of pushing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shipby-one-machine-") as folder:
        found = measure(chosen.rate, chosen.seconds, Path(folder) / "shop")
    ordered = sorted(found.answered)
    p99 = ordered[int(len(ordered) * 0.99)]
    rows = [
        ("from start to the first answer", f"{found.start:.1f} s", f"{MOST_START:.0f} s"),
        ("memory at rest", f"{found.memory_at_rest:.0f} MiB", f"{MOST_MEMORY:.0f} MiB"),
        ("memory after the pushes", f"{found.memory_after:.0f} MiB", f"{MOST_MEMORY:.0f} MiB"),
        ("share of a core at rest", f"{found.cpu_at_rest:.1%}", f"{MOST_AT_REST:.0%}"),
        ("pushes answered 200", f"{len(ordered) - found.refused:,} of {len(ordered):,}", "all"),
        ("answer to a push, P50", f"{1000 * statistics.median(ordered):.0f} ms", ""),
        ("answer to a push, P99", f"{1000 * p99:.0f} ms", f"{1000 * MOST_P99:.0f} ms"),
        ("until all were worked off after the last one", f"{found.drained:.1f} s", ""),
    ]
    good = (
        not found.refused
        and p99 <= MOST_P99
        and found.start <= MOST_START
        and max(found.memory_at_rest, found.memory_after) <= MOST_MEMORY
        and found.cpu_at_rest <= MOST_AT_REST
    )
    verdict = f"{chosen.rate} pushes a second for {chosen.seconds} s: {'met' if good else 'MISSED'}."
    publish("one_machine", [machine.describe(), table(("what", "measured", "gate"), rows), verdict], write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
