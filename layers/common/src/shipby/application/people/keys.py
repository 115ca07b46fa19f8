"""Keys of a shop's people and programs: made, rotated, revoked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.people.keeping import Keeper, load_person
from shipby.application.people.views import key_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveAccess
from shipby.application.sellers.register import new_api_key
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotAllowedError, NotFoundError
from shipby.domain.events import Event, EventType, key_ref
from shipby.domain.json_types import Json
from shipby.domain.people.permits import may_keep
from shipby.domain.sellers.keys import ApiKey, Role

MOST = 500
"""Keys of a shop, those that are over included."""
ROTATION = timedelta(days=7)
"""How long a key goes on beside the one that takes its place, unless somebody says otherwise."""
LONGEST_ROTATION = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to be made: a person's, or one with a role of its own."""

    name: str
    person: str = ""
    role: Role | None = None


def make_key(keeper: Keeper, wanted: NewKey, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Make a key: of a person, as whom it acts; or of a program or a bench, with a role of its own.

    Its text is in this answer alone, and never kept. Raises NotFoundError (nobody), NotAllowedError, InvalidInputError.
    """
    person = wanted.person
    if bool(person) == (wanted.role is not None):
        problem = "a key is a person's, or it has a role of its own: send one of the two"
        raise InvalidInputError(problem, errors=[("person", problem)])

    def once() -> Answer:
        whose = load_person(keeper.seller, person, store) if person else None
        acts_as = whose.role if whose else wanted.role or Role.INTEGRATION
        if person != keeper.person or not person:
            _allow(keeper, acts_as)
        if len(store.keys_of(keeper.seller, limit=MOST).items) >= MOST:
            raise InvalidInputError(f"{MOST} keys are the most", errors=[("name", "rotate one that is there")])
        now = clock.now()
        key, secret = new_api_key(keeper.seller, acts_as, now, name=wanted.name, person=person)
        key = replace(key, made_by=keeper.actor)
        kept = Answer(201, {**key_view(key, whose, now), "text": None})
        store.commit([SaveAccess(key), _told(key, EventType.KEY_MADE, keeper, now), *remember(kept)])
        return Answer(201, {**kept.body, "text": secret.text})

    return decide_anew(once)


def rotate_key(
    keeper: Keeper, identifier: str, overlap: timedelta, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Make the key that takes a key's place: same name, same person, same role; both work for `overlap`.

    Raises NotFoundError, NotAllowedError, ActionNotOfferedError (revoked, over, or rotated already), InvalidInputError.
    """
    if not timedelta() <= overlap <= LONGEST_ROTATION:
        problem = f"0 to {LONGEST_ROTATION.days} days"
        raise InvalidInputError("both keys cannot work for so long", errors=[("overlap", problem)])

    def once() -> Answer:
        now = clock.now()
        former = _load(keeper, identifier, store)
        if former.revoked_at or former.rotated_to or (former.expires_at and former.expires_at <= now):
            raise ActionNotOfferedError(
                f"key {identifier} is over, or another has taken its place already: make a new one",
                offered=["/v1/keys"],
            )
        whose = load_person(keeper.seller, former.person, store) if former.person else None
        key, secret = new_api_key(
            keeper.seller, whose.role if whose else former.role, now, name=former.name, person=former.person
        )
        key = replace(key, made_by=keeper.actor)
        ends = min(former.expires_at or now + overlap, now + overlap)
        ending = replace(former, version=former.version + 1, expires_at=ends, rotated_to=key.id)
        kept = Answer(201, {**key_view(key, whose, now), "text": None})
        told = _told(ending, EventType.KEY_CHANGED, keeper, now, {"rotated_to": key.id, "ends_at": ends.isoformat()})
        made = _told(key, EventType.KEY_MADE, keeper, now)
        store.commit([SaveAccess(key), SaveAccess(ending), told, made, *remember(kept)])
        return Answer(201, {**kept.body, "text": secret.text})

    return decide_anew(once)


def revoke_key(
    keeper: Keeper, identifier: str, reason: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Stop a key: refused from the next look of the authorizer on. Revoking it again changes nothing.

    Raises NotFoundError, NotAllowedError.
    """

    def once() -> Answer:
        now = clock.now()
        key = _load(keeper, identifier, store)
        whose = store.person(key.seller, key.person) if key.person else None
        if key.revoked_at is not None:
            return Answer(200, key_view(key, whose, now))
        revoked = replace(key, version=key.version + 1, revoked_at=now)
        answer = Answer(200, key_view(revoked, whose, now))
        told = _told(revoked, EventType.KEY_REVOKED, keeper, now, reason=reason)
        store.commit([SaveAccess(revoked), told, *remember(answer)])
        return answer

    return decide_anew(once)


def _load(keeper: Keeper, identifier: str, store: Store) -> ApiKey:
    key = store.api_key(identifier)
    if key is None or key.seller != keeper.seller:
        raise NotFoundError(f"there is no key {identifier}")
    whose = store.person(key.seller, key.person) if key.person else None
    if not key.person or key.person != keeper.person:
        _allow(keeper, whose.role if whose else key.role)
    return key


def _allow(keeper: Keeper, role: Role) -> None:
    if not may_keep(keeper.role, role):
        raise NotAllowedError(f"a {keeper.role} keeps no keys of a {role}: ask an owner")


def _told(
    key: ApiKey,
    kind: EventType,
    keeper: Keeper,
    now: datetime,
    data: dict[str, Json] | None = None,
    *,
    reason: str = "",
) -> AppendEvents:
    said: dict[str, Json] = {"name": key.name, "role": key.role, "person": key.person or None, **(data or {})}
    event = Event(type=kind, at=now, actor=keeper.actor, reason=reason, data=said)
    return AppendEvents(key.seller, key_ref(key.id), key.version, (event,))
