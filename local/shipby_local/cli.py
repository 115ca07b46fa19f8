"""The `shipby` command: the stack on this machine, and the operator's tools for any deployment."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, Optional

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shipby.domain.errors import ShipbyError
from shipby_local.stack.errors import StackError

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "template.yaml"
DATA = Path(".shipby")

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
key_app = typer.Typer(no_args_is_help=True, help="Keys of the seller API.")
seller_app = typer.Typer(no_args_is_help=True, help="Sellers of a deployment.")
app.add_typer(key_app, name="key")
app.add_typer(seller_app, name="seller")
out = Console(highlight=False, width=None if sys.stdout.isatty() else 118)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 118)

DataDir = Annotated[Path, typer.Option("--data", help="Folder of the embedded stack.")]
OnAws = Annotated[
    Optional[str], typer.Option("--aws", help="Name of a stack on AWS instead of the one on this machine.")  # noqa: UP045  # Typer evaluates it
]


def main() -> None:
    """Entry point: every known error becomes one plain line and exit code 1."""
    try:
        app()
    except (StackError, ShipbyError) as error:
        _fail(str(error))
    except (BotoCoreError, ClientError) as error:
        _fail(f"{error}. On this machine see whether `shipby up` still runs; on AWS check credentials and region.")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str) -> NoReturn:
    err.print(f"[red]error:[/red] {escape(message)}", soft_wrap=True)
    sys.exit(1)


def _say(line: str) -> None:
    """A line as it is: keys and addresses in it are neither broken nor taken for markup."""
    out.print(line, soft_wrap=True, markup=False)


def _deployment(data: Path, aws: str | None) -> Any:
    from shipby_local.deployment import Deployment

    return Deployment(name=aws) if aws else Deployment.local(data / "stack")


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    yield stop


@app.command()
def demo(
    data: DataDir = DATA / "demo",
    seed: Annotated[int, typer.Option(help="Draws names, prices and fates.")] = 7,
    postings: Annotated[int, typer.Option(min=10, help="Plain postings beside the twelve special ones.")] = 52,
) -> None:
    """Play a whole trading day on this machine and prove that nothing was lost (about two minutes)."""
    from shipby_local.demo.day import run_day
    from shipby_local.demo.screen import DayScreen, print_report
    from shipby_local.stack.datafolder import DataFolder

    if DataFolder(data / "stack").is_locked():
        raise StackError(f"Another demo runs in {data}. Wait for it, or choose another folder with --data.")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    with DayScreen(out) as screen:
        day = run_day(TEMPLATE, data, seed=seed, count=postings, watcher=screen.watcher)
    print_report(out, day)
    _say(f"The day is kept: `shipby up --data {data}` serves it again, `shipby proof --data {data}` proves it again.")
    if not day.good:
        raise StackError("the day did not end as the marketplace's books say; see the lines marked above")


@app.command()
def up(
    data: DataDir = DATA,
    port: Annotated[int, typer.Option(help="Port of console and API.")] = 8080,
    simulator_port: Annotated[int, typer.Option(help="Port of the marketplace's simulator.")] = 8090,
    seed: Annotated[int, typer.Option(help="Draws the marketplace's names and prices.")] = 1,
) -> None:
    """Start the stack and a simulated marketplace, and keep them serving until `shipby down` or Ctrl-C."""
    from shipby_local.serve import serve

    with _until_stopped() as stop:
        serve(TEMPLATE, data, port=port, simulator_port=simulator_port, seed=seed, say=_say, stop=stop)


@app.command()
def down(data: DataDir = DATA) -> None:
    """Stop the stack that `shipby up` started; its data stays."""
    from shipby_local.stack import stop_running

    stopped = stop_running(data / "stack")
    _say("Stopped; the data is kept." if stopped else f"No stack runs in {data}.")


@app.command()
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
        with _until_stopped() as stop:
            run(
                port,
                data,
                sellers=sellers,
                postings=postings,
                seed=seed,
                label_delay=label_delay,
                say=_say,
                until=stop,
            )
    except OSError as error:
        raise cannot_simulate(error, port, "--port") from error


@key_app.command("create")
def create_key(
    seller: Annotated[str, typer.Argument(help="The seller's Client-Id.")],
    role: Annotated[str, typer.Option(help="owner, manager, packer, support or integration.")] = "packer",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make a key of the seller API. It is shown once; only its hash is kept."""
    from shipby.adapters.aws.clock import SystemClock
    from shipby.application.register_seller import create_api_key
    from shipby.domain.records import Role

    if role not in set(Role):
        raise StackError(f"{role!r} is not a role; roles are {', '.join(Role)}")
    store = _deployment(data, aws).store()
    if store.settings(seller) is None:
        raise StackError(f"There is no seller {seller}; known are {', '.join(store.sellers()) or 'none'}")
    made = create_api_key(seller, Role(role), store=store, clock=SystemClock())
    _say(made.text)


