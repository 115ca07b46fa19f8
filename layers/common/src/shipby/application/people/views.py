"""How people, keys and sessions look to clients of the API: never a hash, never another shop."""

from __future__ import annotations

from datetime import datetime

from shipby.application.people.sessions import SignedIn
from shipby.application.ports.sellers import People
from shipby.application.shared.views import time_text
from shipby.domain import actors
from shipby.domain.errors import NotFoundError
from shipby.domain.json_types import Json
from shipby.domain.people.person import Person
from shipby.domain.sellers.keys import ApiKey, Role


def person_view(person: Person) -> dict[str, Json]:
    return {
        "id": person.id,
        "version": person.version,
        "name": person.name,
        "role": person.role,
        "warehouses": list(person.warehouses),
        "has_pin": bool(person.pin),
        "has_badge": bool(person.badge),
        "added_at": time_text(person.added_at),
        "removed_at": time_text(person.removed_at),
    }


def list_people(seller: str, *, limit: int, cursor: str | None, store: People) -> dict[str, Json]:
    """Everybody of a shop, also who was removed: histories name them."""
    page = store.people(seller, limit=limit, cursor=cursor)
    return {"items": [person_view(person) for person in page.items], "next_cursor": page.cursor}


def get_person(seller: str, identifier: str, *, store: People) -> dict[str, Json]:
    """Raises NotFoundError; one who was removed is shown."""
    person = store.person(seller, identifier)
    if person is None:
        raise NotFoundError(f"there is no person {identifier}")
    return person_view(person)


def key_view(key: ApiKey, person: Person | None, now: datetime) -> dict[str, Json]:
    """`person` is the one the key was made for, if it is anybody's."""
    over = key.expires_at is not None and key.expires_at <= now
    left = bool(key.person) and (person is None or not person.active or person.added_at > key.created_at)
    return {
        "id": key.id,
        "version": key.version,
        "name": key.name,
        "role": person.role if person else key.role,
        "person": key.person or None,
        "person_name": person.name if person else None,
        "state": "revoked" if key.revoked_at else "expired" if over else "person_removed" if left else "live",
        "made_by": key.made_by or None,
        "created_at": time_text(key.created_at),
        "expires_at": time_text(key.expires_at),
        "revoked_at": time_text(key.revoked_at),
        "used_at": time_text(key.used_at),
        "rotated_to": key.rotated_to or None,
    }


def list_keys(seller: str, *, limit: int, cursor: str | None, now: datetime, store: People) -> dict[str, Json]:
    """Keys of a shop, oldest first."""
    page = store.keys_of(seller, limit=limit, cursor=cursor)
    found = [key for key in map(store.api_key, page.items) if key is not None and key.seller == seller]
    people = {each: store.person(seller, each) for each in {key.person for key in found if key.person}}
    return {"items": [key_view(key, people.get(key.person), now) for key in found], "next_cursor": page.cursor}


def session_view(signed: SignedIn, *, token: str | None) -> dict[str, Json]:
    session = signed.session
    return {
        "token": token,
        "seller": session.seller,
        "person": person_view(signed.person),
        "role": session.role,
        "bench": session.station or None,
        "opened_at": time_text(session.opened_at),
        "ends_at": time_text(session.ends_at),
        "idle_seconds": int(session.idle.total_seconds()),
    }


def me_view(
    *, seller: str, role: Role, actor: str, person: Person | None, name: str, shops: list[Person]
) -> dict[str, Json]:
    """Who calls: a person with their shops, or a key that is nobody's with its name."""
    return {
        "seller": seller,
        "role": role,
        "actor": actor,
        "name": person.name if person else name or None,
        "kind": "person" if person else "bench" if role is Role.STATION else "integration",
        "person": person_view(person) if person else None,
        "shops": [{"seller": each.seller, "role": each.role} for each in shops],
        "key": actors.key_of(actor) or None,
    }
