"""The full product of the generated corpus, or a seeded sample of it: far too long for a test run.

Run: `.venv/bin/python -m tests.labels.full [--count N] [--seed N] [--first N] [--all]`; LABELS_COUNT and
LABELS_SEED in the environment set the defaults. Exit code 1 and the names of the cases that do not hold; each can be
run again by its name alone: `--case NAME`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from shipby.domain.labels.options import LabelFormat
from tests.labels.label_corpus import Case, full, named, sampled
from tests.labels.label_proof import draw, faults, refused

_SAY_EVERY = 30.0
"""Seconds."""


def wrong(case: Case, seen: Counter[str]) -> Iterator[str]:
    """What does not hold for a case; `seen` counts what became of it."""
    try:
        drawn = draw(case)
        yield from refused(case, drawn)
        if drawn.problems:
            seen["refused for a reason"] += 1
        else:
            seen["drawn"] += 1
            yield from faults(case, drawn)
            seen["read back"] += case.format is not LabelFormat.ZPL
    except Exception as error:  # every case is told, whatever befalls one; the run then fails
        yield f"raises {type(error).__name__}: {error}"


def run(cases: Iterable[Case]) -> int:
    """Proves every case; how many failed."""
    seen: Counter[str] = Counter()
    begun = said = time.monotonic()
    for case in cases:
        seen["cases"] += 1
        if problems := list(wrong(case, seen)):
            seen["failed"] += 1
            _tell(f"{case.name}\n    " + "\n    ".join(problems))
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            _tell(f"{said - begun:.0f} s: {dict(seen)}")
    _tell(f"{time.monotonic() - begun:.0f} s: {dict(seen)}")
    return seen["failed"]


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=int(os.environ.get("LABELS_COUNT", "20000")), help="cases to draw")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("LABELS_SEED", "1")), help="of the sample")
    parser.add_argument("--all", action="store_true", help="the full product instead of a sample: days")
    parser.add_argument("--first", type=int, default=0, help="with --all: skip so many cases")
    parser.add_argument("--case", default="", help="one case by its name")
    chosen = parser.parse_args()
    if chosen.case:
        cases: Iterable[Case] = [named(chosen.case)]
    else:
        cases = islice(full(), chosen.first, None) if chosen.all else islice(sampled(chosen.seed), chosen.count)
    return 1 if run(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
