"""Commands for the people of a shop and the keys of its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table

from shipby_local.commands.shared import DATA, DataDir, OnAws, deployment_of, known_sellers, out, say
from shipby_local.stack.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path

    from shipby.application.people.keeping import Keeper
    from shipby.application.ports.clock import Clock
    from shipby.application.ports.store import Store
    from shipby.application.shared.idempotency import Answer
    from shipby.domain.sellers.keys import Role

people_app = typer.Typer(no_args_is_help=True, help="People of a shop.")
keys_app = typer.Typer(no_args_is_help=True, help="Keys of the API: listed, made, rotated, revoked.")
Seller = Annotated[str, typer.Argument(help="The seller's Client-Id.")]
PersonId = Annotated[str, typer.Argument(help="The person's id: see `shipby people list`.")]
KeyId = Annotated[str, typer.Argument(help="The key's id: what stands between shp_ and the dot.")]
Reason = Annotated[str, typer.Option(help="Why: kept in the history.")]
ROLES = "owner, manager, packer, support or integration"


@dataclass(frozen=True, slots=True)
class _Desk:
    """A shop, and the operator who keeps its people."""

    keeper: Keeper
    store: Store
    clock: Clock


def _desk(seller: str, data: Path, aws: str | None) -> _Desk:
    from shipby.application.people.keeping import Keeper
    from shipby.domain import actors
    from shipby.domain.sellers.keys import Role

    deployment = deployment_of(data, aws)
    store = deployment.store()
    known_sellers(store, seller)
    return _Desk(Keeper(seller=seller, actor=actors.OPERATOR, role=Role.OWNER), store, deployment.clock)


def _role(text: str) -> Role:
    from shipby.domain.sellers.keys import Role

    if text not in set(Role):
        raise StackError(f"{text!r} is not a role; roles are {', '.join(Role)}")
    return Role(text)


def _forget(_: Answer) -> list[Any]:
    return []


def _every(page: Callable[[str | None], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        found = page(cursor)
        yield from found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            return


@people_app.command("list")
def list_people(seller: Seller, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Everybody who works or worked in a shop."""
    from shipby.application.people import views

    desk = _desk(seller, data, aws)
    table = Table("id", "name", "role", "warehouses", "PIN", "badge", "removed")
    for one in _every(lambda cursor: views.list_people(seller, limit=200, cursor=cursor, store=desk.store)):
        places = ", ".join(one["warehouses"]) or "all"
        marks = ["yes" if one[name] else "-" for name in ("has_pin", "has_badge")]
        table.add_row(one["id"], one["name"], one["role"], places, *marks, one["removed_at"] or "-")
    out.print(table)


