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
EVERYONE = frozenset(Role)
"""Reading postings and labels."""
SETTINGS_READERS = MANAGERS | {Role.SUPPORT}


@dataclass(frozen=True, slots=True)
class Caller:
    """A seller's key."""

    seller: str
    role: Role
    key_id: str

    @property
    def actor(self) -> str:
        """As events name it."""
        return actors.of_key(self.key_id)


def caller_of(event: Mapping[str, Any]) -> Caller:
    """The caller the authorizer vouches for. Raises HttpError (401) if it does not."""
    context = event["requestContext"].get("authorizer", {}).get("lambda") or {}
    try:
        return Caller(seller=context["seller"], role=Role(context["role"]), key_id=context["key_id"])
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
