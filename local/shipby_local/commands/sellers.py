"""Commands for sellers, their keys and their push addresses."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from shipby_local.commands.shared import DATA, DataDir, OnAws, deployment_of, say
from shipby_local.stack.errors import StackError

key_app = typer.Typer(no_args_is_help=True, help="Keys of the seller API.")
seller_app = typer.Typer(no_args_is_help=True, help="Sellers of a deployment.")


@key_app.command("create")
def create_key(
    seller: Annotated[str, typer.Argument(help="The seller's Client-Id.")],
    role: Annotated[str, typer.Option(help="owner, manager, packer, support or integration.")] = "packer",
    name: Annotated[str, typer.Option(help="Whose it is: histories show this name.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make a key of the seller API. It is shown once; only its hash is kept."""
    from shipby.application.sellers.register import create_api_key
    from shipby.domain.sellers.keys import Role

    if role not in set(Role):
        raise StackError(f"{role!r} is not a role; roles are {', '.join(Role)}")
    deployment = deployment_of(data, aws)
    store = deployment.store()
    if store.settings(seller) is None:
        raise StackError(f"There is no seller {seller}; known are {', '.join(store.sellers()) or 'none'}")
    made = create_api_key(seller, Role(role), store=store, clock=deployment.clock, name=name)
    say(made.text)


@key_app.command("revoke")
def revoke_key(
    identifier: Annotated[str, typer.Argument(help="The key's id: what stands between shp_ and the dot.")],
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Stop a key of the seller API; it works for at most another minute."""
    from shipby.application.sellers.register import revoke_api_key

    deployment = deployment_of(data, aws)
    revoke_api_key(identifier, store=deployment.store(), clock=deployment.clock)
    say(f"Key {identifier} is revoked.")


@seller_app.command("push-address")
def push_address(
    client_id: Annotated[str, typer.Argument(help="The marketplace's Client-Id.")],
    revoke: Annotated[str, typer.Option(help="An address to stop instead of making one.")] = "",
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Make another push address (the former stay live until revoked), or stop one; it works at most another minute."""
    from shipby.application.sellers.register import create_push_token, revoke_push_token

    deployment = deployment_of(data, aws)
    store = deployment.store()
    if store.settings(client_id) is None:
        raise StackError(f"There is no seller {client_id}; known are {', '.join(store.sellers()) or 'none'}")
    if revoke:
        if not revoke.rpartition("/")[2].startswith(f"{client_id}."):
            raise StackError(f"That is not a push address of seller {client_id}.")
        revoke_push_token(revoke, store=store, clock=deployment.clock)
        say("The push address is revoked.")
        return
    made = create_push_token(client_id, store=store, clock=deployment.clock)
    say(f"push address: {deployment.api_url}/ozon/push/{made.text}")


@seller_app.command("add")
def add_seller(
    client_id: Annotated[str, typer.Argument(help="The marketplace's Client-Id.")],
    api_key: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="The marketplace's Api-Key (asked for, not echoed).")
    ],
    language: Annotated[str, typer.Option(help="ru, zh or en.")] = "ru",
    owner: Annotated[str, typer.Option(help="Name of the shop's first owner, as histories show it.")] = "Owner",
    owner_id: Annotated[str, typer.Option(help="Or the id of somebody who belongs to another shop already.")] = "",
    channel: Annotated[Optional[list[str]], typer.Option(help="An apprise address; may be repeated.")] = None,  # noqa: UP045  # Typer evaluates it
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Take a seller in: keys to SSM, settings to the table; prints the push address and an owner's key, once."""
    from shipby.domain.sellers.settings import SellerSettings
    from shipby_local.onboarding import Owner, take_in

    deployment = deployment_of(data, aws)
    settings = SellerSettings(seller=client_id, version=1, language=language)
    first = Owner(owner, owner_id)
    taken = take_in(deployment, settings, ozon_api_key=api_key, channels=channel or [], owner=first)
    say(f"push address: {deployment.api_url}{taken.push_path}")
    say(f"owner:        {taken.owner} ({owner})")
    say(f"owner's key:  {taken.api_key}")
