"""Plays many seeds over several processes, and shows a failing one so that anybody can play it again."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext

from tests.simulation.bugs.mutations import BY_NAME
from tests.simulation.play import Outcome, play

CHUNK = 20
SHOWN = 5
"""Failing seeds that are shown with the end of their trace."""
LINES = 25


def command(seed: int, mutation: str | None = None) -> str:
    """What plays a seed again."""
    bug = f" --mutation {mutation}" if mutation else ""
    return f".venv/bin/python -m tests.simulation --seed {seed}{bug} --trace"


def play_with(seed: int, mutation: str | None = None, *, trace: bool = False) -> Outcome:
    """One seed, with a seeded bug if one is named."""
    with BY_NAME[mutation].opened() if mutation else nullcontext():
        return play(seed, trace=trace)


def explain(outcome: Outcome, mutation: str | None = None) -> str:
    """The invariant, the end of the trace, and the command that plays it again."""
    again = play_with(outcome.seed, mutation, trace=True)
    lines = [line[:200] for line in again.trace[-LINES:]]
    return "\n".join([f"seed {outcome.seed}: {outcome.violation}", *lines, f"again: {command(outcome.seed, mutation)}"])


def _worker(job: tuple[int, str | None]) -> Outcome:
    return play_with(*job)


def outcomes(seeds: Iterable[int], *, jobs: int, mutation: str | None = None) -> Iterator[Outcome]:
    """Play seeds, in any order."""
    work = [(seed, mutation) for seed in seeds]
    if jobs == 1:
        yield from map(_worker, work)
        return
    # Spawned, not forked: each process starts clean, whatever threads this one has.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_worker, work, chunksize=CHUNK)


def run_many(first: int, count: int, *, jobs: int, mutation: str | None = None) -> bool:
    """Play `count` seeds and print what came of it; True if all invariants held in all of them."""
    began, last = time.monotonic(), 0.0
    failed: list[Outcome] = []
    figures: Counter[str] = Counter()
    for done, outcome in enumerate(outcomes(range(first, first + count), jobs=jobs, mutation=mutation), 1):
        figures.update(outcome.figures)
        if outcome.violation is not None:
            failed.append(outcome)
            sys.stdout.write(f"seed {outcome.seed}: {outcome.violation}\n")
        now = time.monotonic() - began
        if now - last >= 30:
            last = now
            sys.stdout.write(f"{done} of {count} seeds, {done / now:.1f} seeds/s, {len(failed)} failed\n")
            sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{count} seeds from {first}: {count / seconds:.1f} seeds/s in {seconds:.0f} s on {jobs} processes\n"
    )
    sys.stdout.write(", ".join(f"{name} {figure}" for name, figure in sorted(figures.items())) + "\n")
    for outcome in sorted(failed, key=lambda one: one.seed)[:SHOWN]:
        sys.stdout.write(f"\n{explain(outcome, mutation)}\n")
    violations = Counter(outcome.violation.invariant for outcome in failed if outcome.violation)
    told = "".join(f"\n  {invariant}: {many}" for invariant, many in violations.most_common())
    sys.stdout.write(f"\n{len(failed)} violations{told}\n")
    return not failed


def replay(seed: int, *, whole: bool, mutation: str | None = None) -> bool:
    """Play one seed and print its trace; True if all invariants held."""
    outcome = play_with(seed, mutation, trace=True)
    for line in outcome.trace if whole else outcome.trace[-LINES:]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"seed {seed}: {outcome.violation or 'all invariants held'}\n")
    return outcome.violation is None
