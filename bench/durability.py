"""What it costs that an answer is a write on the disk: commands a second with and without the stack's journal.

Run: `.venv/bin/python -m bench.durability [--rounds N] [--seconds N] [--write]`. Two stacks run beside each other on
data folders of their own, the same sellers and postings in both, one with the journal, one that keeps its state every
few seconds as before there was one. They take turns, some seconds each, so that what else the machine does hits both
alike. Exit code 1 below half of the commands, or below 40 a second.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.parts import machine
from bench.parts.report import arguments, publish, table
from bench.parts.stack_load import Ledger, Load, Shop, marketplace, open_shops, settings
from shipby_local.stack import Stack

LOWEST_RATIO = 0.5
LOWEST_RATE = 40.0
SELLERS = 2
POSTINGS = 2


def rate(stack: Stack, shops: list[Shop], seconds: float) -> float:
    """Acknowledged commands a second."""
    ledger = Ledger()
    load = Load(stack.api_url, shops, ledger, pushes=False)
    load.start()
    before, begun = len(ledger.commands), time.monotonic()
    time.sleep(seconds)
    done, took = len(ledger.commands) - before, time.monotonic() - begun
    load.stop()
    return done / took


def measure(rounds: int, seconds: float, folder: Path) -> dict[bool, list[float]]:
    """Commands a second of each round, by whether the journal is on."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    with contextlib.ExitStack() as stacks:
        running: dict[bool, tuple[Stack, list[Shop]]] = {}
        for journal in (True, False):
            simulator = stacks.enter_context(marketplace())
            stack = stacks.enter_context(Stack(settings(simulator, folder / str(journal), journal=journal)))
            running[journal] = stack, open_shops(stack, simulator, SELLERS, POSTINGS)
        for turn in range(rounds + 1):
            for journal in (True, False) if turn % 2 else (False, True):
                found = rate(*running[journal], seconds)
                print(f"round {turn}, {'with' if journal else 'without'} journal: {found:.1f}/s", file=sys.stderr)
                if turn:  # the first one warms up
                    rates[journal].append(found)
    return rates


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=8.0, help="of one round")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shipby-durability-", ignore_cleanup_errors=True) as folder:
        rates = measure(chosen.rounds, chosen.seconds, Path(folder))
    middle = {journal: statistics.median(found) for journal, found in rates.items()}
    ratio = statistics.median(on / off for on, off in zip(rates[True], rates[False], strict=True))
    rows = [
        (what, f"{middle[journal]:.0f}", f"{min(rates[journal]):.0f} to {max(rates[journal]):.0f}")
        for journal, what in (
            (False, "without: state saved every few seconds, a kill loses what came since"),
            (True, "with the journal: every answer is on the disk"),
        )
    ]
    good = ratio >= LOWEST_RATIO and middle[True] >= LOWEST_RATE
    verdict = (
        f"With / without, median of {chosen.rounds} pairs: **{ratio:.2f}** (target ≥ {LOWEST_RATIO}); with the journal "
        f"**{middle[True]:.0f}/s** (target ≥ {LOWEST_RATE:.0f}/s): {'met' if good else 'MISSED'}."
    )
    head = ("commands a second (4 callers, HTTP)", "median", "rounds")
    publish("durability", [machine.describe(), table(head, rows), verdict], write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
