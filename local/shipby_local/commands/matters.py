"""Commands for what no machine may leave in silence: cases, and alarms that were set aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Annotated

import typer
from rich.table import Table

from shipby.application.alarms import set_aside
from shipby.application.cases.opening import close_case
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.commands.shared import DATA, DataDir, OnAws, OneSeller, deployment_of, known_sellers, out, say
from shipby_local.commands.text import length_of, length_text, times_text
from shipby_local.stack.errors import StackError

ACTOR = "system:cli"
_ALARMS = 50
"""How many alarms are shown at most."""


def cases(
    seller: OneSeller = None,
    closed: Annotated[bool, typer.Option("--closed", help="The closed ones instead of the open ones.")] = False,
    close: Annotated[str, typer.Option(metavar="ID", help="Close this case; needs --because.")] = "",
    because: Annotated[str, typer.Option(help="What was done about it; kept in the history.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List the matters for a person, oldest first, or close one."""
    deployment = deployment_of(data, aws)
    store = deployment.store()
    sellers = known_sellers(store, seller)
    if close or because:
        _close(store, sellers, close, because, deployment.clock.now())
        return
    table = Table("case", "about, since", "reason" if not closed else "reason and resolution")
    table.columns[0].no_wrap = True
    table.columns[0].overflow = table.columns[1].overflow = "fold"
    for one in sellers:
        zone = (store.settings(one) or SellerSettings(seller=one)).time_zone
        for case in _cases(store, one, open_only=not closed):
            about = f"{case.kind}\n{case.subject}\n{times_text(case.opened_at, zone)}"
            reason = case.reason if case.open else f"{case.reason}\n=> {case.resolution} ({case.closed_by})"
            whose = f"{case.id}\nseller {one}\nowner: {case.owner or 'everybody'}"
            table.add_row(whose, about, reason, end_section=True)
    out.print(table if table.row_count else ("No closed cases." if closed else "No open cases."), markup=False)


def _cases(store: Store, seller: str, *, open_only: bool) -> Iterator[Case]:
    for identifier in every(lambda cursor: store.cases_in(seller, open_only=open_only, cursor=cursor)):
        case = store.case(seller, identifier)
        # The list lags behind a case that was just closed.
        if case is not None and case.open is open_only:
            yield case


def _close(store: Store, sellers: list[str], identifier: str, because: str, now: datetime) -> None:
    if not identifier or not because.strip():
        raise StackError("Closing a case needs both: --close ID and --because TEXT")
    owners = [one for one in sellers if store.case(one, identifier) is not None]
    if not owners:
        raise StackError(f"There is no case {identifier}; `shipby cases` lists the open ones")
    for one in owners:
        close_case(store, seller=one, identifier=identifier, resolution=because, now=now, actor=ACTOR)
        say(f"Case {identifier} of seller {one} is closed.")


def alarms(
    seller: OneSeller = None,
    aside: Annotated[
        bool, typer.Option("--aside", help="Those that were set aside because they could not be fired.")
    ] = False,
    bring_back: Annotated[
        str, typer.Option(metavar="ITEM", help="Bring the alarm of this item back that was set aside, or `all`.")
    ] = "",
    within: Annotated[str, typer.Option(help="Without --aside: how far ahead to look, such as 1h.")] = "1h",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """List the alarms that ring next, or those that were set aside; bring them back."""
    ahead = length_of(within, "--within")
    deployment = deployment_of(data, aws)
    store, now = deployment.store(), deployment.clock.now()
    known_sellers(store, seller)
    if bring_back:
        _bring_back(store, seller or "", bring_back, now)
    elif aside:
        _list_aside(store, seller or "")
    else:
        _list_due(store, seller or "", now, ahead)


def _bring_back(store: Store, seller: str, wanted: str, now: datetime) -> None:
    item = "" if wanted == "all" else wanted
    back = set_aside.bring_back(store=store, now=now, actor=ACTOR, seller=seller, item=item)
    if item and not back:
        raise StackError(f"No alarm of {item} is set aside; `shipby alarms --aside` lists those that are")
    for alarm in back:
        say(f"{alarm.seller}: the alarm of {set_aside.item_name(alarm)} rings again.")
    if not back:
        say("No alarm is set aside.")


def _list_aside(store: Store, seller: str) -> None:
    table = Table("seller", "item", "due (UTC)", "set aside (UTC)", "reason")
    table.columns[1].overflow = "fold"
    for each in set_aside.list_aside(store=store, seller=seller):
        due, at = (f"{moment:%d.%m. %H:%M:%S}" for moment in (each.alarm.due, each.at))
        table.add_row(each.alarm.seller, set_aside.item_name(each.alarm), due, at, each.reason)
    out.print(table if table.row_count else "No alarm is set aside.", markup=False)


def _list_due(store: Store, seller: str, now: datetime, ahead: timedelta) -> None:
    until = now + ahead
    shards = range(store.alarm_shards)
    # Each shard is sorted already; only the first ones of each can be among the first ones of all.
    first = [islice(_due_in(store, shard, until, seller), _ALARMS + 1) for shard in shards]
    found = sorted(chain.from_iterable(first), key=lambda alarm: (alarm.due, alarm.seller, alarm.ref.id))
    table = Table("seller", "item", "rings (UTC)", "")
    table.columns[1].overflow = "fold"
    for alarm in found[:_ALARMS]:
        wait = alarm.due - now
        said = f"in {length_text(wait)}" if wait > timedelta(0) else f"{length_text(-wait)} overdue"
        table.add_row(alarm.seller, set_aside.item_name(alarm), f"{alarm.due:%d.%m. %H:%M:%S}", said)
    out.print(table if table.row_count else f"No alarm rings before {until:%d.%m. %H:%M} UTC.", markup=False)
    if len(found) > _ALARMS:
        say(f"and more: only the first {_ALARMS} are shown")


def _due_in(store: Store, shard: int, until: datetime, seller: str) -> Iterator[AlarmRef]:
    for alarm in every(lambda cursor: store.due_alarms(shard, until=until, cursor=cursor)):
        if seller in ("", alarm.seller):
            yield alarm