@people_app.command("add")
def add(
    seller: Seller,
    name: Annotated[str, typer.Option(help="As histories show it.")],
    role: Annotated[str, typer.Option(help=ROLES)] = "packer",
    warehouse: Annotated[Optional[list[str]], typer.Option(help="Only these warehouses; may be repeated.")] = None,  # noqa: UP045  # Typer evaluates it
    identifier: Annotated[str, typer.Option("--id", help="Of somebody of another shop, or who was removed.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Take somebody in; prints their id and a key of theirs, once."""
    from shipby.application.people.keeping import Wanted, add_person
    from shipby.application.people.keys import NewKey, make_key

    desk = _desk(seller, data, aws)
    wanted = Wanted(name=name, role=_role(role), warehouses=tuple(warehouse or ()))
    made = add_person(desk.keeper, wanted, _forget, identifier=identifier, store=desk.store, clock=desk.clock).body
    key = NewKey(name="first key", person=str(made["id"]))
    say(f"person: {made['id']}")
    say(f"key:    {make_key(desk.keeper, key, _forget, store=desk.store, clock=desk.clock).body['text']}")


@people_app.command("change")
def change(
    seller: Seller,
    person: PersonId,
    name: Annotated[Optional[str], typer.Option(help="Another name.")] = None,  # noqa: UP045  # Typer evaluates it
    role: Annotated[Optional[str], typer.Option(help=ROLES)] = None,  # noqa: UP045  # as above
    warehouse: Annotated[Optional[list[str]], typer.Option(help="Only these; an empty one: all.")] = None,  # noqa: UP045  # as above
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Change name, role or warehouses; what is not named stays."""
    from shipby.application.people.keeping import Wanted, change_person, load_person

    desk = _desk(seller, data, aws)
    known = load_person(seller, person, desk.store)
    places = known.warehouses if warehouse is None else tuple(filter(None, warehouse))
    wanted = Wanted(name=name or known.name, role=_role(role) if role else known.role, warehouses=places)
    change_person(desk.keeper, person, wanted, known.version, _forget, store=desk.store, clock=desk.clock)
    say(f"{wanted.name} is {wanted.role}, in {', '.join(places) or 'all warehouses'}.")


@people_app.command("remove")
def remove(seller: Seller, person: PersonId, reason: Reason, data: DataDir = DATA, aws: OnAws = None) -> None:
    """End it for somebody: keys and sessions are refused within a minute, the name stays in histories."""
    from shipby.application.people.keeping import remove_person

    desk = _desk(seller, data, aws)
    gone = remove_person(desk.keeper, person, reason, _forget, store=desk.store, clock=desk.clock).body
    say(f"{gone['name']} is removed.")


@people_app.command("pin")
def pin(
    seller: Seller,
    person: PersonId,
    new: Annotated[str, typer.Option("--pin", prompt=True, hide_input=True, help="Asked for, not echoed.")],
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Give somebody another PIN for shared benches."""
    from shipby.application.people.keeping import set_pin

    desk = _desk(seller, data, aws)
    set_pin(desk.keeper, person, new, store=desk.store, clock=desk.clock)
    say("The PIN is set.")


@people_app.command("badge")
def badge(
    seller: Seller,
    person: PersonId,
    lost: Annotated[bool, typer.Option("--lost", help="Only stop the present one.")] = False,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make a new badge, whose code is shown once: print it as a Code 128."""
    from shipby.application.people.keeping import give_badge, take_badge

    desk = _desk(seller, data, aws)
    if lost:
        take_badge(desk.keeper, person, "lost", _forget, store=desk.store, clock=desk.clock)
        say("The badge is stopped.")
        return
    say(str(give_badge(desk.keeper, person, _forget, store=desk.store, clock=desk.clock).body["code"]))


@keys_app.command("list")
def list_keys(seller: Seller, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Keys of a shop: whose, for what, used when."""
    from shipby.application.people import views

    desk = _desk(seller, data, aws)
    now = desk.clock.now()
    table = Table("id", "name", "whose", "role", "state", "made", "used", "ends")
    for one in _every(lambda cursor: views.list_keys(seller, limit=200, cursor=cursor, now=now, store=desk.store)):
        times = [str(one[name] or "-")[:16] for name in ("created_at", "used_at", "expires_at")]
        table.add_row(one["id"], one["name"], one["person_name"] or "-", one["role"], one["state"], *times)
    out.print(table)


@keys_app.command("make")
def make(
    seller: Seller,
    name: Annotated[str, typer.Option(help="What it is for, or on which machine.")],
    person: Annotated[str, typer.Option(help="Whose it is.")] = "",
    role: Annotated[str, typer.Option(help="Of a program or a bench (station), which is nobody's.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make a key: of a person, or with a role of its own. It is shown once; only its hash is kept."""
    from shipby.application.people.keys import NewKey, make_key

    desk = _desk(seller, data, aws)
    wanted = NewKey(name=name, person=person, role=_role(role) if role else None)
    say(str(make_key(desk.keeper, wanted, _forget, store=desk.store, clock=desk.clock).body["text"]))


@keys_app.command("rotate")
def rotate(
    seller: Seller,
    key: KeyId,
    hours: Annotated[int, typer.Option(min=0, max=720, help="How long both work.")] = 168,
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make the key that takes a key's place; both work for a while."""
    from shipby.application.people.keys import rotate_key

    desk = _desk(seller, data, aws)
    made = rotate_key(desk.keeper, key, timedelta(hours=hours), _forget, store=desk.store, clock=desk.clock)
    say(str(made.body["text"]))


@keys_app.command("revoke")
def revoke(seller: Seller, key: KeyId, reason: Reason, data: DataDir = DATA, aws: OnAws = None) -> None:
    """Stop a key; it works for at most another minute."""
    from shipby.application.people.keys import revoke_key

    desk = _desk(seller, data, aws)
    revoke_key(desk.keeper, key, reason, _forget, store=desk.store, clock=desk.clock)
    say(f"Key {key} is revoked.")
