"""`python -m tests.simulation`: many seeds at once, one seed with its trace, or the table of seeded bugs.

python -m tests.simulation --seeds 10000            all seeds 1..10000 over all cores
python -m tests.simulation --seed 4711 --trace      one seed, everything that happened in it
python -m tests.simulation --power                  every seeded bug: what caught it, and in which seed or scene
python -m tests.simulation --power --scenes         only those that a scene has to catch: a second or two
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.simulation.bugs.mutations import BY_NAME
from tests.simulation.bugs.power import print_table
from tests.simulation.runner import replay, run_many


def main() -> int:
    """Exit code 1 if an invariant did not hold, or a seeded bug was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds to play (default 300)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    parser.add_argument("--seed", type=int, help="play this one seed")
    parser.add_argument("--trace", action="store_true", help="with --seed: print everything that happened")
    parser.add_argument("--mutation", choices=sorted(BY_NAME), help="play with this seeded bug")
    parser.add_argument("--power", action="store_true", help="print what catches which seeded bug")
    parser.add_argument("--scenes", action="store_true", help="with --power: only bugs that a scene has to catch")
    parser.add_argument("--write", action="store_true", help="with --power: write the table into docs/seeded-bugs.md")
    given = parser.parse_args()
    if given.power:
        return 0 if print_table(scenes_only=given.scenes, write=given.write) else 1
    if given.seed is not None:
        return 0 if replay(given.seed, whole=given.trace, mutation=given.mutation) else 1
    return 0 if run_many(given.first, given.seeds, jobs=given.jobs, mutation=given.mutation) else 1


if __name__ == "__main__":
    sys.exit(main())
