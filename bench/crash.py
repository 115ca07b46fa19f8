"""`kill -9` of the whole embedded stack at random moments of a load of two sellers: is what was acknowledged there?

Run: `.venv/bin/python -m bench.crash [--kills N] [--short] [--seed N] [--no-journal] [--write]`. Each time the
emulator's process group is killed (emulator, every function's worker) while both sellers send commands and pushes over
HTTP; the stack is started again on its data folder, and every command and push that was ever acknowledged is looked up
by its content: the event of its version, the version of the posting, the answer remembered under its Idempotency-Key,
the push by the sha256 of its body. At the end the product's own proof is asked. Exit code 1 if
anything is lost, the proof is not green, or a start takes more than 10 s. `--short` makes three kills and does not
gate the seconds; `--no-journal` keeps the state as before there was a journal, to see what is lost then.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import urllib3

from bench.parts import machine
from bench.parts.report import arguments, publish, table
from bench.parts.stack_load import (
    Ledger,
    Load,
    Shop,
    kill_group,
    lost,
    marketplace,
    open_shops,
    proof,
    repaired,
    settings,
)
from shipby_local.simulator import Simulator
from shipby_local.stack import Stack, StackSettings

READY_SECONDS = 10.0
SELLERS = 2
POSTINGS = 2
"""Per seller; each posting has a thread of its own that sends commands."""
LONGEST_START = 180.0
LONGEST_LOAD = 1.5
"""Seconds of load before a kill, at most."""


@dataclass(slots=True)
class Run:
    """What the kills brought."""

    ledger: Ledger = field(default_factory=Ledger)
    ready: list[float] = field(default_factory=list)
    youngest: list[float] = field(default_factory=list)
    """Seconds between the last acknowledgement before a kill and the kill."""
    lost: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        """Commands and pushes, those that were lost too."""
        return len(self.ledger.commands) + len(self.ledger.pushes) + len(self.lost)


def crash(kills: int, rng: random.Random, folder: Path, *, journal: bool) -> Run:
    """Kill and restart so many times on one data folder."""
    run, begun = Run(), datetime.now(UTC)
    with marketplace() as simulator:
        config = settings(simulator, folder, journal=journal)
        stack = Stack(config).start()
        try:
            shops = open_shops(stack, simulator, SELLERS, POSTINGS)
            for kill in range(kills):
                load_begun = time.monotonic()
                _load_and_kill(stack, shops, rng, run)
                stack, seconds = _start(config, simulator, shops)
                run.ready.append(seconds)
                missing = lost(stack, run.ledger, load_begun)
                run.lost += missing
                # What is lost once would be counted after every later kill again.
                _forget(run.ledger, missing)
                repaired(stack, begun)
                print(
                    f"kill {kill + 1}: {run.acknowledged} acknowledged so far, {len(missing)} lost, "
                    f"ready in {seconds:.1f} s",
                    file=sys.stderr,
                )
            # Whatever was acknowledged before an earlier kill must have outlived the later ones, too.
            missing = lost(stack, run.ledger)
            run.lost += missing
            _forget(run.ledger, missing)
            stack.drain(120)
            for shop in shops:
                answer = proof(stack, shop.seller)
                run.findings += [] if answer["green"] else [str(finding) for finding in answer["findings"]]
        finally:
            stack.stop()
    return run


def _load_and_kill(stack: Stack, shops: list[Shop], rng: random.Random, run: Run) -> None:
    load = Load(stack.api_url, shops, run.ledger)
    load.start()
    time.sleep(rng.uniform(0.0, LONGEST_LOAD))
    load.about_to_stop()
    killed = time.monotonic()
    kill_group(stack)
    load.stop()
    last = max(run.ledger.commands[-1].at, run.ledger.pushes[-1].at)
    run.youngest.append(max(0.0, killed - last))


def _start(config: StackSettings, simulator: Simulator, shops: list[Shop]) -> tuple[Stack, float]:
    """The stack on its data again, and the seconds until its API answered."""
    begun = time.monotonic()
    stack = Stack(config).start()
    if not stack.restarted:
        raise RuntimeError("the stack came up without its data")
    while (health := urllib3.request("GET", f"{stack.api_url}/v1/health", timeout=60.0, retries=False)).status != 200:
        if time.monotonic() - begun > LONGEST_START:
            raise RuntimeError(f"the stack came up and does not answer: {health.data!r}")
    seconds = time.monotonic() - begun
    for shop in shops:
        simulator.set_push_url(shop.seller, stack.api_url + shop.push_path)
    return stack, seconds


def _forget(ledger: Ledger, missing: list[str]) -> None:
    if missing:
        told = " ".join(missing)
        ledger.commands[:] = [command for command in ledger.commands if command.key not in told]
        ledger.pushes[:] = [push for push in ledger.pushes if push.digest[:16] not in told]


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--short", action="store_true", help="three kills")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--no-journal", action="store_true", help="as it was before there was a journal")
    chosen = parser.parse_args()
    kills = 3 if chosen.short else chosen.kills
    with tempfile.TemporaryDirectory(prefix="shipby-crash-", ignore_cleanup_errors=True) as folder:
        rng = random.Random(chosen.seed)
        run = crash(kills, rng, Path(folder) / "stack", journal=not chosen.no_journal)
    slowest = max(run.ready)
    pushes = len(run.ledger.pushes) + sum(text.startswith("push") for text in run.lost)
    commands = run.acknowledged - pushes
    rows = [
        ("kills of the whole stack under load", kills),
        ("commands acknowledged", f"{commands:,}"),
        ("pushes acknowledged", f"{pushes:,}"),
        ("last acknowledgement before the kill, median", f"{statistics.median(run.youngest) * 1000:.0f} ms"),
        ("**acknowledged and lost**", f"**{len(run.lost)}**"),
        ("findings of the product's proof", len(run.findings)),
        ("API ready again, median", f"{statistics.median(run.ready):.1f} s"),
        ("**API ready again, slowest**", f"**{slowest:.1f} s**"),
    ]
    safe, quick = not run.lost and not run.findings, slowest <= READY_SECONDS
    # The short form is part of CI, where no verdict may hang on the machine's speed: it only says the seconds.
    good = safe and (quick or chosen.short)
    verdict = (
        f"0 lost, proof green: {'met' if safe else 'MISSED'}; ready in ≤ {READY_SECONDS:.0f} s: "
        f"{'met' if quick else 'MISSED'}."
        + "".join(f"\n\nLost: {text}" for text in run.lost[:5])
        + "".join(f"\n\nFinding: {text}" for text in run.findings[:5])
    )
    publish("crash", [machine.describe(), table(("what", "result"), rows), verdict], write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
