"""Who may call the API, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a key may do; docs/api.md says which role may do what."""

    OWNER = "owner"
    MANAGER = "manager"
    PACKER = "packer"
    SUPPORT = "support"
    INTEGRATION = "integration"


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
