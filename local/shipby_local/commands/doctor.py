"""The command that looks at everything at once."""

from __future__ import annotations

import sys

from rich.markup import escape
from rich.table import Table

from shipby_local.commands.shared import DATA, TEMPLATE, DataDir, OnAws, deployment_of, out
from shipby_local.doctor.verdicts import State

_COLOURS = {State.WELL: "green", State.WATCH: "yellow", State.ILL: "red"}


def doctor(data: DataDir = DATA, aws: OnAws = None) -> None:
    """Is the deployment well: template, clock, schedules, queues, keys, pushes, proof. Exit code 1 if not."""
    from shipby_local.doctor.look import examine

    found = list(examine(deployment_of(data, aws), TEMPLATE))
    table = Table("check", "of", "", "seen", "do")
    for one in found:
        colour = _COLOURS[one.state]
        cells = (one.check, one.what, f"[{colour}]{one.state}[/{colour}]", escape(one.seen), escape(one.do))
        table.add_row(*cells)
    out.print(table)
    ill, watched = (sum(one.state is state for one in found) for state in (State.ILL, State.WATCH))
    out.print(f"{len(found)} looked at: {ill} ill, {watched} to be watched.")
    if ill:
        sys.exit(1)
