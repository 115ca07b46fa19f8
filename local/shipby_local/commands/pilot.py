"""`shipby pilot`: what no simulator can tell, asked of a live shop by reading calls alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from shipby_local.commands.marketplace_key import MARKETPLACE, check_address, credentials


def pilot(
    base_url: Annotated[str, typer.Option(help="The marketplace, or a simulator of it.")] = MARKETPLACE,
    folder: Annotated[Path, typer.Option("--out", help="Folder for the report, as Markdown and JSON.")] = Path("pilot"),
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back to list postings.")] = 14,
    postings: Annotated[int, typer.Option(min=1, max=200, help="Single postings to read.")] = 20,
    per_second: Annotated[
        float, typer.Option(min=0.05, max=5.0, help="Requests a second; the marketplace allows the account 50.")
    ] = 1.0,
    most_calls: Annotated[
        int, typer.Option(min=1, max=5_000, help="The pilot never makes more calls than this.")
    ] = 300,
    label: Annotated[
        Optional[Path],  # noqa: UP045  # Typer evaluates it
        typer.Option(help="A label file (PDF) of the shop's cabinet: which codes does it show? It is read here only."),
    ] = None,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Print, here only, the words of codes that the report hides.")
    ] = False,
    word: Annotated[
        Optional[list[str]],  # noqa: UP045  # as above
        typer.Option(help="A word of codes that the report may show although nobody described it; may be repeated."),
    ] = None,
) -> None:
    """Hold what a live shop answers against the marketplace's description and our assumptions, and write a report.

    Takes OZON_CLIENT_ID and OZON_API_KEY from the environment; a read-only key is enough. Only reading calls are made,
    slowly. The report holds no names, addresses, phones, numbers or texts: read it, then send it to whoever asked.
    """
    from shipby_local.commands.pilot_round import Wanted, run

    client_id, key = credentials()
    check_address(base_url)
    wanted = Wanted(days=days, postings=postings, per_second=per_second, most_calls=most_calls, words=tuple(word or ()))
    run(base_url, client_id, key, wanted, label=label, folder=folder, hidden=hidden)
