"""Who stands behind an actor: histories hold keys, people read names, and two keys may be one person's."""

from __future__ import annotations

from shipby.application.ports.sellers import ApiKeyReads
from shipby.domain import actors


def name_of(actor: str, store: ApiKeyReads) -> str:
    """The name under which a key was made; "" where it has none, or no person acted."""
    identifier = actors.key_of(actor)
    key = store.api_key(identifier) if identifier else None
    return key.name if key else ""


def same_person(one: str, other: str, *, store: ApiKeyReads) -> bool:
    """Whether two actors are one person: the same key, or keys made for the same name."""
    if one == other:
        return True
    names = {name_of(one, store).casefold(), name_of(other, store).casefold()}
    return len(names) == 1 and names != {""}
