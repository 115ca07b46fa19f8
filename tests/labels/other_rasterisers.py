"""Pages as poppler and ghostscript draw them: the two rasterisers that stand between most PDFs and a printer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.labels.label_pictures import DOTS_PER_INCH, Picture


def poppler(pdf: bytes, dpi: int, folder: Path) -> tuple[Picture, ...]:
    """By pdftoppm, grey, smoothed as it does by default."""
    (folder / "labels.pdf").write_bytes(pdf)
    run = ["-gray", "-r", str(DOTS_PER_INCH[dpi]), "labels.pdf", "page"]
    subprocess.run([found("pdftoppm"), *run], cwd=folder, check=True, timeout=60)
    return tuple(_from_pgm(path.read_bytes()) for path in sorted(folder.glob("page-*.pgm")))


def ghostscript(pdf: bytes, dpi: int, folder: Path) -> tuple[Picture, ...]:
    """By gs, which inks every dot that a shape touches."""
    (folder / "labels.pdf").write_bytes(pdf)
    quiet = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE"]
    run = ["-sDEVICE=pgmraw", f"-r{DOTS_PER_INCH[dpi]}", "-sOutputFile=page-%03d.pgm", "labels.pdf"]
    subprocess.run([found("gs"), *quiet, *run], cwd=folder, check=True, timeout=60)
    return tuple(_from_pgm(path.read_bytes()) for path in sorted(folder.glob("page-*.pgm")))


RASTERISERS: dict[str, Callable[[bytes, int, Path], tuple[Picture, ...]]] = {"pdftoppm": poppler, "gs": ghostscript}
"""By the name of the program."""


def found(program: str) -> str:
    """Its path; "" where it is not installed."""
    return shutil.which(program) or ""


def _from_pgm(pgm: bytes) -> Picture:
    """A binary PGM (P5) with one byte per dot; comments may stand in its head."""
    at, head = 0, list[bytes]()
    while len(head) < 4:
        line, _, _ = pgm[at:].partition(b"\n")
        at += len(line) + 1
        head += line.partition(b"#")[0].split()
    magic, width, height, deepest = head
    if magic != b"P5" or deepest != b"255":
        raise ValueError(f"not a grey PGM of one byte per dot: {head}")
    return Picture(int(width), int(height), pgm[at:])
