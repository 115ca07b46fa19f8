"""Take a seller in at a deployment: settings, secrets, push address, first API key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shipby.adapters.messengers.allowed import refused_by_its_text
from shipby.application.people.console_door import make_link
from shipby.application.people.keeping import Keeper, Wanted, add_person
from shipby.application.people.keys import NewKey, make_key
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.sellers.register import create_push_token, register_seller
from shipby.domain import actors
from shipby.domain.errors import AlreadyExistsError, InvalidInputError
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings


class Deployment(Protocol):
    """Where a seller is taken in: a stack on AWS, the embedded one, or one computer."""

    @property
    def clock(self) -> Clock: ...
    @property
    def endpoint(self) -> str | None:
        """None on AWS; elsewhere a messenger may listen on this machine."""

    def store(self) -> Store: ...
    def secret_name(self, seller: str, name: str) -> str: ...
    def put_secret(self, seller: str, name: str, value: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is to be the first person of a shop."""

    name: str = "Owner"
    id: str = ""
    """Of somebody who belongs to another shop of the deployment already."""


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What the seller gets, once: the push path to enter at the marketplace and the key of an owner."""

    seller: str
    push_path: str
    api_key: str
    owner: str
    """Id of the owner, as a person."""


def console_link(deployment: Deployment, seller: str) -> str:
    """The path of a link that signs in once at the console, as an owner; one is taken in where the shop has none."""
    store = deployment.store()
    people = store.people(seller, limit=200).items
    owners = [each.id for each in people if each.active and each.role is Role.OWNER]
    owner = owners[0] if owners else join(deployment, seller, Owner(), Role.OWNER)[0]
    return f"/console/login?once={make_link(seller, owner, store=store, clock=deployment.clock)}"


def take_in(
    deployment: Deployment,
    settings: SellerSettings,
    *,
    ozon_api_key: str,
    channels: Sequence[str] = (),
    owner: Owner | None = None,
) -> Onboarded:
    """Register a seller whose id is the marketplace's Client-Id. Secrets go to SSM, hashes to the table.

    `owner` is the first person of the shop, and the key is theirs.

    Raises AlreadyExistsError (and changes nothing) if the seller is registered already, InvalidInputError for an
    impossible id or a channel that would not be used.
    """
    for number, url in enumerate(channels, start=1):
        if reason := refused_by_its_text(url, on_this_machine=deployment.endpoint is not None):
            raise InvalidInputError(f"channel {number} would not be used: {reason}; nothing was stored")
    store, clock, seller = deployment.store(), deployment.clock, settings.seller
    if store.settings(seller) is not None:
        # Writing the secrets first would put another key, and no messengers, in place of those the seller has.
        raise AlreadyExistsError(
            f"Seller {seller} is registered already; nothing was changed. Its marketplace key is the SSM parameter "
            f"{deployment.secret_name(seller, 'ozon')}; `shipby keys make {seller}` makes another API key."
        )
    deployment.put_secret(seller, "ozon", {"client_id": seller, "api_key": ozon_api_key})
    deployment.put_secret(seller, "channels", list(channels))
    register_seller(settings, store=store)
    token = create_push_token(seller, store=store, clock=clock)
    person, key = join(deployment, seller, owner or Owner(), Role.OWNER)
    return Onboarded(seller, f"/ozon/push/{token.text}", key, person)


def join(deployment: Deployment, seller: str, who: Owner, role: Role) -> tuple[str, str]:
    """Take a person in as the operator: their id, and a key of theirs, shown once."""
    store, clock = deployment.store(), deployment.clock
    operator = Keeper(seller=seller, actor=actors.OPERATOR, role=Role.OWNER)
    wanted = Wanted(name=who.name, role=role)
    person = add_person(operator, wanted, lambda _: [], identifier=who.id, store=store, clock=clock).body
    made = make_key(
        operator, NewKey(name="first key", person=str(person["id"])), lambda _: [], store=store, clock=clock
    ).body
    return str(person["id"]), str(made["text"])
