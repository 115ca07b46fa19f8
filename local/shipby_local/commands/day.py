"""The day's work by the API's own operations: boards, steps, prints, decisions, exports.

Exit codes: 0 done; 1 no deployment or another error of ours; 2 wrong usage; 3 there is no such item; 4 refused as it
stands (stage, offer, cap); 5 the input is wrong; 6 not allowed; 7 it changed meanwhile (If-Match); 8 try again later.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, Optional

import typer
from rich.markup import escape
from rich.table import Table

from shipby_local.commands.shared import DATA, DataDir, OnAws, OneSeller, deployment_of, err, out
from shipby_local.commands.text import money_of
from shipby_local.in_process import Api, Reply, address, packages_of
from shipby_local.stack.errors import StackError

LISTS = (
    "postings",
    "returns",
    "cases",
    "claims",
    "cancel-requests",
    "carriages",
    "intents",
    "refunds",
    "products",
    "carriers",
    "warehouses",
    "delivery-methods",
    "deadlines",
)
_WHOLE = ("warehouses", "delivery-methods", "carriers")
"""Lists without pages."""
CODES: Mapping[int, int] = {400: 5, 401: 6, 403: 6, 404: 3, 409: 4, 412: 7, 413: 5, 415: 5, 422: 5, 428: 7, 429: 8}
"""Exit code by status; other refusals are 4, what fails is 8."""

AsJson = Annotated[bool, typer.Option("--json", help="The API's answer as it is.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="A posting's number.")]
Why = Annotated[str, typer.Option(help="Why; kept in the history.")]
Key = Annotated[str, typer.Option("--key", help="Idempotency-Key: the same call again changes nothing.")]
IfMatch = Annotated[str, typer.Option(help="The version that this was decided on.")]


def api_of(data: Path, aws: str | None, seller: str | None) -> Api:
    """The API for the seller that is named, or for the only one there is."""
    deployment = deployment_of(data, aws)
    sellers = [seller] if seller else deployment.store().sellers()
    if len(sellers) != 1:
        told = f"there are {len(sellers)}: name one with --seller" if sellers else "there is none yet"
        raise StackError(f"whose? {told}")
    return Api.of(deployment, sellers[0])


def code_of(status: int) -> int:
    if status < 400:
        return 0
    return CODES.get(status, 8 if status >= 500 else 4)


def refuse(reply: Reply, *, as_json: bool) -> NoReturn:
    """End with the problem and its exit code."""
    if as_json:
        sys.stdout.write(json.dumps(reply.body, ensure_ascii=False) + "\n")
    else:
        problem = reply.body
        err.print(f"[red]{escape(problem['title'])}:[/red] {escape(problem['detail'])}", soft_wrap=True)
        for error in problem.get("errors") or ():
            err.print(escape(f"  {error['field']}: {error['problem']}"), soft_wrap=True)
        err.print(escape(problem["what_to_do"]), soft_wrap=True)
    sys.exit(code_of(reply.status))


def show(reply: Reply, *, as_json: bool, table: Callable[[Any], Table | str]) -> None:
    if not reply.good:
        refuse(reply, as_json=as_json)
    if as_json:
        sys.stdout.write(json.dumps(reply.body, ensure_ascii=False) + "\n")
    else:
        out.print(table(reply.body))


def show_rows(
    replies: Iterable[Reply], *, most: int, as_json: bool, table: Callable[[Sequence[Mapping[str, Any]]], Table | str]
) -> None:
    """Rows of several pages, as a table or a line of JSON each; ends at the first page that is refused."""
    items: list[Any] = []
    for reply in replies:
        if not reply.good:
            refuse(reply, as_json=as_json)
        items += reply.body["items"]
    if as_json:
        sys.stdout.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items[:most])
    else:
        out.print(table(items[:most]))


def cell(value: object) -> str:
    """A value of the API as a table shows it."""
    match value:
        case None | "" | []:
            return "-"
        case dict() if not value:
            return "-"
        case {"amount": _, "currency": _}:
            return money_of(value)
        case {"action": action, "clock": clock}:
            return f"{action}\n{cell(clock)}" if clock else str(action)
        case {"due": due, "kind": kind}:
            return f"{due} {kind}"
        case dict():
            return escape(", ".join(f"{name}: {cell(one)}" for name, one in value.items() if one))
        case list():
            return "\n".join(cell(one) for one in value)
        case bool():
            return "yes" if value else "no"
    return escape(str(value))


_COLUMNS: Mapping[str, Sequence[str]] = {
    "postings": ("posting_number", "stage", "next", "cut_off", "label", "tags", "at_risk"),
    "returns": ("id", "posting_number", "stage", "decide_by", "sku", "quantity", "price"),
    "cases": ("id", "kind", "subject", "reason", "opened_at"),
    "intents": ("id", "action", "state", "created_at", "amount", "outcome"),
    "refunds": ("id", "state", "amount", "created_at", "actor", "outcome"),
    "claims": ("id", "kind", "posting_number", "state", "answer_by"),
}


def listing(items: Sequence[Mapping[str, Any]], name: str = "") -> Table | str:
    """Items as a table: their columns of this list, or the first seven that are no lists."""
    if not items:
        return "Nothing."
    first = items[0]
    columns = [column for column in _COLUMNS.get(name, ()) if column in first] or list(first)[:7]
    table = Table(*(column.replace("_", " ") for column in columns))
    table.columns[0].overflow = "fold"
    for item in items:
        table.add_row(*(cell(item.get(column)) for column in columns))
    return table


def facts(body: Mapping[str, Any]) -> Table:
    """One thing, a line a field; what is empty is left out."""
    table = Table("field", "value")
    for name, value in body.items():
        if (text := cell(value)) != "-":
            table.add_row(name.replace("_", " "), text)
    return table


def search(
    text: Annotated[str, typer.Argument(help="A number or the beginning of a part of it, a code, a SKU, an article.")],
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Find postings by whatever is at hand. Exit code 3 when nothing is found."""

    def table(body: Mapping[str, Any]) -> Table | str:
        rows = [
            {
                "posting_number": one["posting_number"],
                "stage": (one["posting"] or {}).get("stage"),
                "next": (one["posting"] or {}).get("next"),
                "matched": ", ".join(f"{match['by']} {match['text']}" for match in one["matched"]),
            }
            for one in body["items"]
        ]
        return listing(rows)

    reply = api_of(data, aws, seller).call("GET", "/v1/search", query={"q": text})
    show(reply, as_json=as_json, table=table)
    if not reply.body["items"]:
        sys.exit(CODES[404])