@key_app.command("revoke")
def revoke_key(
    identifier: Annotated[str, typer.Argument(help="The key's id: what stands between shp_ and the dot.")],
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Stop a key of the seller API; it works for at most another minute."""
    from shipby.adapters.aws.clock import SystemClock
    from shipby.application.register_seller import revoke_api_key

    revoke_api_key(identifier, store=_deployment(data, aws).store(), clock=SystemClock())
    _say(f"Key {identifier} is revoked.")


@seller_app.command("push-address")
def push_address(
    client_id: Annotated[str, typer.Argument(help="The marketplace's Client-Id.")],
    revoke: Annotated[str, typer.Option(help="An address to stop instead of making one.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make another push address (the former stay live until revoked), or stop one; it works at most another minute."""
    from shipby.adapters.aws.clock import SystemClock
    from shipby.application.register_seller import create_push_token, revoke_push_token

    deployment = _deployment(data, aws)
    store = deployment.store()
    if store.settings(client_id) is None:
        raise StackError(f"There is no seller {client_id}; known are {', '.join(store.sellers()) or 'none'}")
    if revoke:
        if not revoke.rpartition("/")[2].startswith(f"{client_id}."):
            raise StackError(f"That is not a push address of seller {client_id}.")
        revoke_push_token(revoke, store=store, clock=SystemClock())
        _say("The push address is revoked.")
        return
    made = create_push_token(client_id, store=store, clock=SystemClock())
    _say(f"push address: {deployment.api_url}/ozon/push/{made.text}")


@seller_app.command("add")
def add_seller(
    client_id: Annotated[str, typer.Argument(help="The marketplace's Client-Id.")],
    api_key: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="The marketplace's Api-Key (asked for, not echoed).")
    ],
    language: Annotated[str, typer.Option(help="ru, zh or en.")] = "ru",
    channel: Annotated[Optional[list[str]], typer.Option(help="An apprise address; may be repeated.")] = None,  # noqa: UP045  # Typer evaluates it
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Take a seller in: keys to SSM, settings to the table; prints the push address and an owner's key, once."""
    from shipby.domain.records import SellerSettings
    from shipby_local.onboarding import take_in

    deployment = _deployment(data, aws)
    settings = SellerSettings(seller=client_id, version=1, language=language)
    taken = take_in(deployment, settings, ozon_api_key=api_key, channels=channel or [])
    _say(f"push address: {deployment.api_url}{taken.push_path}")
    _say(f"owner's key:  {taken.api_key}")


@app.command()
def postings(
    seller: Annotated[Optional[str], typer.Option(help="One seller's Client-Id; all without it.")] = None,  # noqa: UP045  # Typer evaluates it
    stage: Annotated[Optional[str], typer.Option(help="One stage; all open ones without it.")] = None,  # noqa: UP045  # as above
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List postings by stage, the most urgent first."""
    from shipby.domain.posting import FINAL, Stage

    if stage is not None and stage not in set(Stage):
        raise StackError(f"{stage!r} is not a stage; stages are {', '.join(Stage)}")
    store = _deployment(data, aws).store()
    stages = [Stage(stage)] if stage else [one for one in Stage if one not in FINAL]
    table = Table("seller", "posting", "stage", "marketplace", "cut-off (UTC)", "late")
    for one in [seller] if seller else store.sellers():
        for wanted in stages:
            cursor: str | None = None
            while True:
                page = store.worklist(one, wanted, limit=100, cursor=cursor)
                for item in page.items:
                    cut_off = f"{item.cut_off:%d.%m. %H:%M:%S}" if item.cut_off else "-"
                    table.add_row(one, item.number, item.stage, item.status, cut_off, "late" if item.late else "")
                cursor = page.cursor
                if cursor is None:
                    break
    out.print(table if table.row_count else "No postings.")


@app.command()
def quarantine(
    days: Annotated[int, typer.Option(min=1, max=30, help="How many days back to look; pushes are kept for 30.")] = 2,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List the pushes that made no sense, with the reason; their contents are not kept, only names and sizes."""
    from shipby.application.paging import every
    from shipby.domain.inbox import PushState

    store, today = _deployment(data, aws).store(), datetime.now(UTC).date()
    table = Table("seller", "received (UTC)", "type", "problem", "fields", "bytes")
    for one in store.sellers():
        for back in range(days):
            day = today - timedelta(days=back)
            for push in every(partial(_pushes_on, store, one, day)):
                if push.state is PushState.QUARANTINED:
                    fields = ", ".join(str(name) for name in push.payload.get("fields", ()))
                    when = f"{push.received_at:%d.%m. %H:%M:%S}"
                    table.add_row(one, when, push.type, push.problem, fields, str(push.payload.get("bytes", "")))
    out.print(table if table.row_count else "No quarantined pushes.")


def _pushes_on(store: Any, seller: str, day: date, cursor: str | None) -> Any:
    return store.pushes_on(seller, day, cursor=cursor)


@app.command()
def proof(
    seller: Annotated[Optional[str], typer.Option(help="One seller's Client-Id; all without it.")] = None,  # noqa: UP045  # Typer evaluates it
    grace: Annotated[int, typer.Option(help="Seconds that what is new may still be on its way.")] = 600,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Prove that nothing was lost: the marketplace's list against our rows. Exit code 1 when it is red."""
    from shipby_local.demo.screen import print_proof

    deployment = _deployment(data, aws)
    red = []
    sellers = [seller] if seller else deployment.store().sellers()
    if not sellers:
        raise StackError("There is no seller yet, so there is nothing to prove. Take one in with `shipby seller add`.")
    for one in sellers:
        answer = deployment.invoke("MarketplacePoll", {"task": "proof", "seller": one, "grace_seconds": grace})
        view = answer["proofs"][one]
        print_proof(out, view)
        if not view["green"]:
            red.append(one)
    if red:
        raise StackError(f"the proof is red for {', '.join(red)}: see the findings above")


@app.command()
def repair(
    hours: Annotated[float, typer.Option(help="How far back to look.")] = 48.0,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Route again what happened in the last hours: heals whatever the stream did not deliver. Safe at any time."""
    from shipby.application.repair import repair as republish

    deployment = _deployment(data, aws)
    store, until = deployment.store(), datetime.now(UTC)
    for one in store.sellers():
        done = republish(
            one, since=until - timedelta(hours=hours), until=until, store=store, publish=deployment.publish
        )
        _say(f"{one}: {done.events} events and {done.pushes} pushes routed again")


if __name__ == "__main__":
    main()
