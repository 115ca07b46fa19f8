"""Commands for parcels that have left the house, and for their carriers: the API's own operations."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Optional

import typer
from rich.table import Table

from shipby_local.commands import day
from shipby_local.commands.day import AsJson, IfMatch, Key, Number, Why, cell, facts, listing, show, show_rows
from shipby_local.commands.shared import DATA, DataDir, OnAws, OneSeller, deployment_of, known_sellers, out
from shipby_local.in_process import address

tracking_app = typer.Typer(no_args_is_help=True, help="Parcels that have left the house.")
carriers_app = typer.Typer(no_args_is_help=True, help="Carriers: how good they are, and which one a parcel goes with.")
Grams = Annotated[Optional[int], typer.Option(min=1, help="Of the parcel; left out: as it was weighed last.")]  # noqa: UP045  # Typer evaluates it
Lane = Annotated[str, typer.Option(help="Such as CN-RU: price lists of that lane go first.")]

_MOST_SILENT = 1000


def _asked(**values: object) -> dict[str, str]:
    return {name.rstrip("_"): str(value) for name, value in values.items() if value not in (None, "")}


@tracking_app.command()
def way(
    number: Number, as_json: AsJson = False, seller: OneSeller = None, data: DataDir = DATA, aws: OnAws = None
) -> None:
    """Show every number of a posting with its scans, and what its silence says."""

    def table(body: Mapping[str, Any]) -> Table:
        shown = Table("number", "journey", "at", "status", "the carrier's words")
        for one in body["numbers"]:
            name = f"{one['tracking_number']}{'' if one['present'] else ' (former)'}"
            for journey in one["journeys"]:
                for scan in journey["scans"]:
                    shown.add_row(name, str(journey["journey"]), scan["at"], scan["status"], cell(scan["words"]))
            if not one["journeys"]:
                shown.add_row(name, "-", "-", "no scan", "-")
        return shown

    show(day.api_of(data, aws, seller).call("GET", address("postings", number, "way")), as_json=as_json, table=table)


@tracking_app.command()
def silent(as_json: AsJson = False, seller: OneSeller = None, data: DataDir = DATA, aws: OnAws = None) -> None:
    """List parcels that are not accepted, delayed, lost, held or on their way back."""

    def table(items: Sequence[Mapping[str, Any]]) -> Table | str:
        rows = [{**item, **{name: item["silence"][name] for name in ("says", "since", "lost_at")}} for item in items]
        kept = ("posting_number", "tracking_number", "says", "since", "lost_at", "worth")
        return listing([{name: row[name] for name in kept} for row in rows])

    found = day.api_of(data, aws, seller).rows(address("silent-parcels"), {"limit": "200"}, most=_MOST_SILENT)
    show_rows(found, most=_MOST_SILENT, as_json=as_json, table=table)


@tracking_app.command()
def exception(
    number: Number,
    decide: Annotated[str, typer.Option(metavar="REMEDY", help="compensation or reship; needs --reason.")] = "",
    reason: Why = "",
    instead: Annotated[bool, typer.Option("--instead", help="Takes the other remedy back.")] = False,
    grams: Grams = None,
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show a parcel that is late or lost with letters, documents, money and both remedies, or choose one of them."""
    api, place = day.api_of(data, aws, seller), address("postings", number, "exception")
    if decide:
        body = {"remedy": decide, "reason": reason, "instead": instead}
        show(api.call("POST", place, body=body, key=key), as_json=as_json, table=facts)
    else:
        show(api.call("GET", place, query=_asked(grams=grams)), as_json=as_json, table=facts)


