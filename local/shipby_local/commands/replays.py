"""Commands that look back: an item rebuilt from its history, and what automation in shadow mode would have done."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from shipby.application.ports.store import Store
from shipby.application.proof.replay import replay as replayed
from shipby.application.proof.replay import replay_view
from shipby.application.sellers import shadow_report as reports
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Ref, posting_ref, return_ref
from shipby_local.commands.shared import DATA, DataDir, OnAws, OneSeller, deployment_of, known_sellers, out, say
from shipby_local.stack.errors import StackError

_TIME = "%d.%m.%Y %H:%M:%S"
_WIDEST = 160
"""Characters of a value that a terminal shows; --json has all."""


def replay(
    posting: Annotated[str, typer.Option(metavar="NUMBER", help="The posting to rebuild.")] = "",
    of_return: Annotated[str, typer.Option("--return", metavar="ID", help="A return instead of a posting.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Rebuild a posting or a return from its history and compare it with what is stored; exit code 1 if they differ."""
    if bool(posting) == bool(of_return):
        raise StackError("Name one item: --posting NUMBER or --return ID")
    ref = posting_ref(posting) if posting else return_ref(of_return)
    deployment = deployment_of(data, aws)
    store = deployment.store()
    told = _replay(store, known_sellers(store, seller), ref, deployment.clock.now())
    if as_json:
        say(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _show(told)
    if not told["equal"]:
        sys.exit(1)


def _replay(store: Store, sellers: Sequence[str], ref: Ref, now: datetime) -> Mapping[str, Any]:
    """Of the first seller that knows the item. Raises StackError if none does."""
    for one in sellers:
        try:
            return {"seller": one, **replay_view(replayed(one, ref, store=store, now=now))}
        except NotFoundError:
            continue
    raise StackError(f"No seller here has a {ref.kind.lower()} {ref.id}")


def _show(told: Mapping[str, Any]) -> None:
    say(f"{told['kind']} {told['id']} of seller {told['seller']}, all times UTC")
    if told["pushes_since"]:
        say(f"pushes are kept for 30 days: those before {_time(told['pushes_since'])} are gone")
    for step in told["steps"]:
        _pushes(step["pushes"])
        say(f"version {step['version']}  {_time(step['at'])}")
        for event in step["events"]:
            policy = f"  [policy version {event['policy_version']}]" if event["policy_version"] is not None else ""
            reason = f": {event['reason']}" if event["reason"] else ""
            say(f"    {event['type']} by {event['actor']}{policy}{reason}")
            facts = ", ".join(f"{name}={_value(value)}" for name, value in event["data"].items() if name != "policy")
            if facts:
                say(f"        because of {facts}")
        for name, pair in step["changed"].items():
            say(f"    {name}: {_value(pair['before'])} -> {_value(pair['after'])}")
        if not step["rebuilt"]:
            say("    (its change was not kept: it cannot be rebuilt)")
    _pushes(told["later_pushes"])
    _verdict(told)


def _pushes(pushes: Sequence[Mapping[str, Any]]) -> None:
    for push in pushes:
        say(f"  push {push['type']}  {_time(push['at'])}  ({push['state']}, {push['digest']})")


def _verdict(told: Mapping[str, Any]) -> None:
    if told["not_rebuilt"]:
        say(f"not rebuilt: versions {', '.join(map(str, told['not_rebuilt']))}; their changes were not kept")
    for gap in told["gaps"]:
        say(f"! {gap}")
    for name, pair in told["differences"].items():
        say(f"! {name}: rebuilt {_value(pair['rebuilt'])}, stored {_value(pair['stored'])}")
    if told["note"]:
        say(told["note"])
    if told["equal"]:
        out.print(f"[green]equal[/green]: rebuilt and stored are the same {told['bytes']} bytes")
        say(f"sha256 {told['sha256']}")
    else:
        out.print("[red]DIFFERENT[/red]")


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):{_TIME}}"


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def shadow_report(
    days: Annotated[int, typer.Option(min=1, max=reports.MOST_DAYS, help="So many days (UTC), today included.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show what automatic actions in shadow mode would have done, and what happened instead."""
    deployment = deployment_of(data, aws)
    store, last = deployment.store(), deployment.clock.now().date()
    found = [_report(store, one, last - timedelta(days=days - 1), last) for one in known_sellers(store, seller)]
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for told in found:
        counts = ", ".join(f"{action} {number}" for action, number in told["by_action"].items()) or "nothing"
        out.print(f"[bold]{escape(told['seller'])}[/bold], {told['from']} - {told['to']}: would have done {counts}")
        if told["items"]:
            out.print(_table(told["items"]))


def _report(store: Store, seller: str, first: date, last: date) -> Mapping[str, Any]:
    items: list[Any] = []
    cursor: str | None = None
    while True:
        told: Mapping[str, Any] = reports.shadow_report(seller, first, last, limit=200, cursor=cursor, store=store)
        items += told["items"]
        cursor = told["next_cursor"]
        if cursor is None:
            return {"seller": seller, **told, "items": items}


def _table(items: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("when (UTC)", "about", "would have", "because", "what happened")
    table.columns[1].overflow = "fold"
    for item in items:
        then = item["then"]
        happened = then["outcome"].replace("_", " ")
        if then["event"]:
            happened += f"\n{then['event']} by {then['actor']}\n{_time(then['at'])}"
        because = f"{item['reason']}\n(policy version {item['policy_version']})"
        about = f"{item['kind'].lower()} {item['of']}"
        cells = (_time(item["at"]), about, item["would"], because, happened)
        table.add_row(*(escape(cell) for cell in cells), end_section=True)
    return table
