"""Commands that look into a deployment and mend it: postings, quarantine, proof, repair."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Optional

import typer
from rich.table import Table

from shipby_local.commands.shared import DATA, DataDir, OnAws, OneSeller, deployment_of, out, say
from shipby_local.stack.errors import StackError


def postings(
    seller: OneSeller = None,
    stage: Annotated[Optional[str], typer.Option(help="One stage; all open ones without it.")] = None,  # noqa: UP045  # Typer evaluates it
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List postings by stage, the most urgent first."""
    from shipby.domain.postings.posting import FINAL, Stage

    if stage is not None and stage not in set(Stage):
        raise StackError(f"{stage!r} is not a stage; stages are {', '.join(Stage)}")
    store = deployment_of(data, aws).store()
    stages = [Stage(stage)] if stage else [one for one in Stage if one not in FINAL]
    table = Table("seller", "posting", "stage", "marketplace", "cut-off (UTC)", "late")
    table.columns[1].no_wrap = True
    table.columns[1].overflow = table.columns[3].overflow = "fold"
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


def quarantine(
    days: Annotated[int, typer.Option(min=1, max=30, help="How many days back to look; pushes are kept for 30.")] = 2,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List the pushes that made no sense, with the reason; their contents are not kept, only names and sizes."""
    from shipby.application.shared.paging import every
    from shipby.domain.postings.inbox import PushState

    deployment = deployment_of(data, aws)
    store, today = deployment.store(), deployment.clock.now().date()
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


def proof(
    seller: OneSeller = None,
    grace: Annotated[int, typer.Option(help="Seconds that what is new may still be on its way.")] = 600,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Prove that nothing was lost: the marketplace's list against our rows. Exit code 1 when it is red."""
    from shipby_local.demo.screen import print_proof

    deployment = deployment_of(data, aws)
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


def repair(
    hours: Annotated[float, typer.Option(help="How far back to look.")] = 48.0,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Route again what happened in the last hours: heals whatever the stream did not deliver. Safe at any time."""
    from shipby.application.alarms.repair import repair as republish

    deployment = deployment_of(data, aws)
    store, until, listening = deployment.store(), deployment.clock.now(), deployment.listening()
    for one in store.sellers():
        done = republish(
            one,
            since=until - timedelta(hours=hours),
            until=until,
            store=store,
            publish=deployment.publish,
            listens=one in listening,
        )
        say(f"{one}: {done.events} events and {done.pushes} pushes routed again")
