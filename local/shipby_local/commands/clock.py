"""`shipby clock`: look at the stepped clock of the stack on this machine, and move it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
import urllib3

from shipby_local.commands.shared import DATA, DataDir, say
from shipby_local.commands.text import length_of
from shipby_local.deployment import Deployment
from shipby_local.stack.errors import StackError

clock_app = typer.Typer(no_args_is_help=True, help="The stepped clock of the stack on this machine.")
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@clock_app.command("show")
def show(as_json: AsJson = False, data: DataDir = DATA) -> None:
    """Show the time and what is due next."""
    _tell(_ask("GET", data, None), as_json)


@clock_app.command("next")
def go_to_next(as_json: AsJson = False, data: DataDir = DATA) -> None:
    """Wait until all is quiet, go to what is due next, and wait until all is quiet again."""
    _tell(_ask("POST", data, {"next": True}), as_json)


@clock_app.command("advance")
def advance(
    by: Annotated[str, typer.Argument(help="How far, such as 90s, 3h or 2d.")],
    as_json: AsJson = False,
    data: DataDir = DATA,
) -> None:
    """Let so much time pass, from one thing that is due to the next."""
    seconds = length_of(by, "BY").total_seconds()
    if seconds <= 0:
        raise StackError("A stepped clock only goes forward.")
    _tell(_ask("POST", data, {"advance_seconds": seconds}), as_json)


def _ask(method: str, data: Any, body: Mapping[str, object] | None) -> Any:
    deployment = Deployment.local(data / "stack")
    answer = urllib3.request(
        method,
        f"{deployment.front_door}/_local/clock",
        body=json.dumps(body).encode() if body is not None else None,
        # A day of many alarms takes as long as it takes.
        timeout=urllib3.Timeout(connect=5.0, read=None),
        retries=False,
    )
    if answer.status == 200:
        return json.loads(answer.data)
    if answer.headers.get("content-type", "").startswith("application/json") and answer.status in (400, 500):
        raise StackError(str(json.loads(answer.data).get("detail", answer.data)))
    raise StackError("This stack goes by the machine's time. `shipby up --clock stepped` in a fresh --data folder.")


def _tell(said: Any, as_json: bool) -> None:
    if as_json:
        say(json.dumps(said))
        return
    for step in said["steps"]:
        say(f"{step['at']}  {', '.join(step['what']) or 'nothing was due'}")
    say(f"now   {said['now']}")
    if said["next"]:
        say(f"next  {said['next']['at']}  {', '.join(said['next']['what'])}")
