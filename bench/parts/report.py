"""Tables in Markdown, printed and, on request, put into docs/performance.md between the marks of their bench."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def replaced(page: str, name: str, body: str) -> str:
    """The page with the section between the marks of `name` replaced. Raises ValueError where a mark is missing."""
    begin, end = f"<!-- bench {name} begin -->", f"<!-- bench {name} end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{PAGE.name} lacks the marks {begin} and {end}")
    return f"{before}{begin}\n\n{body.strip()}\n\n{end}{after}"


def publish(name: str, parts: Sequence[str], *, write: bool) -> None:
    """Print the parts; with `write` keep them in the page too."""
    body = "\n\n".join(parts)
    print(body)
    if write:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), name, body), encoding="utf-8")


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what all benches know."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md as well")
    return parser
