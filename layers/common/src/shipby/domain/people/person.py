"""Somebody who works in a shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipby.domain.sellers.keys import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as one shop knows them; their id is the same in every shop that they belong to.

    Who was removed stays, so that histories go on showing the name.
    """

    seller: str
    id: str
    """16 hexadecimal digits."""
    version: int
    name: str
    role: Role
    added_at: datetime
    warehouses: tuple[str, ...] = ()
    """Ids of the warehouses that they work in; none: in all."""
    removed_at: datetime | None = None
    badge: str = ""
    """sha256 of the code of their badge; empty: none is live."""
    pin: str = ""
    """Their PIN as `pins` keeps it; empty: they have none."""

    @property
    def active(self) -> bool:
        return self.removed_at is None
