"""Commands for the shop on one computer: serve, backup, restore. Nothing that they import knows AWS."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from shipby.domain.errors import InvalidInputError, ShipbyError

HOME = Path.home() / ".shipby-shop"
DataDir = Annotated[Path, typer.Option("--data", help="The shop's folder, on a disk of this computer.")]
PassphraseFile = Annotated[
    Optional[Path],  # noqa: UP045  # Typer evaluates it
    typer.Option(help="A file with the passphrase; without it keys are encrypted with the file `secret`."),
]


def serve(
    data: DataDir = HOME,
    port: Annotated[int, typer.Option(help="Port of console, API and pushes on 127.0.0.1.")] = 8080,
    public_url: Annotated[str, typer.Option(help="Where a reverse proxy with TLS makes this reachable.")] = "",
    simulate: Annotated[bool, typer.Option("--simulate", help="Ship to a simulated marketplace.")] = False,
    passphrase_file: PassphraseFile = None,
    client_id: Annotated[str, typer.Option(help="Of the first shop at the marketplace; asked for without it.")] = "",
    api_key_file: Annotated[
        Optional[Path],  # noqa: UP045  # as above
        typer.Option(help="A file with the first shop's Api-Key; asked for without it."),
    ] = None,
    backup_to: Annotated[
        Optional[Path],  # noqa: UP045  # as above
        typer.Option(help="A folder on another disk: a checked copy each minute in which anything changed."),
    ] = None,
) -> None:
    """Run the whole shop on this computer, in one process over one folder, until Ctrl-C."""
    from shipby_local.one_machine.serve import Options
    from shipby_local.one_machine.serve import serve as run

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = Options(
        port=port,
        public_url=public_url,
        simulate=simulate,
        marketplace=os.environ.get("SHIPBY_MARKETPLACE_URL", ""),
        backup_to=backup_to,
        passphrase=_passphrase(passphrase_file),
        first_shop=lambda: _first_shop(client_id, api_key_file),
    )
    run(data, options, say=_say, stop=stop)


def backup(
    target: Annotated[Path, typer.Argument(help="The folder that the copy goes into.")],
    data: DataDir = HOME,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Copy the shop into one checked file, while it runs or not."""
    from shipby_local.one_machine.backup import backup as run

    _say(f"Copied to {run(data, target, now=datetime.now(UTC), passphrase=_passphrase(passphrase_file))}")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that `shipby backup` made.")],
    data: DataDir = HOME,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Put a copied shop back into an empty folder."""
    from shipby_local.one_machine.backup import restore as run

    _say(f"{run(source, data, passphrase=_passphrase(passphrase_file))} rows are back in {data}: `shipby serve`")


COMMANDS: Mapping[str, Callable[..., None]] = {"serve": serve, "backup": backup, "restore": restore}


def main() -> None:
    """Entry point of these commands: every known error becomes one plain line and exit code 1."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    for name, command in COMMANDS.items():
        app.command(name)(command)
    try:
        app()
    except ShipbyError as error:
        sys.stderr.write(f"shipby: {error}\n")
        sys.exit(1)


def _first_shop(client_id: str, api_key_file: Path | None) -> tuple[str, str]:
    """Two questions, and none where options answer them. Raises InvalidInputError where nobody is there to answer."""
    if not (client_id and api_key_file) and not sys.stdin.isatty():
        raise InvalidInputError(
            "nobody is entered in this folder yet: give --client-id and --api-key-file, start it once in a terminal, "
            "or try it with --simulate"
        )
    seller = client_id or typer.prompt("Client-Id of the shop at the marketplace").strip()
    key = _first_line(api_key_file) if api_key_file else typer.prompt("Its Api-Key", hide_input=True).strip()
    return seller, key


def _passphrase(file: Path | None) -> str:
    return "" if file is None else _first_line(file)


def _first_line(file: Path) -> str:
    try:
        found = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file} cannot be read: {error}") from error
    if not found:
        raise InvalidInputError(f"{file} is empty: it should hold a secret")
    return found


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
