"""The `shipby` command: the stack on this machine, and the operator's tools for any deployment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import typer
from botocore.exceptions import BotoCoreError, ClientError

from shipby.domain.errors import ShipbyError
from shipby_local.commands import (
    clock,
    day,
    doctor,
    losses,
    machine,
    matters,
    operate,
    past_ramp,
    people,
    pilot,
    replays,
    sellers,
    webhooks,
    work,
)
from shipby_local.commands.shared import fail
from shipby_local.one_machine.commands import COMMANDS as ONE_COMPUTER
from shipby_local.stack.errors import StackError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(clock.clock_app, name="clock", rich_help_panel="This machine")
app.add_typer(sellers.key_app, name="key")
app.add_typer(sellers.seller_app, name="seller")
app.add_typer(people.people_app, name="people")
app.add_typer(people.keys_app, name="keys")
app.add_typer(webhooks.webhooks_app, name="webhooks")
app.add_typer(past_ramp.tracking_app, name="tracking", rich_help_panel="Past the ramp")
app.add_typer(past_ramp.carriers_app, name="carriers", rich_help_panel="Past the ramp")
PANELS: Mapping[str, Mapping[str, Callable[..., None]]] = {
    "This machine": {
        "demo": machine.demo,
        "up": machine.up,
        "down": machine.down,
        "simulate": machine.simulate,
    },
    "One computer": ONE_COMPUTER,
    "The day": {
        "morning": day.morning,
        "boards": day.boards,
        "search": day.search,
        "list": day.list_rows,
        "posting": day.posting,
        "confirm": day.confirm,
        "ship": day.ship,
        "print": day.print_labels,
        "print-job": day.print_job,
        "pick": day.pick,
        "inspect": day.inspect,
        "pack": day.pack,
        "hand-over": day.hand_over,
        "unblock": day.unblock,
        "override": day.override,
        "cancel": day.cancel,
        "decide": day.decide,
        "export": day.export,
    },
    "Work and money": {
        "postings": operate.postings,
        "deadlines": work.deadlines,
        "risk": work.risk,
        "what-if": work.what_if,
        "audit": losses.audit,
        "pilot": pilot.pilot,
    },
    "Care": {
        "doctor": doctor.doctor,
        "cases": matters.cases,
        "alarms": matters.alarms,
        "quarantine": operate.quarantine,
        "proof": operate.proof,
        "replay": replays.replay,
        "shadow-report": replays.shadow_report,
        "repair": operate.repair,
    },
}
for panel, commands in PANELS.items():
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)


def main() -> None:
    """Entry point: every known error becomes one plain line and exit code 1."""
    try:
        app()
    except (StackError, ShipbyError) as error:
        fail(str(error))
    except (BotoCoreError, ClientError) as error:
        fail(f"{error}. On this machine see whether `shipby up` still runs; on AWS check credentials and region.")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
