"""Take a seller in at a deployment: settings, secrets, push address, first API key."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from shipby.adapters.messengers.allowed import refused_by_its_text
from shipby.application.people.console_door import make_link
from shipby.application.ports.writes import AppendEvents, SaveAccess
from shipby.application.sellers.register import create_api_key, create_push_token, register_seller
from shipby.domain.errors import AlreadyExistsError, InvalidInputError
from shipby.domain.events import Event, EventType, person_ref
from shipby.domain.people.account import Account
from shipby.domain.people.person import Person
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What the seller gets, once: the push path to enter at the marketplace and the key of an owner."""

    seller: str
    push_path: str
    api_key: str


OWNER = "Owner"
"""How the person is called for whom this machine's console is opened first."""


def console_link(deployment: Deployment, seller: str) -> str:
    """The path of a link that signs in once at the console, as an owner; one is made where the shop has none."""
    store, clock = deployment.store(), deployment.clock
    people = store.people(seller, limit=200).items
    owner = next((each for each in people if each.active and each.role is Role.OWNER), None)
    if owner is None:
        now, identifier = clock.now(), secrets.token_hex(8)
        owner = Person(seller=seller, id=identifier, version=1, name=OWNER, role=Role.OWNER, added_at=now)
        added = Event(type=EventType.PERSON_ADDED, at=now, actor="system:cli", data={"role": str(Role.OWNER)})
        account = Account(id=identifier, version=1, sellers=(seller,))
        told = AppendEvents(seller, person_ref(identifier), 1, (added,))
        store.commit([SaveAccess(owner), SaveAccess(account), told])
    return f"/console/login?once={make_link(seller, owner.id, store=store, clock=clock)}"


def take_in(
    deployment: Deployment, settings: SellerSettings, *, ozon_api_key: str, channels: Sequence[str] = ()
) -> Onboarded:
    """Register a seller whose id is the marketplace's Client-Id. Secrets go to SSM, hashes to the table.

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
            f"{deployment.secret_name(seller, 'ozon')}; `shipby key create {seller}` makes another API key."
        )
    deployment.put_secret(seller, "ozon", {"client_id": seller, "api_key": ozon_api_key})
    deployment.put_secret(seller, "channels", list(channels))
    register_seller(settings, store=store)
    token = create_push_token(seller, store=store, clock=clock)
    key = create_api_key(seller, Role.OWNER, store=store, clock=clock)
    return Onboarded(seller, f"/ozon/push/{token.text}", key.text)
