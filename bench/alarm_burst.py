"""100,000 alarms due in the same minute: CPU per alarm, and nothing lost or doubled by overlap and crashes.

Run: `.venv/bin/python -m bench.alarm_burst [--alarms N] [--measured N] [--seed N] [--write]`. Exit code 1 if an alarm
was lost or doubled, or if a worker's CPU per alarm is more than 2.5 times that of one bare two-item transaction.
"""

from __future__ import annotations

import statistics
import sys

from bench.parts.burst import Burst, Proof
from bench.parts.claims import Costs, measure, measure_sweep, ratio
from bench.parts.engine import Engine
from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from bench.parts.stand import Stand

TARGET = 2.5
_NAMES = {
    "bare": "one bare transaction: Update with a condition + Put",
    "requests": "the worker's own requests alone, sent again without our code",
    "worker": "the worker: messages, reads, ladder, commit, log lines",
}


def cost_table(costs: Costs) -> str:
    """CPU per alarm of each way, and its ratio to the bare transaction."""
    rows = []
    for name, meaning in _NAMES.items():
        own = statistics.median(cost.own for cost in costs[name])
        whole = statistics.median(cost.whole for cost in costs[name])
        rows.append((meaning, f"{own * 1e6:,.0f} µs", f"{ratio(costs, name):.2f}", f"{whole * 1e6:,.0f} µs"))
    return table(("CPU per alarm (median of blocks)", "CPU", "ratio", "CPU with the engine behind the wire"), rows)


def proof_table(proof: Proof) -> str:
    """What happened and what came out."""
    happened = proof.happened
    crashes = f"{happened.get('crashes before a commit', 0):,} / {happened.get('crashes after a commit', 0):,}"
    rows = [
        ("alarms due in one minute", f"{proof.alarms:,}"),
        ("messages that the sweeps sent", f"{proof.sent:,}"),
        ("deliveries to the two sets of workers", f"{happened.get('deliveries', 0):,}"),
        ("times both sets stood between read and write", f"{happened.get('races', 0):,}"),
        ("crashes before a commit / after it", crashes),
        ("commits whose answer was lost", f"{happened.get('answers lost', 0):,}"),
        ("**alarms lost**", f"**{proof.lost}**"),
        ("**alarms doubled**", f"**{proof.doubled}**"),
        ("**postings whose next alarm is not the right one**", f"**{proof.wrong_next}**"),
    ]
    return table(("what", "count"), rows)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--alarms", type=int, default=100_000, help="alarms of the burst")
    parser.add_argument("--measured", type=int, default=10_000, help="alarms whose CPU is measured, of each way")
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    stand = Stand()
    stand.connect()
    costs = measure(stand, chosen.measured)
    sweep = measure_sweep(stand, chosen.measured)
    stand.engine = Engine()
    proof = Burst(stand, chosen.alarms, chosen.seed).run()
    worker = ratio(costs, "worker")
    met = "met" if worker <= TARGET else "MISSED"
    verdict = f"Worker / bare transaction: **{worker:.2f}** (target ≤ {TARGET}, {met})."
    per_ten = f"The sweep reads and queues ten alarms with {sweep.own * 1e4:.1f} ms of CPU."
    publish("alarm_burst", [describe(), cost_table(costs), verdict, per_ten, proof_table(proof)], write=chosen.write)
    return 0 if proof.clean and worker <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
