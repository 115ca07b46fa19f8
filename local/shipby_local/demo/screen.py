"""The demo's screen: progress while the day runs, the report after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shipby_local.demo.day import Day, Watcher, money_lines
from shipby_local.demo.plan import Fate, PlannedPosting
from shipby_local.demo.tally import Row


class DayScreen:
    """A progress bar with one line for each step."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._task: TaskID | None = None

    @property
    def watcher(self) -> Watcher:
        return Watcher(step=self._step, planned=self._planned, advance=self._advance)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._progress.stop()

    def _step(self, text: str) -> None:
        self._progress.console.print(text)

    def _planned(self, count: int) -> None:
        self._task = self._progress.add_task("postings through the day", total=count)

    def _advance(self, posting: PlannedPosting) -> None:
        if self._task is not None:
            self._progress.advance(self._task)
        if posting.fate is not Fate.PLAIN:
            self._progress.console.print(f"  {posting.number}: {posting.fate}")


def print_report(console: Console, day: Day) -> None:
    """The day in numbers: ours beside the marketplace's books."""
    _print_rows(console, day.planned, ("what the day had in store", "planned", "happened"))
    _print_rows(console, day.rows, ("report of the trading day", "our history", "marketplace's books"))
    _print_rows(console, day.papers, ("labels and papers", "ours", "has to be"))
    _print_rows(console, day.desk, ("cancels, returns, refunds, claims", "ours", "has to be"))
    _print_rows(console, day.counter_proof, ("the proof, a row deleted by hand", "it said", "it has to say"))
    for line in money_lines(day.ours):
        console.print(line)
    for line in day.standing:
        console.print(f"error index of {line}")
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in day.pushes.items() if value)
    console.print(f"pushes: {told}")
    events = day.ours.counts.total()
    console.print(f"notices in the sellers' messengers: {len(day.notices)} (of {events} events); the longest one:")
    if day.notices:
        longest = max(day.notices, key=lambda notice: len(notice.body))
        console.print(Panel(Text(longest.body), title=Text(longest.title), expand=False))
    for seller, proof in day.proofs.items():
        console.print(f"seller {seller}:")
        print_proof(console, proof)
    for problem in day.problems:
        console.print(f"[red]stuck:[/red] {problem}")
    for path in day.labels:
        console.print(f"printed: {path}")
    console.print(f"The day took {day.seconds:.0f} s.")


def _print_rows(console: Console, rows: Sequence[Row], headers: tuple[str, str, str]) -> None:
    table = Table(*headers, "")
    for row in rows:
        mark = "" if row.books is None else ("[green]equal[/green]" if row.equal else "[red]DIFFERENT[/red]")
        table.add_row(row.name, row.ours, row.books or "", mark)
    console.print(table)


def print_proof(console: Console, view: Mapping[str, Any]) -> None:
    """One seller's nothing-lost proof."""
    counts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in view["counts"].items())
    colour, word = ("green", "GREEN") if view["green"] else ("red", "RED")
    console.print(f"[{colour}]nothing-lost proof {word}[/{colour}] for {view['seller']}: {counts}")
    for finding in view["findings"]:
        console.print(f"  [red]{finding['check']}[/red] {finding['id']}: {finding['problem']}")
