"""Who is calling, by their key or their session: the authorizer's path, so a module of its own with nothing heavy."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shipby.domain.errors import SignInRefusedError
from shipby.domain.people.session import SEEN_EVERY, role_at
from shipby.domain.sellers.keys import USE_NOTED_EVERY, Role

if TYPE_CHECKING:
    from shipby.application.ports.sellers import ApiKeyReads
    from shipby.domain.people.person import Person
    from shipby.domain.people.session import Session
    from shipby.domain.sellers.keys import ApiKey

_KEY = re.compile(r"shp_(?P<id>[0-9a-f]{16})\.(?P<secret>[0-9A-Za-z_-]{43})")
_TOKEN = re.compile(r"shs_[0-9A-Za-z_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """Who calls, and as what."""

    seller: str
    role: Role
    key_id: str
    """Id of the key, or of the session."""
    person: str = ""
    """Id of the person; empty: a program's key, or a bench's."""
    warehouses: tuple[str, ...] = ()
    """The only ones that they may act in; none: all."""
    session: str = ""
    """The session's hash, where there is one."""
    note: bool = False
    """Whether this use is to be noted in the key or session."""


def key_hash(secret: str) -> str:
    """What is stored of a key's secret or a session's token: its sha256, hexadecimal."""
    # A random 256-bit secret needs no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def authenticate(authorization: str, *, store: ApiKeyReads, now: datetime) -> Authenticated | None:
    """Who stands behind `Authorization: Bearer shp_<id>.<secret>` or `Bearer shs_<token>`; None: nobody, now.

    At most two reads: the key or session, and the person that it belongs to.
    """
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    if _TOKEN.fullmatch(text.strip()):
        return _by_session(text.strip(), store, now)
    key = live_key(text, store=store, now=now)
    return _with_key(key, store, now) if key else None


def _with_key(key: ApiKey, store: ApiKeyReads, now: datetime) -> Authenticated | None:
    person = person_of(key, store) if key.person else None
    role = person.role if person else key.role
    if key.person and person is None:
        return None
    return Authenticated(
        seller=key.seller,
        role=role,
        key_id=key.id,
        person=key.person,
        warehouses=person.warehouses if person else (),
        note=key.used_at is None or now - key.used_at >= USE_NOTED_EVERY,
    )


def person_of(key: ApiKey, store: ApiKeyReads) -> Person | None:
    """The person that a key was made for, while they work in its shop and have done so since it was made."""
    person = store.person(key.seller, key.person) if key.person else None
    return person if person is not None and person.active and person.added_at <= key.created_at else None


def live_key(text: str, *, store: ApiKeyReads, now: datetime) -> ApiKey | None:
    """The key `shp_<id>.<secret>`, or None if it is not valid now. Whether its person still works here is not asked."""
    match = _KEY.fullmatch(text.strip())
    key = store.api_key(match["id"]) if match else None
    if match is None or key is None or not hmac.compare_digest(key.sha256, key_hash(match["secret"])):
        return None
    return key if _goes(key, now) else None


def _goes(key: ApiKey, now: datetime) -> bool:
    expired = key.expires_at is not None and key.expires_at <= now
    return not expired and key.revoked_at is None


def still(key_id: str, session: str, *, store: ApiKeyReads, now: datetime) -> Authenticated:
    """Who called with a key of this id, or a session of this hash, as they are now: nothing is taken from a cache.

    Raises SignInRefusedError if it is over.
    """
    if session:
        live = session_by_hash(session, store=store, now=now)
        found = _in_session(*live, now) if live else None
    else:
        key = store.api_key(key_id)
        found = _with_key(key, store, now) if key is not None and _goes(key, now) else None
    if found is None:
        raise SignInRefusedError("this key or session is over, or its person does not work here any more")
    return found


def live_session(token: str, *, store: ApiKeyReads, now: datetime) -> tuple[Session, Person] | None:
    """The session of a token with its person, unless it is over or the person was removed.

    Their role may be another one than the session was opened as: then the token must not open anything.
    """
    return session_by_hash(key_hash(token), store=store, now=now) if _TOKEN.fullmatch(token) else None


def session_by_hash(sha256: str, *, store: ApiKeyReads, now: datetime) -> tuple[Session, Person] | None:
    """As `live_session`, by the hash of the token."""
    session = store.session(sha256)
    if session is None or not session.live(now):
        return None
    person = store.person(session.seller, session.person)
    # Who was removed and taken in again signs in again.
    here = person is not None and person.active and person.added_at <= session.opened_at
    return (session, person) if here and person else None


def _by_session(token: str, store: ApiKeyReads, now: datetime) -> Authenticated | None:
    found = live_session(token, store=store, now=now)
    return _in_session(*found, now) if found else None


def _in_session(session: Session, person: Person, now: datetime) -> Authenticated | None:
    if role_at(person, station=bool(session.station)) is not session.role:
        return None
    return Authenticated(
        seller=session.seller,
        role=session.role,
        key_id=session.id,
        person=person.id,
        warehouses=person.warehouses,
        session=session.sha256,
        note=now - session.seen_at >= SEEN_EVERY,
    )
