"""What all commands share: two consoles, the common options, and the deployment they talk to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer
from rich.console import Console
from rich.markup import escape

from shipby.application.ports.store import Store
from shipby_local.deployment import Deployment
from shipby_local.stack.errors import StackError

TEMPLATE = Path(__file__).resolve().parents[3] / "infra" / "template.yaml"
DATA = Path(".shipby")
PIPE_WIDTH = 118
"""Columns where the output is no terminal."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPE_WIDTH)

DataDir = Annotated[Path, typer.Option("--data", help="Folder of the embedded stack.")]
OnAws = Annotated[
    Optional[str], typer.Option("--aws", help="Name of a stack on AWS instead of the one on this machine.")  # noqa: UP045  # Typer evaluates it
]
OneSeller = Annotated[Optional[str], typer.Option("--seller", help="One seller's Client-Id; all without it.")]  # noqa: UP045  # as above


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with one plain line."""
    err.print(f"[red]error:[/red] {escape(message)}", soft_wrap=True)
    sys.exit(code)


def say(line: str) -> None:
    """A line as it is: keys and addresses in it are neither broken nor taken for markup."""
    out.print(line, soft_wrap=True, markup=False)


def deployment_of(data: Path, aws: str | None) -> Deployment:
    """The deployment a command talks to. Raises NoDeploymentError if none runs here."""
    return Deployment(name=aws) if aws else Deployment.local(data / "stack")


def known_sellers(store: Store, seller: str | None) -> list[str]:
    """The seller that was asked for, or all. Raises StackError for one the deployment does not know."""
    sellers = store.sellers()
    if seller is None:
        return sellers
    if seller not in sellers:
        raise StackError(f"There is no seller {seller}; known are {', '.join(sellers) or 'none'}")
    return [seller]
