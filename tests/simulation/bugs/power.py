"""The harness's own power: how many seeds it needs to catch each seeded bug, and which invariant catches it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.bugs.mutations import MUTATIONS, Mutation
from tests.simulation.errors import Violation
from tests.simulation.play import play
from tests.simulation.scenes.stage import Scene

DOCS: Final = Path(__file__).resolve().parents[3] / "docs" / "seeded-bugs.md"
BEGIN: Final = "<!-- seeded bugs begin: python -m tests.simulation --power --write -->"
END: Final = "<!-- seeded bugs end -->"


@dataclass(frozen=True, slots=True)
class Caught:
    """`seeds` is how many were played, 0 for a scene; `invariant` is "" if none of them caught it."""

    mutation: Mutation
    seeds: int
    invariant: str
    text: str
    seconds: float


def hunt(mutation: Mutation, *, most: int | None = None, first: int = 1) -> Caught:
    """Play its scene, or the seed `first` and then those from 1 on, until something catches the bug."""
    began = time.monotonic()
    if mutation.scene is not None:
        return _played(mutation, mutation.scene, began)
    limit = most or mutation.within
    for seed in (first, *(seed for seed in range(1, limit + 1) if seed != first)):
        with mutation.opened():
            violation = play(seed).violation
        if violation is not None:
            return Caught(mutation, seed, violation.invariant, violation.text, time.monotonic() - began)
    return Caught(mutation, limit, "", "not caught", time.monotonic() - began)


def _played(mutation: Mutation, scene: Scene, began: float) -> Caught:
    invariant, text = "", "not caught"
    with mutation.opened():
        try:
            scene()
        except Violation as found:
            invariant, text = found.invariant, found.text
        except Exception as error:  # the bug may break the use case itself, and then a worker or a caller sees it
            invariant, text = "no unexpected errors", f"{type(error).__name__}: {error}"
    return Caught(mutation, 0, invariant, text, time.monotonic() - began)


def how(caught: Caught) -> str:
    """What it took: the scene by its name, or so many seeds."""
    if caught.mutation.scene is not None:
        return caught.mutation.scene.__name__.replace("_", " ")
    return f"{caught.seeds} seed{'s' if caught.seeds > 1 else ''}"


def print_table(*, scenes_only: bool = False, write: bool = False) -> bool:
    """The table bug -> what it took -> invariant; True if every bug was caught. `write` puts it into the docs."""
    chosen = [mutation for mutation in MUTATIONS if mutation.scene is not None or not scenes_only]
    rows: list[Caught] = []
    width = max(len(mutation.name) for mutation in chosen)
    sys.stdout.write(f"{'seeded bug':<{width}}  caught by\n")
    for mutation in chosen:
        row = hunt(mutation)
        rows.append(row)
        sys.stdout.write(f"{mutation.name:<{width}}  {row.invariant or 'NOT CAUGHT'} ({how(row)})\n")
        sys.stdout.flush()
    caught = [row for row in rows if row.invariant]
    seconds = sum(row.seconds for row in rows)
    sys.stdout.write(f"{len(caught)} of {len(rows)} seeded bugs caught, {seconds:.0f} s\n")
    if write and not scenes_only:
        DOCS.write_text(with_table(DOCS.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return len(caught) == len(rows)


def with_table(text: str, rows: Sequence[Caught]) -> str:
    """The page with the table of these rows between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = ["| area | seeded bug | in words | caught by | which took |", "|---|---|---|---|---|"]
    for row in rows:
        told = row.invariant or "**nothing**"
        lines.append(f"| {row.mutation.area} | `{row.mutation.name}` | {row.mutation.bug} | {told} | {how(row)} |")
    table = "\n".join(lines)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
