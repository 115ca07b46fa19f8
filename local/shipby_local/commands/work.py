"""Commands about what is due, what it costs, and whether it will be met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from shipby_local.commands.shared import DATA, DataDir, OnAws, OneSeller, deployment_of, known_sellers, out
from shipby_local.commands.text import length_of, money_of, times_text
from shipby_local.stack.errors import StackError

_PAGE = 200
_FARTHEST = timedelta(days=7)


def _ahead(within: str) -> timedelta:
    length = length_of(within, "--within")
    if not timedelta(0) < length <= _FARTHEST:
        raise StackError(f"--within {within} must be more than nothing and at most {_FARTHEST.days} days")
    return length


def deadlines(
    within: Annotated[str, typer.Option(help="How far ahead to look, such as 4h.")] = "4h",
    seller: OneSeller = None,
    limit: Annotated[int, typer.Option(min=1, help="Postings a seller at most.")] = 50,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List what is due, in the order in which a minute of work saves most money."""
    from shipby.application.deadlines.due_soon import Wanted
    from shipby.application.deadlines.due_soon import deadlines as due

    length = _ahead(within)
    deployment = deployment_of(data, aws)
    store = deployment.store()
    for one in known_sellers(store, seller):
        wanted = Wanted(within=length, limit=min(limit, _PAGE))
        answer: Mapping[str, Any] = due(one, wanted, store=store, clock=deployment.clock)
        items = list(answer["items"])
        while answer["next_cursor"] is not None and len(items) < limit:
            wanted = Wanted(within=length, limit=min(limit - len(items), _PAGE), cursor=str(answer["next_cursor"]))
            following: Mapping[str, Any] = due(one, wanted, store=store, clock=deployment.clock)
            answer = {**answer, "next_cursor": following["next_cursor"]}
            items += following["items"]
        out.print(f"[bold]{one}[/bold]: {answer['due']} due within {within}", end="")
        out.print(" (not all of them were looked at)" if answer["truncated"] else "")
        if items:
            out.print(_due_table(items))
        for totals in answer["totals"]:
            out.print("   ".join(_totals(totals)))


def _due_table(items: list[Mapping[str, Any]]) -> Table:
    table = Table("posting", "due", "next step", "at risk")
    table.columns[0].no_wrap = table.columns[1].no_wrap = table.columns[3].no_wrap = True
    table.columns[0].overflow = "fold"
    table.columns[3].justify = "right"
    for item in items:
        late = "overdue" if item["overdue"] else "late" if item["late"] else ""
        stage = ", ".join(word for word in (item["stage"], late) if word)
        moment = datetime.fromisoformat(str(item["due"]["utc"]))
        # What no price of the marketplace stands behind is an estimate of ours.
        estimated = "" if item["stated"] or item["at_risk"] is None else "about "
        per_minute = f"{money_of(item['saved_per_minute'])}/min" if item["saved_per_minute"] else "-"
        table.add_row(
            f"{escape(str(item['posting_number']))}\n{stage}",
            times_text(moment, str(item["due"]["zone"])),
            str(item["rung"]).replace("_", " "),
            f"{estimated}{money_of(item['at_risk'])}\n{per_minute}\n{item['minutes']} min of work",
            end_section=True,
        )
    return table


def _totals(totals: Mapping[str, Any]) -> Iterator[str]:
    for name in ("at_risk", "late_so_far", "lost_today"):
        yield f"{name.replace('_', ' ')}: {money_of(totals[name])}"


