"""People of a shop: taken in, changed, removed, given a PIN and a badge."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.people.views import person_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, ReleasePointer, SaveAccess, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    PreconditionFailedError,
)
from shipby.domain.events import Event, EventType, person_ref
from shipby.domain.json_types import Json
from shipby.domain.people import pins
from shipby.domain.people.account import Account
from shipby.domain.people.permits import PERSONS, may_keep
from shipby.domain.people.person import Person
from shipby.domain.people.tries import Tries, right
from shipby.domain.pointers import BADGE
from shipby.domain.sellers.keys import Role

MOST = 500
"""People of a shop, those who were removed included."""
_WAREHOUSE = re.compile(r"[0-9A-Za-z_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Who takes people in or changes them: somebody of a shop, or (with an empty `person`) a key that is nobody's."""

    seller: str
    actor: str
    role: Role
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person is to be."""

    name: str
    role: Role
    warehouses: tuple[str, ...] = ()


def add_person(
    keeper: Keeper, wanted: Wanted, remember: Remember, *, identifier: str = "", store: Store, clock: Clock
) -> Answer:
    """Take somebody in. With `identifier` a person of another shop of the keeper's, or one who was removed here before.

    Raises AlreadyExistsError (they work here), NotFoundError (no such person that the keeper knows), NotAllowedError,
    InvalidInputError.
    """
    _check(wanted)
    new = secrets.token_hex(8)

    def once() -> Answer:
        known = store.person(keeper.seller, identifier) if identifier else None
        _allow(keeper, wanted.role, *([known.role] if known else []))
        if known is not None and known.active:
            raise AlreadyExistsError(f"person {identifier} works here already: change them instead")
        if identifier and known is None and not _knows(keeper, identifier, store):
            raise NotFoundError(f"there is no person {identifier} in any other shop where you are an owner")
        if known is None and len(store.people(keeper.seller, limit=MOST).items) >= MOST:
            raise InvalidInputError(f"{MOST} people are the most", errors=[("id", "take in one who was removed")])
        now = clock.now()
        person = Person(
            seller=keeper.seller,
            id=identifier or new,
            version=(known.version if known else 0) + 1,
            name=wanted.name,
            role=wanted.role,
            warehouses=wanted.warehouses,
            added_at=now,
        )
        account = store.account(person.id)
        shops = Account(
            id=person.id,
            version=(account.version if account else 0) + 1,
            sellers=tuple(sorted({*(account.sellers if account else ()), keeper.seller})),
        )
        answer = Answer(201, person_view(person))
        told = _told(person, EventType.PERSON_ADDED, keeper, now, data=_said(person))
        store.commit([SaveAccess(person), SaveAccess(shops), told, *remember(answer)])
        return answer

    return decide_anew(once)


def change_person(
    keeper: Keeper, identifier: str, wanted: Wanted, if_match: int, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Replace name, role and warehouses. Another role counts from the next call on; sessions get another token.

    Raises NotFoundError, NotAllowedError, PreconditionFailedError, ActionNotOfferedError (the last owner).
    """
    _check(wanted)

    def once() -> Answer:
        known = load_person(keeper.seller, identifier, store)
        _allow(keeper, wanted.role, known.role)
        if known.version != if_match:
            raise PreconditionFailedError(f"person {identifier} is at version {known.version}, you have {if_match}")
        changed = replace(
            known, version=known.version + 1, name=wanted.name, role=wanted.role, warehouses=wanted.warehouses
        )
        answer = Answer(200, person_view(changed))
        told = _told(changed, EventType.PERSON_CHANGED, keeper, clock.now(), data=_said(changed))
        store.commit([SaveAccess(changed), *_other_owner(known, changed, store), told, *remember(answer)])
        return answer

    return decide_anew(once)


