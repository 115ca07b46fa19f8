"""Signed in for a while: at a person's own console, or at a bench that many share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.domain.people.person import Person
from shipby.domain.sellers.keys import Role

SEEN_EVERY = timedelta(minutes=1)
"""How far the noted time of the last call may lag behind: each note is a write."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts: without a call, and in all."""

    idle: timedelta
    whole: timedelta


CONSOLE = Lifetime(idle=timedelta(minutes=30), whole=timedelta(hours=12))
BENCH = Lifetime(idle=timedelta(minutes=10), whole=timedelta(hours=4))
_BENCH_ROLES = frozenset({Role.OWNER, Role.MANAGER, Role.PACKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session, found by its token's hash."""

    sha256: str
    version: int
    seller: str
    person: str
    role: Role
    """As what it was opened. Once the person's role is another one, its token opens nothing any more."""
    opened_at: datetime
    seen_at: datetime
    """Of its last call, up to SEEN_EVERY too early."""
    idle: timedelta
    ends_at: datetime
    station: str = ""
    """Id of the shared bench's key; empty: the person's own console."""
    closed_at: datetime | None = None

    @property
    def id(self) -> str:
        """What logs and limits call it: enough to tell it from others, too little to be it."""
        return self.sha256[:16]

    def live(self, now: datetime) -> bool:
        """Whether it is neither closed, nor idle for too long, nor over."""
        return self.closed_at is None and now < self.ends_at and now < self.seen_at + self.idle


def role_at(person: Person, *, station: bool) -> Role | None:
    """What a person signs in as: their role; at a shared bench that of a packer at most. None: not at all.

    A badge is easily lost and a PIN is short, so neither opens more than the bench.
    """
    if not person.active:
        return None
    if not station:
        return person.role
    return Role.PACKER if person.role in _BENCH_ROLES else None