@tracking_app.command("import")
def import_scans(
    table: Annotated[typer.FileText, typer.Argument(help="A carrier's table of scans as CSV; - is standard input.")],
    time_zone: Annotated[str, typer.Option(help="Of times that name none, such as Europe/Moscow.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Keep them; without it nothing is changed.")] = False,
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Read a carrier's table: a verdict for each row, and with --apply what is right of it is kept."""
    body = {"csv": table.read(), "time_zone": time_zone, "dry_run": not apply}
    reply = day.api_of(data, aws, seller).call("POST", address("carrier-scans", "import"), body=body)
    show(reply, as_json=as_json, table=lambda told: listing(told["items"]))


@tracking_app.command()
def follow(seller: OneSeller = None, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Have every number under way followed by 17TRACK, and read them where the account does not push."""
    from shipby.adapters.aws.parameters import SellerParameters
    from shipby.adapters.seventeentrack.accounts import SeventeenTrackAccounts
    from shipby.application.tracking.following.follow import follow_all

    deployment = deployment_of(data, aws)
    prefix = str(deployment.outputs["ParameterPrefix"])
    services = SeventeenTrackAccounts(SellerParameters(prefix, client=deployment.client("ssm")))
    store = deployment.store()
    for one in known_sellers(store, seller):
        if services.of(one) is None and seller is None:
            continue
        done = follow_all(one, store=store, services=services, clock=deployment.clock)
        out.print(f"{one}: {done.numbers} numbers under way, {len(done.refused)} refused, {done.kept} scans read")
        for number, why in done.refused.items():
            out.print(f"  {number}: {why}", markup=False)


@carriers_app.command()
def scorecards(
    by: Annotated[str, typer.Option(help="Comma-separated: carrier, lane, month.")] = "carrier",
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day (UTC).")] = "",
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day (UTC).")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="As a table for spreadsheets.")] = False,
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show how good carriers are: first scan, transit, late, lost, returned, claims, with samples and intervals."""
    query = _asked(by=by, from_=first, to=last, format="csv" if csv else "")
    reply = day.api_of(data, aws, seller).call("GET", address("reports", "carriers"), query=query)
    if csv and reply.good:
        sys.stdout.write(reply.body)
        return
    show(reply, as_json=as_json, table=_cards)


def _cards(body: Mapping[str, Any]) -> Table | str:
    if not body["items"]:
        return "Nothing."
    shown = Table(", ".join(body["by"]) or "all", "parcels", "open", "first scan h", "p50 h", "p90 h", "late", "lost")
    for one in body["items"]:
        shown.add_row(
            " / ".join(cell(value) for value in one["group"].values()) + ("" if one["enough"] else " (few)"),
            str(one["parcels"]),
            str(one["fates"]["open"]),
            *(cell(one_of["hours"]) for one_of in (one["first_scan"], one["transit"]["p50"], one["transit"]["p90"])),
            *(_share(one[name]) for name in ("late", "lost")),
        )
    return shown


def _share(share: Mapping[str, Any]) -> str:
    low, high = share["interval"]["low"], share["interval"]["high"]
    return f"{share['hits']} of {share['of']}\n{low} to {high}" if share["of"] else "-"


@carriers_app.command()
def choice(
    number: Number,
    grams: Grams = None,
    lane: Lane = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show every carrier for a parcel of your own, the best first, and what was chosen."""
    place, query = address("postings", number, "carrier-choice"), _asked(grams=grams, lane=lane)
    show(day.api_of(data, aws, seller).call("GET", place, query=query), as_json=as_json, table=_scores)


@carriers_app.command()
def choose(
    number: Number,
    carrier: Annotated[str, typer.Option(help="Its code, name or alias; left out: the best one.")] = "",
    reason: Why = "",
    grams: Grams = None,
    lane: Lane = "",
    if_match: IfMatch = "",
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Choose the best carrier for a parcel, or another one with a reason."""
    body: dict[str, object] = {**_asked(carrier=carrier, reason=reason, lane=lane)}
    if grams is not None:
        body["grams"] = grams
    place = address("postings", number, "carrier-choice")
    reply = day.api_of(data, aws, seller).call("POST", place, body=body, if_match=if_match, key=key)
    show(reply, as_json=as_json, table=_scores)


def _scores(body: Mapping[str, Any]) -> Table:
    chosen = (body["chosen"] or {}).get("carrier")
    shown = Table("carrier", "expected cost", "price", "in time", "lost", "parcels known", "why not")
    for one in body["carriers"]:
        name = f"{one['carrier']}{' (chosen)' if one['carrier'] == chosen else ''}"
        parts = (cell(one[part]) for part in ("expected_cost", "price", "in_time", "lost", "samples", "why_not"))
        shown.add_row(name, *parts)
    return shown
