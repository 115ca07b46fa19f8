"""Our labels in figures: against reportlab's own widgets, fpdf2, WeasyPrint and the floor; merging, sheets, preview.

Run: `.venv/bin/python -m bench.labels [--labels N] [--rounds N] [--write]`. Everything is one process on one core; the
ways to draw take turns within each round. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.label_once import fresh
from bench.parts.label_rivals import RIVALS, Draw, encoded, labels, ours
from bench.parts.machine import describe
from bench.parts.report import arguments, publish, table
from shipby.adapters.pdf import PdfLabelPapers
from shipby.adapters.pdf.pages import split
from shipby.application.ports.press import PagePick
from shipby.domain.labels.options import Sheet
from shipby.domain.labels.own_labels import OwnLabel
from tests.labels.label_pictures import codes, pictures
from tools.check_build import LIMIT_MB

OURS = "our press"
BUILD = Path(__file__).resolve().parent.parent / ".aws-sam" / "build"
_READ = 20
"""Labels of each way that are read back."""
_OFFICIAL = 300
_FRESH = 5


@dataclass(frozen=True, slots=True)
class Way:
    """One way to draw the label."""

    name: str
    draw: Draw
    batch: int


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table of targets."""

    what: str
    target: str
    measured: str
    met: bool


def ways(batch: int) -> list[Way]:
    """Ours, and each rival that is installed."""
    found = [Way(OURS, ours, batch)]
    for name, (draw, count) in RIVALS.items():
        if importlib.util.find_spec("fpdf" if name == "fpdf2" else name):
            try:
                draw(labels(1))
            except OSError as error:
                print(f"{name}: not usable here ({error})", file=sys.stderr)  # WeasyPrint without Pango
            else:
                found.append(Way(name, draw, min(count, batch)))
    return found


def drawn(found: Sequence[Way], rounds: int) -> dict[str, list[float]]:
    """CPU seconds per label of each way, one figure a round; the ways take turns. Fonts are loaded beforehand."""
    for way in found:
        way.draw(labels(4))
    seconds: dict[str, list[float]] = {way.name: [] for way in found}
    for turn in range(rounds):
        for way in found:
            made = labels(way.batch, first=turn * way.batch)
            seconds[way.name].append(_cpu(way.draw, made) / way.batch)
    return seconds


def _cpu(work: Callable[..., object], *arguments: object) -> float:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def read_back(draw: Draw) -> tuple[int, float]:
    """How many of a few labels read back exactly at 203 dpi, and bytes per label in a batch of 200."""
    made = labels(200)
    pdf = draw(made)
    right = 0
    for label, picture in zip(made[:_READ], pictures(pdf, 203), strict=False):
        right += codes(picture) == (("Code128", label.posting_number), ("QRCode", label.code))
    return right, len(pdf) / len(made)


def rival_table(found: Sequence[Way], seconds: dict[str, list[float]]) -> str:
    """Labels a second, how many times faster ours is in the same round, bytes, and what a scanner reads."""
    rows = []
    for way in found:
        right, size = read_back(way.draw)
        ratio = "1" if way.name == OURS else f"{_ratio(seconds, way.name):.1f}"
        rate = 1 / statistics.median(seconds[way.name])
        version = "" if way.name == OURS else f" {importlib.metadata.version(way.name)}"
        rows.append((way.name + version, f"{rate:,.0f}", ratio, f"{size:,.0f}", f"{right} of {_READ}"))
    missing = [(name, "not installed here", "", "", "") for name in RIVALS if name not in {way.name for way in found}]
    head = ("label 75x120: Code 128, QR, 12 texts", "labels/s", "ours is faster by", "bytes each", "read back, 203 dpi")
    return table(head, rows + missing)


def _ratio(seconds: dict[str, list[float]], name: str) -> float:
    return statistics.median(other / own for own, other in zip(seconds[OURS], seconds[name], strict=True))


def floor(rounds: int) -> float:
    """CPU seconds to encode one QR code, by zint alone."""
    from zint import Symbology

    made = labels(500)

    def encode() -> None:
        for label in made:
            encoded(Symbology.QRCODE, label.code)

    return statistics.median(_cpu(encode) for _ in range(rounds)) / len(made)


def merging(rounds: int) -> tuple[float, float]:
    """Pages a second when 300 pages of the marketplace and 300 of ours are put together in pick order.

    First with the marketplace's pages in one file, then with each in a file of its own, as they are kept: every file is
    a document to be parsed.
    """
    rival, _ = RIVALS["reportlab"]
    whole = rival(labels(_OFFICIAL))
    official = list(split(whole, max_pages=_OFFICIAL, max_bytes=10**8))
    own = ours(labels(_OFFICIAL, first=_OFFICIAL))
    turns = range(_OFFICIAL)
    together = chain.from_iterable((PagePick(0, n), PagePick(1, _OFFICIAL - 1 - n)) for n in turns)
    apart = chain.from_iterable((PagePick(n, 0), PagePick(_OFFICIAL, _OFFICIAL - 1 - n)) for n in turns)
    papers = PdfLabelPapers()

    def rate(files: list[bytes], order: list[PagePick]) -> float:
        return len(order) / min(_cpu(lambda: papers.compose(files, order)) for _ in range(rounds))

    return rate([whole, own], list(together)), rate([*official, own], list(apart))


