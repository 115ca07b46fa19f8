"""One seller's 100,000 postings at one cut-off beside another's three: by how much do the three fire late?

Run: `.venv/bin/python -m bench.fair_queue [--loud N] [--seeds N] [--write]`. A simulation, not a measurement. Exit
code 1 if in the product's variant one of the three is more than 60 s late.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.parts.fair_model import Simulation, Timing, Variant
from bench.parts.report import arguments, publish, table
from shipby.adapters.aws_lambda.batch import RESERVE_MILLIS
from tests.infra.sam_template import template

LIMIT = 60.0
QUIET = 3
VARIANTS = (
    Variant(name="(a) order by due time and seller, plain queue", mixed=False, fair=False),
    Variant(name="(b) hash mixing, plain queue", mixed=True, fair=False),
    Variant(name="fair queue, but no mixing", mixed=False, fair=True),
    Variant(name="(c) hash mixing and fair queue: the product", mixed=True, fair=True),
)
VCPU_MB = 1769
"""Memory of a function that has one vCPU; less memory has a proportional share. Source: AWS Lambda Developer Guide,
"Configure Lambda function memory"."""
CPU_TO_SEND_TEN = 0.0025
CPU_TO_FIRE = 0.0045
"""Seconds of CPU on a whole core, as `bench.alarm_burst` measured them (docs/performance.md)."""
CALLS_TO_FIRE = 0.015
"""Seconds a worker waits for DynamoDB per alarm: the commit and a share of one read per batch. An assumption: published
are single-digit milliseconds for single reads and nothing for transactions."""
CALL_TO_SEND = 0.010
SENDERS = 8
"""Seconds of one SendMessageBatch, not published either, and how many the sweep has under way at once."""
QUERY = 0.010


@dataclass(frozen=True, slots=True)
class Outcome:
    """Delays of one variant over all seeds, in seconds after the cut-off."""

    quiet: tuple[float, ...]
    all_done: float
    sent: int

    @property
    def worst(self) -> float:
        """Of the quiet seller."""
        return max(self.quiet)


def deployed(*, sweep_memory: int | None = None) -> Timing:
    """What things take with the memory, times and concurrency of infra/template.yaml."""
    resources, common = template()["Resources"], template()["Globals"]["Function"]
    sweep = common | resources["DeadlineSweep"]["Properties"]
    worker = common | resources["AlarmWorker"]["Properties"]
    source = worker["Events"]["AlarmQueueMessages"]["Properties"]
    share = min(1.0, (sweep_memory or sweep["MemorySize"]) / VCPU_MB)
    return Timing(
        query=QUERY,
        send=max(CPU_TO_SEND_TEN / share, CALL_TO_SEND / SENDERS),
        fire=CPU_TO_FIRE / min(1.0, worker["MemorySize"] / VCPU_MB) + CALLS_TO_FIRE,
        workers=source["ScalingConfig"]["MaximumConcurrency"],
        batch=source["BatchSize"],
        look_ahead=float(template()["Parameters"]["SweepLookAheadSeconds"]["Default"]),
        budget=sweep["Timeout"] - RESERVE_MILLIS / 1000,
    )


def simulate(variant: Variant, timing: Timing, *, loud: int, seeds: Sequence[int]) -> Outcome:
    """Run a variant once per seed."""
    delays: list[float] = []
    done, sent = [], []
    for seed in seeds:
        simulation = Simulation(variant, timing, loud=loud, quiet=QUIET, seed=seed)
        delays += simulation.run()
        done.append(simulation.last)
        sent.append(simulation.sent)
    return Outcome(tuple(sorted(delays)), max(done), max(sent))


def outcome_table(outcomes: Mapping[str, Outcome]) -> str:
    """Delays of the quiet seller's postings."""
    rows = [
        (name, f"{statistics.median(one.quiet):.1f} s", f"{one.worst:.1f} s", f"{one.all_done:.0f} s", f"{one.sent:,}")
        for name, one in outcomes.items()
    ]
    head = ("variant", "delay of the three, p50", "max", "all postings fired after", "messages sent, at most")
    return table(head, rows)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--loud", type=int, default=100_000, help="postings of the loud seller")
    parser.add_argument("--seeds", type=int, default=5, help="how many runs per variant")
    parser.add_argument("--workers", type=int, help="instead of the template's MaximumConcurrency")
    parser.add_argument("--sweep-memory", type=int, help="MB, instead of the template's")
    chosen = parser.parse_args()
    timing = deployed(sweep_memory=chosen.sweep_memory)
    timing = replace(timing, workers=chosen.workers or timing.workers)
    seeds = range(1, chosen.seeds + 1)
    outcomes = {variant.name: simulate(variant, timing, loud=chosen.loud, seeds=seeds) for variant in VARIANTS}
    worst = outcomes[VARIANTS[-1].name].worst
    about = (
        f"Model: {chosen.loud:,} postings of one seller and {QUIET} of another with one cut-off; seeds {seeds[0]} to "
        f"{seeds[-1]}; {timing.workers} workers of {timing.batch} messages, {timing.fire * 1000:.0f} ms per alarm, "
        f"{timing.send * 1000:.1f} ms per ten messages sent, {timing.query * 1000:.0f} ms per page, a sweep every "
        f"{timing.period:.0f} s for at most {timing.budget:.0f} s, {timing.look_ahead:.0f} s ahead."
    )
    verdict = (
        f"Worst delay in (c): **{worst:.1f} s** (target ≤ {LIMIT:.0f} s, {'met' if worst <= LIMIT else 'MISSED'})."
    )
    publish("fair_queue", [about, outcome_table(outcomes), verdict], write=chosen.write)
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
