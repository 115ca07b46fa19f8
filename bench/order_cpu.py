"""CPU of all functions for one plain order, against the bare calls of AWS that they make for it.

Run: `.venv/bin/python -m bench.order_cpu [--orders N] [--profile] [--write]`. Exit code 1 if the functions take more
than 1.8 times their calls.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from bench.parts.whole_order import Deployment, Ran, one_order

TARGET = 1.8
WARM_UP = 3
"""Orders before those that count: models, codecs and clients are made on first use."""
TOP = 10
_NAMES = {
    "sync": "posting_sync",
    "label": "label_generation",
    "intent": "refunds (intent worker)",
    "notify": "notifications",
    "alarm": "deadline_sweep (alarm worker)",
}


def measure(orders: int) -> Mapping[str, Ran]:
    """What each function did for `orders` orders. After each of them its calls are made once more, bare: so a noisy
    machine disturbs both alike."""
    shop = Deployment()
    for number in range(WARM_UP):
        one_order(shop, _number(number))
        shop.replay()
    shop.ran.clear()
    gc.collect()
    gc.freeze()
    for number in range(WARM_UP, WARM_UP + orders):
        one_order(shop, _number(number))
        shop.replay()
    return shop.ran


def _number(at: int) -> str:
    return f"{24_000_000 + at:08d}-0020-1"


def ratio(ran: Mapping[str, Ran]) -> float:
    """All functions against all their calls."""
    return sum(own.seconds for own in ran.values()) / sum(own.bare for own in ran.values())


def rows(ran: Mapping[str, Ran], orders: int) -> list[tuple[str, ...]]:
    """A row for each function, the dearest first, and one for all."""
    lines = [
        (
            _NAMES.get(name, name),
            f"{own.invocations / orders:g}",
            f"{own.calls / orders:g}",
            f"{own.seconds / orders * 1000:.1f} ms",
            f"{own.bare / orders * 1000:.1f} ms",
            f"{own.seconds / own.bare:.2f}",
        )
        for name, own in sorted(ran.items(), key=lambda each: -each[1].seconds)
    ]
    invocations, calls, seconds, bare = (
        sum(getattr(own, part) for own in ran.values()) / orders for part in ("invocations", "calls", "seconds", "bare")
    )
    cpu = f"{seconds * 1000:.1f} ms", f"{bare * 1000:.1f} ms", f"{ratio(ran):.2f}"
    return [*lines, ("**one order**", *(f"**{cell}**" for cell in (f"{invocations:g}", f"{calls:g}", *cpu)))]


def top(orders: int) -> list[tuple[str, str]]:
    """Where the CPU goes: the ten dearest Python functions by their own time, and their share of all of it."""
    shop = Deployment()
    for number in range(WARM_UP):
        one_order(shop, _number(number))
    profiler = cProfile.Profile()
    profiler.enable()
    for number in range(WARM_UP, WARM_UP + orders):
        one_order(shop, _number(number))
    profiler.disable()
    found = {
        where: own
        for where, (_, _, own, _, _) in pstats.Stats(profiler).stats.items()  # type: ignore[attr-defined]  # untyped
        if not any(part in where[0] for part in ("/bench/", "/tests/"))
    }
    whole = sum(found.values())
    dearest = sorted(found.items(), key=lambda each: -each[1])[:TOP]
    return [(_place(where), f"{own / whole:.1%}") for where, own in dearest]


def _place(where: tuple[str, int, str]) -> str:
    path, _, name = where
    parts = Path(path).parts
    return f"`{'/'.join(parts[-2:])} {name}`" if len(parts) > 1 else f"`{name}`"


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--orders", type=int, default=40, help="orders that count")
    parser.add_argument("--profile", action="store_true", help="show the dearest functions, and no more")
    chosen = parser.parse_args()
    if chosen.profile:
        print(table(("function", "of all CPU"), top(chosen.orders)))
        return 0
    ran = measure(chosen.orders)
    head = ("function", "invocations", "calls of AWS", "CPU", "of the calls alone", "ratio")
    good = ratio(ran) <= TARGET
    met = "met" if good else "MISSED"
    verdict = f"All functions / their bare calls: **{ratio(ran):.2f}** (target ≤ {TARGET}, {met})."
    publish("order_cpu", [describe(), table(head, rows(ran, chosen.orders)), verdict], write=chosen.write)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
