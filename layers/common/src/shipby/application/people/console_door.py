"""The door of the console: a key or a link that signs in once, and how often one address may be wrong."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shipby.application.people.attempts import MOST_REFUSED, WINDOW, RefusedAttempts
from shipby.application.people.sessions import SignedIn, open_session
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import ClaimPointer, Commits, ReleasePointer, SaveAccess
from shipby.application.sellers.authenticate import key_hash
from shipby.application.sellers.register import new_api_key
from shipby.domain.errors import SignInRefusedError, TooManyTriesError, VersionConflictError
from shipby.domain.pointers import SIGN_IN_LINK

LINK_LIVES = timedelta(minutes=30)
_LINK = re.compile(r"(?P<seller>[0-9A-Za-z_-]{1,64})\.(?P<secret>[0-9A-Za-z_-]{43})")
_KEY_LIVES = timedelta(minutes=1)


def sign_in(typed: str, source: str, *, attempts: RefusedAttempts, store: Store, clock: Clock) -> SignedIn:
    """A new session, for an API key of a person as it was typed, or for the token of a link.

    Raises SignInRefusedError, TooManyTriesError (`retry_after` seconds are left of the window).
    """
    seconds, now = int(WINDOW.total_seconds()), int(clock.now().timestamp())
    # An address is personal data: its hash tells one from another just as well.
    origin, window = hashlib.sha256(source.encode()).hexdigest()[:32], now // seconds
    if attempts.refused(origin, window) >= MOST_REFUSED:
        left = (window + 1) * seconds - now
        raise TooManyTriesError("too many wrong keys from this address", retry_after=left)
    try:
        return open_session(_key_of_link(typed, store, clock) or typed, store=store, clock=clock)
    except SignInRefusedError:
        attempts.count(origin, window)
        raise


def make_link(seller: str, person: str, *, store: Commits, clock: Clock) -> str:
    """The token of a link that signs a person of the shop in once, within LINK_LIVES."""
    secret = secrets.token_urlsafe(32)
    ends = int((clock.now() + LINK_LIVES).timestamp())
    store.commit([ClaimPointer(seller, SIGN_IN_LINK, key_hash(secret), f"{person}.{ends}")])
    return f"{seller}.{secret}"


def _key_of_link(typed: str, store: Store, clock: Clock) -> str:
    """A key that lives for a minute, in place of the link; "" if it is none, or was one.

    The key's id is made of the link: it can be written once, so that of two who come with a link one gets in.
    """
    match = _LINK.fullmatch(typed)
    target = store.find(match["seller"], SIGN_IN_LINK, key_hash(match["secret"])) if match else None
    if match is None or not target:
        return ""
    seller, now = match["seller"], clock.now()
    identifier, _, ends = target.partition(".")
    person = store.person(seller, identifier)
    if person is None or datetime.fromtimestamp(int(ends), UTC) <= now:
        return ""
    key, made = new_api_key(seller, person.role, now, name="link", person=identifier)
    key = replace(key, id=key_hash(f"link {match['secret']}")[:16], expires_at=now + _KEY_LIVES)
    gone = ReleasePointer(seller, SIGN_IN_LINK, key_hash(match["secret"]), target)
    try:
        store.commit([SaveAccess(key), gone])
    except VersionConflictError:
        return ""
    return f"shp_{key.id}.{made.text.partition('.')[2]}"
