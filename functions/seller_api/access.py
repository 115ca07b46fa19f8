"""Who calls, and what each role may do. Both come from the authorizer's context and from nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.seller_api.problems import HttpError
from shipby.domain import actors
from shipby.domain.sellers.keys import Role

MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
OFFICE = MANAGERS | {Role.INTEGRATION}
BENCH = OFFICE | {Role.PACKER}
"""Commands at the bench, and labels."""
DESK = OFFICE | {Role.SUPPORT}
"""Tracking numbers, returns, and reading about money, intents and the proof."""
ALL_KEYS = frozenset(Role)
"""Asking who one is, and signing in."""
EVERYONE = ALL_KEYS - {Role.STATION}
"""Reading postings and labels. The key of a shared bench alone does nothing: its people sign in."""
SETTINGS_READERS = MANAGERS | {Role.SUPPORT}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody of a shop, by their key or session; or a key that is nobody's."""

    seller: str
    role: Role
    key_id: str
    person: str = ""
    warehouses: frozenset[str] = frozenset()
    """The only ones that they may act in; none: all."""
    session: str = ""
    """The hash of the session's token; empty: a key."""
    note: bool = False
    """Whether the use of the key or session is to be noted."""

    @property
    def actor(self) -> str:
        """As events name them: the person, whatever they called with."""
        return actors.of_person(self.person) if self.person else actors.of_key(self.key_id)


def caller_of(event: Mapping[str, Any]) -> Caller:
    """The caller the authorizer vouches for. Raises HttpError (401) if it does not."""
    context = event["requestContext"].get("authorizer", {}).get("lambda") or {}
    try:
        return Caller(
            seller=context["seller"],
            role=Role(context["role"]),
            key_id=context["key_id"],
            person=context.get("person", ""),
            warehouses=frozenset(filter(None, context.get("warehouses", "").split(","))),
            session=context.get("session", ""),
            note=bool(context.get("note")),
        )
    except (KeyError, ValueError) as error:
        raise HttpError(
            "unauthorized",
            "this call needs an API key",
            headers={"WWW-Authenticate": "Bearer"},
        ) from error


def check_role(caller: Caller, allowed: frozenset[Role]) -> None:
    """Raises HttpError (403) unless the caller's role is one of `allowed`."""
    if caller.role not in allowed:
        roles = ", ".join(sorted(allowed))
        raise HttpError("forbidden", f"a {caller.role} key may not do this; these may: {roles}")
