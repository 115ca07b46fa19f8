"""Pages of label files read back a second: split, drawn, searched for codes; against the whole search of every page.

Run: `.venv/bin/python -m bench.read_pages [--pages N] [--rounds N] [--write]`. The marketplace's pages are the
simulator's. Both ways take turns page by page. Exit code 1 where a page loses a code that the whole search finds, or
where the product is less than 2.5 times as fast on the marketplace's labels.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from bench.parts.label_rivals import labels, ours
from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from shipby.adapters.pdf import pictures
from shipby.adapters.pdf.pages import split
from shipby_local.simulator.labels.pages import PageSpec, draw
from tests.support.page_ladder import codes_of

LEAST = 2.5
_OFFICIAL = ("big label", "small label")


def _posting(index: int) -> Any:
    line = SimpleNamespace(quantity=1 + index % 3, name="Чайник «Уют», 1,7 л")
    return SimpleNamespace(
        number=f"{24219509 + index}-0020-{1 + index % 3}",
        upper_barcode=f"%101%{806044518 + index}",
        lower_barcode=f"{23025736044518 + index}",
        multi_box_qty=1,
        is_rfbs=False,
        lines=[line, line],
        order_id=24219509 + index,
    )


def files(count: int) -> dict[str, bytes]:
    """Label files by what is on them."""
    pages = [PageSpec(_posting(index)) for index in range(count)]
    blurred = [PageSpec(_posting(index), unreadable=True) for index in range(max(1, count // 4))]
    return {
        "big label": draw("big_label", pages),
        "small label": draw("small_label", pages),
        "our own label": ours(labels(count)),
        "unreadable": draw("big_label", blurred),
    }


def _cpu(work: Callable[[bytes], Any], page: bytes) -> tuple[float, Any]:
    start = time.process_time()
    found = work(page)
    return time.process_time() - start, found


def measured(pdf: bytes, rounds: int) -> tuple[float, float, float, float, int]:
    """Pages a second of the product and of the whole search, how many times faster reading alone is, its milliseconds a
    page, and pages that lost a code."""
    start = time.process_time()
    singles = list(split(pdf, max_pages=1000, max_bytes=10**8))
    cutting = (time.process_time() - start) / len(singles)
    quick, whole, lost = [], [], 0
    for turn in range(rounds + 1):
        for page in singles:
            ours_took, seen = _cpu(pictures.read, page)
            theirs_took, codes = _cpu(codes_of, page)
            if turn:  # the first round loads the libraries
                quick.append(ours_took)
                whole.append(theirs_took)
                lost += not codes <= set(seen.barcodes)
    ratio = statistics.median(other / own for own, other in zip(quick, whole, strict=True))
    own = statistics.median(quick)
    return 1 / (cutting + own), 1 / (cutting + statistics.median(whole)), ratio, own * 1e3, lost


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--pages", type=int, default=20, help="pages of a file")
    parser.add_argument("--rounds", type=int, default=3, help="rounds over every file")
    chosen = parser.parse_args()
    rows, met = [], True
    for name, pdf in files(chosen.pages).items():
        rate, before, ratio, milliseconds, lost = measured(pdf, chosen.rounds)
        enough = lost == 0 and (name not in _OFFICIAL or ratio >= LEAST)
        met &= enough
        verdict = "ok" if enough else "**NOT MET**"
        rows.append(
            (name, f"{rate:,.0f}", f"{before:,.0f}", f"{ratio:.1f}", f"{milliseconds:.1f} ms", str(lost), verdict)
        )
    head = ("page", "pages/s", "by the whole search", "reading is faster by", "reading a page", "lost a code", "")
    publish("read_pages", [describe(), table(head, rows)], write=chosen.write)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
