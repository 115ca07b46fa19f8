"""Who may call the API, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """What a key may do; docs/api.md says which role may do what."""

    OWNER = "owner"
    MANAGER = "manager"
    PACKER = "packer"
    SUPPORT = "support"
    INTEGRATION = "integration"
    STATION = "station"
    """A bench that packers share: its key opens their sessions there, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of the seller API: `shp_<id>.<secret>`; only the secret's hash is kept."""

    id: str
    seller: str
    role: Role
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    name: str = ""
    """Whose it is: the name of the person (or program) that histories show. Empty in keys of older releases."""
    version: int = 1
    person: str = ""
    """Id of the person whose key it is; then `role` is theirs at every call. Empty: a program's, or a bench's."""
    made_by: str = ""
    """The actor who made it; empty: the operator."""
    rotated_to: str = ""
    """Id of the key that takes its place; both work until this one ends."""
    used_at: datetime | None = None
    """Of its last call, up to USE_NOTED_EVERY too early."""


USE_NOTED_EVERY = timedelta(hours=1)
"""How far the noted time of a key's last call may lag behind: each note is a write."""
