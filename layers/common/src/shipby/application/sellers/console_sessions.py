"""Who is signed in at the console: opaque random ids, of which hashes are kept, with an end.

Somebody signs in with an API key, or once with a link that whoever runs the deployment has made for a key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from shipby.application.ports.sellers import ApiKeyReads
from shipby.application.sellers.authenticate import authenticate
from shipby.domain import actors
from shipby.domain.sellers.keys import ApiKey, Role

IDLE = timedelta(hours=12)
"""A session that nobody used for so long is over: a shift at the bench."""
LONGEST = timedelta(days=7)
LOOKED_AT_AGAIN = timedelta(minutes=1)
"""How long a revoked key may go on, as behind the API's authorizer; and how precise `seen_at` is."""
LINK_LIVES = timedelta(minutes=30)
WINDOW = timedelta(minutes=5)
MOST_FAILURES = 10
"""Refused attempts from one address in a window, after which none is looked at any more."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """A browser in which somebody is signed in."""

    sha256: str
    seller: str
    role: Role
    key_id: str
    name: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime

    @property
    def actor(self) -> str:
        """As events name it."""
        return actors.of_key(self.key_id)


class ConsoleSessions(Protocol):
    """Where sessions, links and refused attempts are kept; all of them end by themselves."""

    def session(self, sha256: str) -> ConsoleSession | None: ...
    def save_session(self, session: ConsoleSession) -> None: ...
    def drop_session(self, sha256: str) -> None: ...
    def save_link(self, sha256: str, key_id: str, *, ends_at: datetime) -> None: ...
    def take_link(self, sha256: str, *, now: datetime) -> str:
        """The key id of a link that is still good, which it is no more from then on; "" otherwise."""

    def failures(self, origin: str, window: int) -> int: ...
    def count_failure(self, origin: str, window: int) -> None: ...


class TooManyAttemptsError(Exception):
    """Too many refused attempts from one address; `wait` seconds are left of the window."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"too many attempts: wait {wait} s")
        self.wait = wait


def hashed(token: str) -> str:
    """What is stored of a random token. It has 256 bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(token: str) -> str:
    """The word that forms of a session carry, which no other site can know."""
    return hmac.new(token.encode(), b"console form", hashlib.sha256).hexdigest()


def sign_in(
    typed: str, origin: str, *, sessions: ConsoleSessions, keys: ApiKeyReads, now: datetime
) -> tuple[str, ConsoleSession] | None:
    """A session's token and the session, for an API key as it was typed, or for the token of a link.

    None if it is not valid now. Raises TooManyAttemptsError.
    """
    seconds = int(WINDOW.total_seconds())
    window = int(now.timestamp()) // seconds
    if sessions.failures(origin, window) >= MOST_FAILURES:
        raise TooManyAttemptsError((window + 1) * seconds - int(now.timestamp()))
    if _TOKEN.fullmatch(typed):
        identifier = sessions.take_link(hashed(typed), now=now)
        key = keys.api_key(identifier) if identifier else None
        key = key if key is not None and _is_good(key, now) else None
    else:
        key = authenticate(f"Bearer {typed}", store=keys, now=now)
    if key is None:
        sessions.count_failure(origin, window)
        return None
    return _open(key, sessions, now)


def _open(key: ApiKey, sessions: ConsoleSessions, now: datetime) -> tuple[str, ConsoleSession]:
    token = secrets.token_urlsafe(32)
    ends = now + LONGEST
    session = ConsoleSession(
        sha256=hashed(token),
        seller=key.seller,
        role=key.role,
        key_id=key.id,
        name=key.name,
        opened_at=now,
        seen_at=now,
        ends_at=min(ends, key.expires_at) if key.expires_at is not None else ends,
    )
    sessions.save_session(session)
    return token, session


def resume(token: str, *, sessions: ConsoleSessions, keys: ApiKeyReads, now: datetime) -> ConsoleSession | None:
    """The session of a token, if it is not over; once a minute its key is looked at anew."""
    if not _TOKEN.fullmatch(token):
        return None
    session = sessions.session(hashed(token))
    if session is None or now >= session.ends_at or now - session.seen_at >= IDLE:
        return None
    if now - session.seen_at < LOOKED_AT_AGAIN:
        return session
    key = keys.api_key(session.key_id)
    if key is None or not _is_good(key, now) or (key.role, key.seller) != (session.role, session.seller):
        # A session does not survive a change of what its key may do.
        sessions.drop_session(session.sha256)
        return None
    seen = replace(session, seen_at=now)
    sessions.save_session(seen)
    return seen


def sign_out(token: str, *, sessions: ConsoleSessions) -> None:
    """End a session at once."""
    sessions.drop_session(hashed(token))


def make_link(key_id: str, *, sessions: ConsoleSessions, now: datetime) -> str:
    """The token of a link that signs in once, as the holder of a key."""
    token = secrets.token_urlsafe(32)
    sessions.save_link(hashed(token), key_id, ends_at=now + LINK_LIVES)
    return token


def _is_good(key: ApiKey, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
