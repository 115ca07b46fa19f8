"""What can be measured only once per process: run by bench.labels in fresh processes, prints one JSON object.

Run: `.venv/bin/python -m bench.label_once first|memory|cold`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def first() -> dict[str, float]:
    """Milliseconds from a bare interpreter: importing the press and its libraries, the first label, the second."""
    start = time.perf_counter()
    import reportlab.pdfbase.ttfonts  # noqa: F401 - the press loads it with its first label; here it is the import's
    import zint  # noqa: F401 - as above

    import shipby.adapters.labels.pdf
    import shipby.adapters.labels.press  # noqa: F401 - as above
    from bench.parts import label_rivals

    made = label_rivals.labels(2)
    imported = time.perf_counter()
    label_rivals.ours(made[:1])
    drawn = time.perf_counter()
    label_rivals.ours(made[1:])
    end = time.perf_counter()
    return {"import": (imported - start) * 1e3, "first": (drawn - imported) * 1e3, "second": (end - drawn) * 1e3}


def memory(count: int = 1_000) -> dict[str, float]:
    """Peak resident megabytes of a process that draws `count` labels in one batch, and of one that draws none."""
    from bench.parts import label_rivals

    made = label_rivals.labels(count)
    before = _peak()
    pdf = label_rivals.ours(made)
    return {"before": before, "peak": _peak(), "bytes": len(pdf) / count}


def cold() -> dict[str, float]:
    """Milliseconds to import the label function's handler; nothing of the function was loaded before."""
    start = time.perf_counter()
    import functions.label_generation.handler  # noqa: F401 - its import is what is measured

    return {"handler": (time.perf_counter() - start) * 1e3, "modules": len(sys.modules)}


def _peak() -> float:
    """The kernel's high-water mark of this program. getrusage's outlives exec and would tell of the bench instead."""
    said = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(said.partition("VmHWM:")[2].split()[0]) / 1024


WAYS = {"first": first, "memory": memory, "cold": cold}


def fresh(way: str) -> dict[str, float]:
    """One of the ways, in a process of its own."""
    run = [sys.executable, "-m", "bench.label_once", way]
    said = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(said)
    return figures


if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]]()))
