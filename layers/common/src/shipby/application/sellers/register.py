"""Take a seller in: settings, a push address and a first API key. Secrets are shown once and kept as hashes only."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.intake.receive_push import token_hash
from shipby.application.ports.clock import Clock
from shipby.application.ports.sellers import Pushes
from shipby.application.ports.store import Commits, Store
from shipby.application.ports.writes import SaveAccess, SaveSettings
from shipby.application.sellers.authenticate import key_hash
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import InvalidInputError, NotFoundError
from shipby.domain.postings.inbox import PushToken
from shipby.domain.sellers.keys import ApiKey, Role
from shipby.domain.sellers.settings import SellerSettings

KEY_LIFE = timedelta(days=365)
_SELLER = re.compile(r"[0-9A-Za-z_-]{1,32}")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret as its owner gets it, once: an API key or the last part of a push address."""

    id: str
    text: str


def register_seller(settings: SellerSettings, *, store: Commits) -> None:
    """Write the first settings of a seller; the seller id is the marketplace's Client-Id.

    Raises InvalidInputError for an id that cannot be one, VersionConflictError if the seller is registered already.
    """
    if not _SELLER.fullmatch(settings.seller):
        raise InvalidInputError(f"{settings.seller!r} is not a Client-Id: letters, digits, '-' and '_', at most 32")
    store.commit([SaveSettings(settings)])


def create_push_token(seller: str, *, store: Pushes, clock: Clock) -> NewSecret:
    """A new push address part `{seller}.{secret}`; the former ones stay live until they are revoked."""
    secret = secrets.token_urlsafe(32)
    digest = token_hash(secret)
    store.save_push_token(PushToken(sha256=digest, seller=seller, created_at=clock.now()))
    return NewSecret(digest, f"{seller}.{secret}")


def revoke_push_token(address: str, *, store: Pushes, clock: Clock) -> None:
    """Stop a push address: `address` is its last part, `{seller}.{secret}`, or ends with it. Works within a minute.

    Raises NotFoundError if there is no such address.
    """
    seller, _, secret = address.rpartition("/")[2].partition(".")
    token = store.push_token(token_hash(secret))
    if token is None or token.seller != seller:
        raise NotFoundError("there is no such push address; give it whole, as it was shown when it was made")
    store.save_push_token(replace(token, revoked_at=token.revoked_at or clock.now()))


def revoke_api_key(identifier: str, *, store: Store, clock: Clock) -> None:
    """Stop an API key by its id (the part between `shp_` and the dot). Works within a minute.

    Raises NotFoundError if there is no such key.
    """

    def once() -> None:
        key = store.api_key(identifier)
        if key is None:
            raise NotFoundError(f"there is no API key {identifier}; its id is what stands between shp_ and the dot")
        if key.revoked_at is None:
            store.commit([SaveAccess(replace(key, version=key.version + 1, revoked_at=clock.now()))])

    decide_anew(once)


def new_api_key(
    seller: str, role: Role, now: datetime, *, name: str = "", person: str = ""
) -> tuple[ApiKey, NewSecret]:
    """A new key `shp_<id>.<secret>` of the seller API, not stored yet, and its text.

    `name` says what it is for; `person` whose it is: of a program's or a bench's key, nobody's.
    """
    identifier, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    key = ApiKey(
        id=identifier,
        seller=seller,
        role=role,
        sha256=key_hash(secret),
        created_at=now,
        expires_at=now + KEY_LIFE,
        name=name.strip()[:100],
        person=person,
    )
    return key, NewSecret(identifier, f"shp_{identifier}.{secret}")


def create_api_key(seller: str, role: Role, *, store: Commits, clock: Clock, name: str = "") -> NewSecret:
    """Make and store a key of no person; `name` says whose or what for it is."""
    key, secret = new_api_key(seller, role, clock.now(), name=name)
    store.commit([SaveAccess(key)])
    return secret