def boards(as_json: AsJson = False, seller: OneSeller = None, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Show how much stands on each board."""

    def table(body: Mapping[str, Any]) -> Table:
        shown = Table("board", "which", "open")
        for name in ("stage", "next", "warehouse", "method", "scheme", "late"):
            for one in body[f"by_{name}"]:
                shown.add_row(f"postings by {name}", escape(one["value"]), str(one["count"]))
        for one in body["others"]:
            shown.add_row(one["board"], "-", str(one["count"]))
        return shown

    show(api_of(data, aws, seller).call("GET", "/v1/boards"), as_json=as_json, table=table)


def morning(as_json: AsJson = False, seller: OneSeller = None, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Show the eight figures of the morning, each with yesterday's and the address of its rows."""

    def table(body: Mapping[str, Any]) -> Table:
        shown = Table("figure", "now", "yesterday", "limit", "money", "rows")
        for one in body["figures"]:
            rows = "\n".join(f"{part['count']} {part['href']}" for part in one["parts"] if part["count"])
            name = one["name"].replace("_", " ")
            shown.add_row(name, str(one["count"]), cell(one["yesterday"]), cell(one["limit"]), cell(one["money"]), rows)
        return shown

    show(api_of(data, aws, seller).call("GET", "/v1/reports/morning"), as_json=as_json, table=table)


def list_rows(
    what: Annotated[str, typer.Argument(help=f"One of: {', '.join(LISTS)}.")],
    where: Annotated[Optional[list[str]], typer.Argument(metavar="NAME=VALUE", help="As the API's parameters.")] = None,  # noqa: UP045  # Typer evaluates it
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 50,
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List anything that the API lists; with --json a line a row."""
    if what not in LISTS:
        raise StackError(f"{what!r} is no list; lists are {', '.join(LISTS)}")
    wrong = [pair for pair in where or () if "=" not in pair]
    if wrong:
        raise StackError(f"{wrong[0]!r} is no NAME=VALUE, such as stage=packed")
    query = dict(pair.split("=", 1) for pair in where or ())
    if what not in _WHOLE:
        query.setdefault("limit", str(min(limit, 200)))
    show_rows(
        api_of(data, aws, seller).rows(address(what), query, most=limit),
        most=limit,
        as_json=as_json,
        table=lambda items: listing(items, what),
    )


def posting(
    number: Number, as_json: AsJson = False, seller: OneSeller = None, data: DataDir = DATA, aws: OnAws = None
) -> None:
    """Show one posting with the marketplace's facts."""
    show(api_of(data, aws, seller).call("GET", address("postings", number)), as_json=as_json, table=facts)


def _step(name: str, told: str) -> Callable[..., None]:
    def command(
        number: Number,
        reason: Why = "",
        key: Key = "",
        if_match: IfMatch = "",
        as_json: AsJson = False,
        seller: OneSeller = None,
        data: DataDir = DATA,
        aws: OnAws = None,
    ) -> None:
        body = {"reason": reason} if reason or name in ("unblock", "override") else {}
        reply = api_of(data, aws, seller).call(
            "POST", address("postings", number, name), body=body, key=key, if_match=if_match
        )
        show(reply, as_json=as_json, table=lambda done: f"{done['posting_number']}: {done['stage']}")

    command.__doc__ = told
    return command


confirm = _step("confirm", "Confirm a posting.")
pick = _step("pick", "Say that a posting is picked.")
pack = _step("pack", "Say that a posting is packed.")
hand_over = _step("hand-over", "Say that a posting has left the house.")
unblock = _step("unblock", "Let work on a blocked posting go on; needs --reason.")
override = _step("override", "Take up an expired posting again; needs --reason.")


def inspect(
    number: Number,
    failed: Annotated[bool, typer.Option("--failed", help="It did not pass; needs --reason.")] = False,
    reason: Why = "",
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Say that a posting was inspected."""
    body = {"passed": not failed, "reason": reason}
    reply = api_of(data, aws, seller).call("POST", address("postings", number, "inspect"), body=body, key=key)
    show(reply, as_json=as_json, table=lambda done: f"{done['posting_number']}: {done['stage']}")


def ship(
    number: Number,
    package: Annotated[Optional[list[str]], typer.Option(help="SKU=QUANTITY,… of one package; once for each.")] = None,  # noqa: UP045  # as above
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Have a posting assembled at the marketplace; all in one package, or as named."""
    try:
        body = {"packages": packages_of(package)} if package else {}
    except ValueError as error:
        raise StackError(f"--package {package}: write it like 149123456=2,149123457=1") from error
    reply = api_of(data, aws, seller).call("POST", address("postings", number, "ship"), body=body, key=key)
    show(reply, as_json=as_json, table=facts)


def cancel(
    number: Number,
    reason_id: Annotated[int, typer.Option(help="One of the marketplace's reasons.")],
    comment: Annotated[str, typer.Option(help="Told to the marketplace.")] = "",
    accept_forecast: Annotated[bool, typer.Option(help="You have seen what it does to the error index.")] = False,
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Cancel a posting."""
    body = {"reason_id": reason_id, "comment": comment, "accept_forecast": accept_forecast}
    reply = api_of(data, aws, seller).call("POST", address("postings", number, "cancel"), body=body, key=key)
    show(reply, as_json=as_json, table=facts)


def print_labels(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="Postings, in the order of printing.")],
    content: Annotated[str, typer.Option(help="labels, stickers, packing_slips or pick_list.")] = "labels",
    reason: Annotated[str, typer.Option(help="Why again, where a label was printed before.")] = "",
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Ask for a file of labels; `shipby print-job ID` shows when it is there, and where."""
    body = {"posting_numbers": numbers, "content": content, "reason": reason}
    reply = api_of(data, aws, seller).call("POST", "/v1/labels", body=body, key=key)
    show(reply, as_json=as_json, table=facts)


def print_job(
    job: Annotated[str, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Show a print job and the address of its file."""
    show(api_of(data, aws, seller).call("GET", address("labels", job)), as_json=as_json, table=facts)


def decide(
    return_id: Annotated[str, typer.Argument(metavar="RETURN")],
    action_id: Annotated[int, typer.Option(help="One of the return's available_actions.")],
    refund: Annotated[bool, typer.Option("--refund/--no-refund", help="Whether the buyer gets money by it.")],
    amount: Annotated[str, typer.Option(help="Such as 12.50, where the action asks for one.")] = "",
    currency: Annotated[str, typer.Option(help="Of the amount.")] = "RUB",
    comment: Annotated[str, typer.Option(help="Told to the marketplace, where the action takes one.")] = "",
    reason: Why = "",
    key: Key = "",
    as_json: AsJson = False,
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Decide a return."""
    body: dict[str, object] = {"action_id": action_id, "refund": refund}
    body |= {name: text for name, text in (("comment", comment), ("reason", reason)) if text}
    if amount:
        body["amount"] = {"amount": amount, "currency": currency}
    reply = api_of(data, aws, seller).call("POST", address("returns", return_id, "decide"), body=body, key=key)
    show(reply, as_json=as_json, table=facts)


def export(
    what: Annotated[str, typer.Argument(help="refunds or returns.")],
    where: Annotated[Optional[list[str]], typer.Argument(metavar="NAME=VALUE", help="As the API's parameters.")] = None,  # noqa: UP045  # as above
    seller: OneSeller = None,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Write a table (CSV) to the standard output."""
    paths = {"refunds": "/v1/refunds/export", "returns": "/v1/reports/returns"}
    if what not in paths:
        raise StackError(f"{what!r} cannot be exported; {' and '.join(paths)} can")
    query = {"format": "csv"} if what == "returns" else {}
    query |= dict(pair.split("=", 1) for pair in where or () if "=" in pair)
    reply = api_of(data, aws, seller).call("GET", paths[what], query=query)
    if not reply.good:
        refuse(reply, as_json=False)
    sys.stdout.write(reply.body)