def remove_person(
    keeper: Keeper, identifier: str, reason: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """End it for somebody: keys, sessions, badge and PIN open nothing from now on. Their name stays in histories.

    Raises NotFoundError, NotAllowedError, ActionNotOfferedError (the last owner).
    """

    def once() -> Answer:
        known = load_person(keeper.seller, identifier, store)
        _allow(keeper, known.role)
        now = clock.now()
        gone = replace(known, version=known.version + 1, removed_at=now, badge="", pin="")
        answer = Answer(200, person_view(gone))
        told = _told(gone, EventType.PERSON_REMOVED, keeper, now, reason=reason)
        writes = [SaveAccess(gone), *_other_owner(known, gone, store), *_badge_away(known), told]
        store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def set_pin(keeper: Keeper, identifier: str, pin: str, *, store: Store, clock: Clock) -> Answer:
    """Give a person another PIN; wrong tries of the former are forgotten. Everybody may set their own.

    The answer is remembered under no Idempotency-Key, whose stored hash would give the PIN away; the same call again
    does no harm. Raises NotFoundError, NotAllowedError, InvalidInputError.
    """
    hashed = pins.pin_hash(pin)

    def once() -> Answer:
        known = load_person(keeper.seller, identifier, store)
        if keeper.person != identifier:
            _allow(keeper, known.role)
        changed = replace(known, version=known.version + 1, pin=hashed)
        told = _told(changed, EventType.PERSON_CHANGED, keeper, clock.now(), data={"pin": True})
        tries: Tries | None = store.tries(keeper.seller, f"person.{identifier}")
        store.commit([SaveAccess(changed), *([SaveAccess(right(tries))] if tries else []), told])
        return Answer(200, person_view(changed))

    return decide_anew(once)


def give_badge(keeper: Keeper, identifier: str, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Make a new badge; the former opens nothing any more. Its code is in this answer alone, and never kept.

    Raises NotFoundError, NotAllowedError.
    """
    code = pins.new_badge()
    digest = pins.badge_hash(code)

    def once() -> Answer:
        known = load_person(keeper.seller, identifier, store)
        _allow(keeper, known.role)
        changed = replace(known, version=known.version + 1, badge=digest)
        told = _told(changed, EventType.PERSON_CHANGED, keeper, clock.now(), data={"badge": True})
        pointer = ClaimPointer(keeper.seller, BADGE, digest, identifier)
        kept = Answer(200, {**person_view(changed), "code": None})
        store.commit([SaveAccess(changed), pointer, *_badge_away(known), told, *remember(kept)])
        return Answer(200, {**kept.body, "code": code})

    return decide_anew(once)


def take_badge(
    keeper: Keeper, identifier: str, reason: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """A badge was lost: it opens nothing any more, and sessions that it opened go on until they end.

    Raises NotFoundError, NotAllowedError, ActionNotOfferedError (there is none).
    """

    def once() -> Answer:
        known = load_person(keeper.seller, identifier, store)
        _allow(keeper, known.role)
        if not known.badge:
            raise ActionNotOfferedError(f"person {identifier} has no badge", offered=[f"/v1/people/{identifier}/badge"])
        changed = replace(known, version=known.version + 1, badge="")
        answer = Answer(200, person_view(changed))
        told = _told(changed, EventType.PERSON_CHANGED, keeper, clock.now(), data={"badge": False}, reason=reason)
        store.commit([SaveAccess(changed), *_badge_away(known), told, *remember(answer)])
        return answer

    return decide_anew(once)


def load_person(seller: str, identifier: str, store: Store) -> Person:
    """Somebody who works in the shop. Raises NotFoundError, also for one who was removed."""
    person = store.person(seller, identifier)
    if person is None or not person.active:
        raise NotFoundError(f"nobody with the id {identifier} works here")
    return person


def _knows(keeper: Keeper, identifier: str, store: Store) -> bool:
    """Whether the keeper, as a person, is an owner of another shop where that person works."""
    if keeper.actor == actors.OPERATOR:
        return store.account(identifier) is not None
    account = store.account(keeper.person) if keeper.person else None
    for seller in account.sellers if account else ():
        own, other = store.person(seller, keeper.person), store.person(seller, identifier)
        if own and own.active and own.role is Role.OWNER and other and other.active:
            return True
    return False


def _allow(keeper: Keeper, *roles: Role) -> None:
    if not may_keep(keeper.role, *roles):
        raise NotAllowedError(f"a {keeper.role} keeps no {' and no '.join(sorted(set(roles)))}: ask an owner")


def _check(wanted: Wanted) -> None:
    if wanted.role not in PERSONS:
        problem = f"one of {', '.join(sorted(PERSONS))}"
        raise InvalidInputError(f"nobody is a {wanted.role}: a bench gets a key of its own", errors=[("role", problem)])
    if not all(_WAREHOUSE.fullmatch(one) for one in wanted.warehouses):
        problem = "ids of warehouses, such as 22655170176000"
        raise InvalidInputError("there is no such warehouse", errors=[("warehouses", problem)])


def _other_owner(before: Person, after: Person, store: Store) -> list[Write]:
    """Where an owner ends being one: that another still is, at the moment of the change itself."""
    if before.role is not Role.OWNER or (after.role is Role.OWNER and after.active):
        return []
    everybody = every(lambda cursor: store.people(before.seller, limit=MOST, cursor=cursor))
    for other in everybody:
        if other.id != before.id and other.active and other.role is Role.OWNER:
            return [SaveAccess(replace(other, version=other.version + 1))]
    raise ActionNotOfferedError(f"person {before.id} is the last owner: make another one first", offered=["/v1/people"])


def _badge_away(person: Person) -> list[Write]:
    return [ReleasePointer(person.seller, BADGE, person.badge, person.id)] if person.badge else []


def _said(person: Person) -> dict[str, Json]:
    return {"name": person.name, "role": person.role, "warehouses": list(person.warehouses)}


def _told(
    person: Person,
    kind: EventType,
    keeper: Keeper,
    now: datetime,
    *,
    data: dict[str, Json] | None = None,
    reason: str = "",
) -> AppendEvents:
    event = Event(type=kind, at=now, actor=keeper.actor, reason=reason, data=data or {})
    return AppendEvents(person.seller, person_ref(person.id), person.version, (event,))
