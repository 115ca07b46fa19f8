"""How the loss audit is shown: on a terminal, and as a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shipby.application.deadlines.audit_losses import LossAudit, loss_view
from shipby.application.shared.csv_text import csv_text, separator_of
from shipby.domain.deadlines.loss_audit import RungLine, Share, totals
from shipby_local.commands.text import length_text, money_text

_LISTED = 15
"""How many unexplained postings a terminal shows; files hold all."""
_COLUMNS = (
    "posting_number",
    "rung",
    "at",
    "cost",
    "currency",
    "estimated",
    "forgiven",
    "scheme",
    "cut_off",
    "cost_at",
    "reminder_at",
    "reminder_before",
    "reminder_lead",
    "policy_move",
    "unexplained",
)


def print_audit(out: Console, audit: LossAudit, *, seller: str, settings_of: str) -> None:
    """The whole report."""
    days = round((audit.until - audit.since) / timedelta(days=1))
    out.print(f"[bold]Loss audit of {seller}[/bold], {audit.since:%d.%m.%Y} - {audit.until:%d.%m.%Y} ({days} days)")
    charges = len(audit.charges) + len(audit.forgiven)
    out.print(f"read: {audit.postings_read} postings and {charges} charges in {audit.reads} calls; nothing was written")
    reminders = ", ".join(length_text(before) for before in audit.remind_before) or "none"
    out.print(f"policy: {audit.policy}; reminders before the cut-off: {reminders} ({settings_of})")
    out.print(f"error index now: {audit.index.index:.2f} %\n")
    out.print(_rungs(audit) if audit.lines else "No lateness and no cancel cost anything in this time.")
    _print_totals(out, audit)
    _print_comparison(out, audit)
    _print_unexplained(out, audit)


def _rungs(audit: LossAudit) -> Table:
    table = Table("what each rung cost", "postings", "cost", "time to spare")
    table.columns[1].justify = table.columns[2].justify = "right"
    table.columns[2].no_wrap = True
    for line in audit.lines:
        kind = "estimate" if line.estimated else "charged"
        table.add_row(f"[bold]{escape(line.rung)}[/bold] ({kind})", *_share(line.total), "")
        for name, share, spare in _parts(line):
            table.add_row(f"  {name}", *_share(share), spare, style="dim")
        table.add_section()
    return table


def _share(share: Share) -> tuple[str, str]:
    return str(share.postings), money_text(share.cost)


def _parts(line: RungLine) -> Iterator[tuple[str, Share, str]]:
    for before, share in sorted(line.reminders.items(), reverse=True):
        yield f"reminder {length_text(before)} before", share, f"{length_text(line.leads[before])} or more"
    if line.out_of_reach.postings:
        yield "no reminder in time", line.out_of_reach, ""
    for move, share in line.moves.items():
        yield f"policy would {move.replace('_', ' ')}", share, ""


def _print_totals(out: Console, audit: LossAudit) -> None:
    for name, losses in (
        ("charged by the marketplace", audit.charges),
        ("tariff, estimated from the postings' steps (an upper bound)", audit.estimates),
        ("forgiven (grace), not charged", audit.forgiven),
    ):
        if losses:
            sums = ", ".join(money_text(money) for money in totals(losses).values())
            out.print(f"{name}: [bold]{sums}[/bold] for {len({loss.number for loss in losses})} postings")
    if audit.without_tariff:
        out.print(f"no tariff steps were named for {audit.without_tariff} postings: nothing is estimated for them")


def _print_comparison(out: Console, audit: LossAudit) -> None:
    found = audit.comparison
    out.print(f"\nThe index's own period, {found.period_from:%d.%m.} - {found.period_to:%d.%m.%Y}:")
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("the marketplace's sum of charges", money_text(found.marketplace))
    table.add_row("sum of the charges it lists", money_text(found.listed))
    for money in found.other_currencies.values():
        table.add_row("listed in another currency", money_text(money))
    verdict = "[green]equal[/green]" if found.equal else "[red]DIFFERENT[/red]"
    table.add_row(f"difference: {verdict}", money_text(found.difference))
    out.print(table)
    for day in found.days:
        sums = f"sum {money_text(day.marketplace)}, list {money_text(day.listed)}"
        out.print(f"  {day.day:%d.%m.%Y}: {sums}")
    if found.difference.minor and found.difference == found.forgiven:
        out.print("  The difference is exactly what the list marks as forgiven.")


def _print_unexplained(out: Console, audit: LossAudit) -> None:
    if not audit.unexplained:
        return
    out.print(f"\n[bold]Unexplained[/bold] ({len(audit.unexplained)}):")
    table = Table("posting", "because")
    table.columns[0].overflow = "fold"
    for one in audit.unexplained[:_LISTED]:
        table.add_row(escape(one.number), escape(one.why))
    out.print(table)
    more = len(audit.unexplained) - _LISTED
    if more > 0:
        out.print(f"and {more} more: see --csv or --json")


def write_csv(path: Path, audit: LossAudit, language: str) -> None:
    """Every loss, and every unexplained posting that has none, as the spreadsheets in a language have it. Raises
    OSError."""
    views = (loss_view(loss) | {"cost": loss.cost.amount, "currency": loss.cost.currency} for loss in audit.losses)
    lines = [[cell(view[name]) for name in _COLUMNS] for view in views]
    with_loss = {(loss.number, loss.unexplained) for loss in audit.losses}
    for one in audit.unexplained:
        if (one.number, one.why) not in with_loss:
            told = {"posting_number": one.number, "unexplained": one.why}
            lines.append([cell(told.get(name)) for name in _COLUMNS])
    path.write_bytes(csv_text(_COLUMNS, lines, separator_of(language)).encode())


def cell(value: object) -> str:
    """A value as the text of a cell."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
