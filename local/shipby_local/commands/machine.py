"""Commands for the stack on this machine: demo, up, down, simulate."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from shipby_local.commands.shared import DATA, TEMPLATE, DataDir, out, say
from shipby_local.stack.errors import StackError


class ClockKind(StrEnum):
    """What a data folder goes by."""

    REAL = "real"
    STEPPED = "stepped"


@contextmanager
def until_stopped() -> Iterator[threading.Event]:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    yield stop


def demo(
    data: DataDir = DATA / "demo",
    seed: Annotated[int, typer.Option(help="Draws names, prices and fates.")] = 7,
    postings: Annotated[int, typer.Option(min=10, help="Plain postings beside those that have a fate.")] = 12,
    first_day: Annotated[bool, typer.Option("--first-day", help="Leave out what needs the days after it.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Print every table.")] = False,
) -> None:
    """Play a trading day and the five days after it on this machine, and prove that nothing was lost.

    The day has a clock of its own, which moves when everybody waits: the machine's speed changes no outcome.
    """
    from shipby_local.demo.day import run_day
    from shipby_local.demo.screen import DayScreen, print_everything, print_report
    from shipby_local.stack.datafolder import DataFolder

    if DataFolder(data / "stack").is_locked():
        raise StackError(f"Another demo runs in {data}. Wait for it, or choose another folder with --data.")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    with DayScreen(out) as screen:
        day = run_day(TEMPLATE, data, seed=seed, count=postings, watcher=screen.watcher, first_day_only=first_day)
    if full:
        print_everything(out, day)
    print_report(out, day)
    say(f"{len(day.labels)} PDF files in {data}; `shipby up --data {data}` serves this day again, --full says more.")
    if not day.good:
        raise StackError("the day did not end as the marketplace's books say; see the lines marked above")


def up(
    data: DataDir = DATA,
    port: Annotated[int, typer.Option(help="Port of console and API.")] = 8080,
    simulator_port: Annotated[int, typer.Option(help="Port of the marketplace's simulator.")] = 8090,
    seed: Annotated[int, typer.Option(help="Draws the marketplace's names and prices.")] = 1,
    clock: Annotated[
        ClockKind, typer.Option(help="stepped: in a fresh folder time stands still until `shipby clock` moves it.")
    ] = ClockKind.REAL,
    begins: Annotated[
        Optional[datetime],  # noqa: UP045  # Typer evaluates it
        typer.Option(help="When a stepped clock begins (UTC); now, if not said."),
    ] = None,
) -> None:
    """Start the stack and a simulated marketplace, and keep them serving until `shipby down` or Ctrl-C."""
    from shipby_local.serve import serve

    if begins is not None and clock is ClockKind.REAL:
        raise StackError("--begins goes with --clock stepped.")
    first = begins.replace(tzinfo=UTC) if begins is not None else datetime.now(UTC).replace(microsecond=0)
    with until_stopped() as stop:
        serve(
            TEMPLATE,
            data,
            port=port,
            simulator_port=simulator_port,
            seed=seed,
            say=say,
            stop=stop,
            stepped_from=first if clock is ClockKind.STEPPED else None,
        )


def down(data: DataDir = DATA) -> None:
    """Stop the stack that `shipby up` started; its data stays."""
    from shipby_local.stack import stop_running

    stopped = stop_running(data / "stack")
    say("Stopped; the data is kept." if stopped else f"No stack runs in {data}.")


def simulate(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8090,
    data: Annotated[Optional[Path], typer.Option(help="File that keeps the marketplace over restarts.")] = None,  # noqa: UP045  # Typer evaluates it
    sellers: Annotated[int, typer.Option(min=1, help="Sellers to make in an empty marketplace.")] = 2,
    postings: Annotated[int, typer.Option(min=0, help="Postings to make in an empty marketplace.")] = 20,
    seed: Annotated[int, typer.Option(help="Draws names, prices and numbers.")] = 1,
    label_delay: Annotated[float, typer.Option(help="Seconds from ship to label (the real one: 45-60).")] = 50.0,
) -> None:
    """Run the marketplace's simulator alone: prints its address and the Client-Id/Api-Key pairs."""
    from shipby_local.serve import cannot_simulate
    from shipby_local.simulator import run

    try:
        # Whoever has read the address may already stop it again.
        with until_stopped() as stop:
            run(
                port,
                data,
                sellers=sellers,
                postings=postings,
                seed=seed,
                label_delay=label_delay,
                say=say,
                until=stop,
            )
    except OSError as error:
        raise cannot_simulate(error, port, "--port") from error
