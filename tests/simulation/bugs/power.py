"""The harness's own power: how many seeds it needs to catch each seeded bug, and which invariant catches it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from tests.simulation.bugs.mutations import MUTATIONS, Mutation
from tests.simulation.play import play


@dataclass(frozen=True, slots=True)
class Caught:
    """`seeds` is how many were played; `invariant` is "" if none of them caught it."""

    mutation: Mutation
    seeds: int
    invariant: str
    text: str
    seconds: float


def hunt(mutation: Mutation, *, most: int | None = None) -> Caught:
    """Play seeds from 1 on until one catches the bug."""
    began = time.monotonic()
    limit = most or mutation.within
    for seed in range(1, limit + 1):
        with mutation.opened():
            violation = play(seed).violation
        if violation is not None:
            return Caught(mutation, seed, violation.invariant, violation.text, time.monotonic() - began)
    return Caught(mutation, limit, "", "not caught", time.monotonic() - began)


def print_table() -> bool:
    """The table bug -> seeds needed -> invariant; True if every bug was caught."""
    rows: list[Caught] = []
    width = max(len(mutation.name) for mutation in MUTATIONS)
    sys.stdout.write(f"{'seeded bug':<{width}}  seeds  caught by\n")
    for mutation in MUTATIONS:
        row = hunt(mutation)
        rows.append(row)
        sys.stdout.write(f"{mutation.name:<{width}}  {row.seeds:>5}  {row.invariant or 'NOT CAUGHT'}\n")
        sys.stdout.flush()
    caught = [row for row in rows if row.invariant]
    seconds = sum(row.seconds for row in rows)
    sys.stdout.write(f"{len(caught)} of {len(rows)} seeded bugs caught, {seconds:.0f} s\n")
    return len(caught) == len(rows)