def risk(
    within: Annotated[str, typer.Option(help="How far ahead to look, such as 2d.")] = "2d",
    seller: OneSeller = None,
    warehouse: Annotated[str, typer.Option(help="One warehouse's id; all without it.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show for each warehouse and cut-off whether it will be met: green, yellow or red."""
    from shipby.application.deadlines.risk import Asked, lamp

    asked = Asked(within=_ahead(within), warehouse=warehouse)
    deployment = deployment_of(data, aws)
    store = deployment.store()
    for one in known_sellers(store, seller):
        answer: Mapping[str, Any] = lamp(one, asked, store=store, clock=deployment.clock)
        out.print(f"[bold]{one}[/bold]: {_about(answer)}")
        if answer["warehouses"]:
            out.print(_risk_table(answer["warehouses"]))


def what_if(
    packers: Annotated[int, typer.Option(help="So many packers more, or fewer: +1, -1.")] = 0,
    courier: Annotated[str, typer.Option(help="The courier comes so much later, or earlier: +30m, -1h.")] = "0m",
    packers_now: Annotated[int, typer.Option(min=1, help="How many pack now.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same days.")] = 1,
    within: Annotated[str, typer.Option(help="How far ahead to look, such as 2d.")] = "2d",
    seller: OneSeller = None,
    warehouse: Annotated[str, typer.Option(help="One warehouse's id; all without it.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show what more packers or a later courier would change, with the same draws before and after."""
    from shipby.application.deadlines.risk import Asked, Change
    from shipby.application.deadlines.risk import what_if as simulate_change

    if packers_now + packers < 0:
        raise StackError(f"--packers {packers} takes away more packers than the {packers_now} there are")
    change = Change(packers=packers, packers_now=packers_now, courier=length_of(courier, "--courier"))
    asked = Asked(within=_ahead(within), warehouse=warehouse, seed=seed)
    deployment = deployment_of(data, aws)
    store = deployment.store()
    for one in known_sellers(store, seller):
        answer: Mapping[str, Any] = simulate_change(one, change, asked, store=store, clock=deployment.clock)
        out.print(f"[bold]{one}[/bold]: {_about(answer)}")
        if answer["before"]:
            out.print(_risk_table(answer["before"], answer["after"]))


def _about(answer: Mapping[str, Any]) -> str:
    until = datetime.fromisoformat(str(answer["until"]))
    if not (answer.get("warehouses") or answer.get("before")):
        return f"no open posting has a cut-off before {until:%d.%m. %H:%M} UTC"
    seen = f"green from {answer['green_from_percent']} %, yellow from {answer['yellow_from_percent']} %"
    cut = "; not all of them were looked at" if answer["truncated"] else ""
    return f"cut-offs before {until:%d.%m. %H:%M} UTC; {seen}; {answer['runs']} runs, seed {answer['seed']}{cut}"


def _risk_table(now: list[Mapping[str, Any]], changed: list[Mapping[str, Any]] | None = None) -> Table:
    table = Table("warehouse and cut-off", "open", "lamp", "chance", "not packed", "at risk")
    table.columns[0].overflow = "fold"
    for column in (1, 3, 4, 5):
        table.columns[column].justify = "right"
    for house, other in zip(now, changed or now, strict=True):
        basis = f"{house['samples']} packed in {house['days']} d" if house["basis"] == "measured" else "no history yet"
        late = f", {house['late_postings']} late" if house["late_postings"] else ""
        table.add_row(f"[bold]{escape(str(house['warehouse_id'] or '-'))}[/bold]\n{basis}{late}")
        for one, after in zip(house["cut_offs"], other["cut_offs"], strict=True):
            pair = (one, after) if changed is not None else (one,)
            details = [each["detail"] or {} for each in pair]
            table.add_row(
                times_text(datetime.fromisoformat(str(one["cut_off"]["utc"])), str(one["cut_off"]["zone"])),
                str(one["postings"]),
                _then(_lamp(str(each["lamp"])) for each in pair),
                _then(f"{detail['chance_percent']} %" if detail else "-" for detail in details),
                _then(str(detail.get("expected_missing", "-")) for detail in details),
                "\n".join(money_of(money) for money in details[0].get("at_risk", ())) or "-",
            )
        table.add_section()
    return table


def _then(values: Iterable[str]) -> str:
    """As it is, and under it as it would be."""
    return "\n-> ".join(values)


def _lamp(colour: str) -> str:
    return f"[{colour}]{colour}[/{colour}]"
