"""Webhooks of integrators from the command line: list, make, test, pause, resume, replay, delete, deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from shipby.adapters.dynamodb.webhooks.rows import WebhookTable
from shipby.adapters.webhooks.addresses import refused_by_its_text
from shipby.adapters.webhooks.secrets import SsmSecretKeeper
from shipby.application.ports.writes import Write
from shipby.application.shared.idempotency import Answer
from shipby.application.webhooks import endpoints
from shipby.application.webhooks.endpoints import Desk, Wanted
from shipby.domain import actors
from shipby_local.commands.shared import DATA, DataDir, OnAws, deployment_of, known_sellers, out, say
from shipby_local.deployment import Deployment

webhooks_app = typer.Typer(no_args_is_help=True, help="Events at integrators' addresses.")

Seller = Annotated[str, typer.Option("--seller", help="The seller's Client-Id.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Of the webhook; `shipby webhooks list` shows it.")]
Because = Annotated[str, typer.Option(help="Why; kept in the history.")]


def desk_of(deployment: Deployment, seller: str) -> Desk:
    """What keeping a seller's webhooks takes. Raises StackError for a seller that the deployment does not know."""
    store = deployment.store()
    known_sellers(store, seller)
    local = deployment.endpoint is not None
    return Desk(
        seller=seller,
        actor=actors.OPERATOR,
        store=store,
        rows=WebhookTable(deployment.client("dynamodb"), deployment.outputs["TableName"]),
        secrets=SsmSecretKeeper(deployment.outputs["ParameterPrefix"], client=deployment.client("ssm")),
        clock=deployment.clock,
        refused=lambda url: refused_by_its_text(url, on_this_machine=local),
    )


def _nothing(_: Answer) -> list[Write]:
    """A command has no Idempotency-Key."""
    return []


@webhooks_app.command("list")
def list_webhooks(seller: Seller, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Endpoints of a seller, and how each fares."""
    table = Table("webhook", "address", "types", "state")
    for each in endpoints.all_of(desk_of(deployment_of(data, aws), seller)):
        state = f"{each.state}{f': {each.problem}' if each.problem else ''}"
        table.add_row(each.id, each.url, ", ".join(each.types) or "all", state)
    out.print(table if table.row_count else "No webhooks.", markup=False)


@webhooks_app.command("add")
def add(
    seller: Seller,
    url: Annotated[str, typer.Argument(help="https, a public host; on this machine http://127.0.0.1:<port>.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="A type, or a family: posting.*")] = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Have events sent to an address. The secret is shown once."""
    wanted = Wanted(url=url, types=tuple(types or ()))
    made = endpoints.make(desk_of(deployment_of(data, aws), seller), wanted, _nothing)
    say(f"webhook {made.body['id']}")
    say(f"secret  {made.body['secret']}   (shown once)")


@webhooks_app.command("test")
def send_test(identifier: Id, seller: Seller, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Send a test message; `shipby webhooks deliveries` shows how it went."""
    endpoints.ask_test(desk_of(deployment_of(data, aws), seller), identifier, _nothing)
    say("a test message is on its way")


@webhooks_app.command("pause")
def pause(identifier: Id, seller: Seller, because: Because, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Send nothing for now; what comes waits for 14 days."""
    endpoints.pause(desk_of(deployment_of(data, aws), seller), identifier, because, _nothing)
    say("paused")


@webhooks_app.command("resume")
def resume(identifier: Id, seller: Seller, because: Because, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Send what waits, in order, and what comes."""
    endpoints.resume(desk_of(deployment_of(data, aws), seller), identifier, because, _nothing)
    say("resumed")


@webhooks_app.command("replay")
def replay(
    identifier: Id,
    seller: Seller,
    because: Because,
    hours: Annotated[float, typer.Option(help="How far back.")] = 24.0,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Send everything of the last hours again, in order."""
    deployment = deployment_of(data, aws)
    since = deployment.clock.now() - timedelta(hours=hours)
    endpoints.ask_replay(desk_of(deployment, seller), identifier, since, because, _nothing)
    say("a replay is on its way")


@webhooks_app.command("delete")
def delete(identifier: Id, seller: Seller, because: Because, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Send nothing there any more."""
    endpoints.delete(desk_of(deployment_of(data, aws), seller), identifier, because, _nothing)
    say("deleted")


@webhooks_app.command("deliveries")
def deliveries(
    identifier: Id,
    seller: Seller,
    dead: Annotated[bool, typer.Option("--dead", help="What was given up, instead of all tries.")] = False,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """The last tries, newest first."""
    desk = desk_of(deployment_of(data, aws), seller)
    endpoint = endpoints.load(desk, identifier)
    table = Table("when", "event", "answer")
    if dead:
        entries = list(desk.rows.dead(seller, endpoint.id, limit=50).items)
    else:
        rows = desk.rows.log(seller, endpoint.id, limit=50).items
        entries = [each for row in rows for each in row["entries"]]  # type: ignore[union-attr,misc]  # a JSON list
    for each in entries:
        answer = each.get("problem") or each.get("status")
        table.add_row(str(each["at"]), f"{each['type']} {each['event']}", str(answer))
    out.print(table if table.row_count else "No deliveries.", markup=False)
