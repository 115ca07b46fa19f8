"""The demo's screen: progress while the day runs, the report after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shipby_local.demo.day import Day, Watcher, money_lines
from shipby_local.demo.hours import hour
from shipby_local.demo.plan import BEGINS, MOSCOW, Fate, PlannedPosting
from shipby_local.demo.tally import Row


class DayScreen:
    """A progress bar with one line for each step."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            refresh_per_second=2,
        )
        self._hour = BEGINS
        self._task: TaskID | None = None

    @property
    def watcher(self) -> Watcher:
        return Watcher(step=self._step, time=self._time, planned=self._planned, advance=self._advance)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._progress.stop()

    def _step(self, text: str) -> None:
        self._progress.console.print(text)

    def _time(self, now: datetime) -> None:
        self._hour = now
        if self._task is not None:
            self._progress.update(self._task, description=hour(now))

    def _planned(self, count: int) -> None:
        self._task = self._progress.add_task("the day begins", total=count)

    def _advance(self, posting: PlannedPosting) -> None:
        if self._task is not None:
            self._progress.advance(self._task)
        if posting.fate is not Fate.PLAIN:
            self._progress.console.print(f"  {hour(self._hour)}  {posting.number}: {posting.fate}")


_MONEY = ("refunded", "lost to the tariff", "saved after a reminder")
_PLACES = {"refund ledger, the marketplace's own": "refunded by the marketplace"}


def print_report(console: Console, day: Day) -> None:
    """The day on one screen: what it had in store, what happened and when, equal or not, where the money went."""
    table = Table("what the day had in store", "plan", "was", "", "when (Moscow)", box=SIMPLE_HEAD, pad_edge=False)
    for row in day.planned:
        if row.books is not None and (row.name in day.hours or not row.equal):
            table.add_row(row.name, row.ours, row.books, _mark(row, short=True), day.hours.get(row.name, ""))
    console.print(table)
    console.print(f"[bold]{BEGINS.astimezone(MOSCOW):%a %d %b %Y, %H:%M} to {hour(day.ended)}[/bold], {_summary(day)}")
    for name, rows in _parts(day):
        held = [row for row in rows if row.books is not None]
        wrong = [row for row in held if not row.equal]
        colour = "red" if wrong else "green"
        console.print(f"{name}: [{colour}]{len(held) - len(wrong)} of {len(held)} equal[/{colour}]")
        for row in wrong:
            console.print(f"  [red]{row.name}: {row.ours} is not {row.books}[/red]")
    money = Table("where the money went", "our history", "marketplace's books", box=SIMPLE_HEAD, pad_edge=False)
    for row in (*day.rows, *day.desk):
        if row.name in _MONEY or row.name in _PLACES:
            money.add_row(_PLACES.get(row.name, row.name), row.ours, row.books or "", _mark(row, short=True))
    console.print(money)
    for proof in day.proofs.values():
        print_proof(console, proof, short=True)
    for problem in day.problems:
        console.print(f"[red]stuck:[/red] {problem}")


def print_everything(console: Console, day: Day) -> None:
    """Every table, every sum, one notice and every printed file."""
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
    for path in day.labels:
        console.print(f"printed: {path}")


def _parts(day: Day) -> Sequence[tuple[str, Sequence[Row]]]:
    return (
        ("what happened, against the plan", day.planned),
        ("our history, against the marketplace's books", day.rows),
        ("labels, papers, carriages", day.papers),
        ("cancels, returns, refunds, claims", day.desk),
        ("the proof turns red for a row deleted by hand", day.counter_proof),
    )


def _summary(day: Day) -> str:
    pushes, events = day.pushes, day.ours.counts.total()
    return (
        f"{len(day.ours.received)} postings of {len(day.proofs)} sellers, {pushes['addressed']} pushes "
        f"({pushes['duplicated']} doubled, {pushes['reordered']} out of order, {pushes['lost']} lost), "
        f"{events} events, {len(day.notices)} notices; played in {day.seconds:.0f} s"
    )


def _mark(row: Row, *, short: bool = False) -> str:
    if row.books is None:
        return ""
    return f"[green]{'=' if short else 'equal'}[/green]" if row.equal else "[red]DIFFERENT[/red]"


def _print_rows(console: Console, rows: Sequence[Row], headers: tuple[str, str, str]) -> None:
    table = Table(*headers, "")
    for row in rows:
        table.add_row(row.name, row.ours, row.books or "", _mark(row))
    console.print(table)


def print_proof(console: Console, view: Mapping[str, Any], *, short: bool = False) -> None:
    """One seller's nothing-lost proof; `short` without its counts."""
    counts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in view["counts"].items())
    colour, word = ("green", "GREEN") if view["green"] else ("red", "RED")
    told = "" if short else f": {counts}"
    console.print(f"[{colour}]nothing-lost proof {word}[/{colour}] for {view['seller']}{told}")
    for finding in view["findings"]:
        console.print(f"  [red]{finding['check']}[/red] {finding['id']}: {finding['problem']}")