def on_sheets(made: Sequence[OwnLabel], rounds: int) -> float:
    """Labels a second laid out four to an A4 sheet, drawn beforehand."""
    pdf, papers = ours(made), PdfLabelPapers()
    order = [PagePick(file=0, page=number) for number in range(len(made))]

    def impose() -> None:
        papers.compose([pdf], order, sheet=Sheet.A4_4UP)

    return len(made) / min(_cpu(impose) for _ in range(rounds))


def preview() -> float:
    """CPU seconds of one preview at 203 dpi."""
    papers = PdfLabelPapers()
    pages = [ours([label]) for label in labels(40)]
    papers.picture(pages[0], dpi=203)
    return statistics.median(_cpu(lambda page=page: papers.picture(page, dpi=203)) for page in pages)


def installed() -> float | None:
    """Megabytes of the label function with its layer as `make build` left them; nothing if there is no build."""
    folders = [BUILD / "LabelGeneration", BUILD / "CommonLayer"]
    if not all(folder.is_dir() for folder in folders):
        return None
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file()) / 1e6


def targets(seconds: dict[str, list[float]], count: int, rounds: int) -> list[Target]:
    """Every target of the label press with what was measured."""
    rate, ratio = 1 / statistics.median(seconds[OURS]), _ratio(seconds, "reportlab")
    firsts = [fresh("first") for _ in range(_FRESH)]
    first = statistics.median(run["first"] for run in firsts)
    loading = statistics.median(run["import"] for run in firsts)
    memory = fresh("memory")
    merged, apart = merging(rounds)
    sheets, shown = on_sheets(labels(count), rounds), preview()
    size = installed()
    return [
        Target("times faster than reportlab's own widgets", "≥ 55", f"{ratio:.1f}", ratio >= 55),
        Target("labels/s on one core", "≥ 1,000", f"{rate:,.0f}", rate >= 1000),
        Target("bytes a label in a batch of 1,000", "≤ 2,200", f"{memory['bytes']:,.0f}", memory["bytes"] <= 2200),
        Target(f"first label after import ({loading:.0f} ms)", "≤ 50 ms", f"{first:.0f} ms", first <= 50),
        Target("peak memory, 1,000 labels", "≤ 200 MB", f"{memory['peak']:.0f} MB", memory["peak"] <= 200),
        Target(
            "300 official pages of one file merged with 300 of ours", "≥ 5,000/s", f"{merged:,.0f}/s", merged >= 5000
        ),
        Target("the same, each official page in its own file", "≥ 4,000/s", f"{apart:,.0f}/s", apart >= 4000),
        Target("labels laid out 4 to an A4 sheet", "≥ 1,200/s", f"{sheets:,.0f}/s", sheets >= 1200),
        Target("preview of one label, 203 dpi", "≤ 10 ms", f"{shown * 1e3:.1f} ms", shown <= 0.01),
        Target(
            "function with its layer, unzipped (arm64)",
            f"≤ {LIMIT_MB:.0f} MB",
            "no build here" if size is None else f"{size:.0f} MB",
            size is not None and size <= LIMIT_MB,
        ),
    ]


def beside(seconds: dict[str, list[float]], rounds: int) -> str:
    """What has no target: distance from the floor, and what a cold start has to import."""
    bare, own = floor(rounds), statistics.median(seconds[OURS])
    starts = [fresh("cold") for _ in range(_FRESH)]
    cold = statistics.median(run["handler"] for run in starts)
    return (
        f"The floor: encoding the QR code alone takes zint {bare * 1e6:.0f} µs; a whole label takes "
        f"{own * 1e6:,.0f} µs, {own / bare:.1f} times as long. Cold start: importing the label function's handler in "
        f"a fresh process takes {cold:.0f} ms (median of {_FRESH}; this machine, the function's locked requirements; "
        "Lambda's own start and its slower disk are not in it)."
    )


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--labels", type=int, default=1_000, help="labels in one batch of ours")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which all ways take turns")
    chosen = parser.parse_args()
    found = ways(chosen.labels)
    seconds = drawn(found, chosen.rounds)
    met = targets(seconds, chosen.labels, chosen.rounds)
    rows = [(one.what, one.target, one.measured, "ok" if one.met else "**NOT MET**") for one in met]
    machine = describe(
        **{name: importlib.metadata.version(name) for name in ("reportlab", "zint-bindings", "pikepdf", "pypdfium2")}
    )
    parts = [
        machine,
        rival_table(found, seconds),
        table(("what", "target", "measured", ""), rows),
        beside(seconds, chosen.rounds),
    ]
    publish("labels", parts, write=chosen.write)
    return 0 if all(one.met for one in met) else 1


if __name__ == "__main__":
    sys.exit(main())
