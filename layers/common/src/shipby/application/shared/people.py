"""Who stands behind an actor: histories hold people and keys, people read names, and many keys may be one person's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from shipby.application.ports.sellers import ApiKeyReads, People
from shipby.application.shared.paging import every
from shipby.domain import actors
from shipby.domain.json_types import Json

ACTOR_FIELDS = frozenset(
    {
        "actor",
        "answered_by",
        "approved_by",
        "asked_by",
        "by",
        "closed_by",
        "made_by",
        "override_by",
        "printed_by",
        "started_by",
    }
)
"""Fields of answers that say who; beside each stands the same with `_name`."""
_FEW = 3
"""So many people are read one by one; more of them as the whole list, which is one query."""
KEPT = timedelta(minutes=1)
MOST_KEPT = 10_000


class KeptNames:
    """Names that a process looked up lately, so that those who work all day are not read with every answer."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[datetime, str]] = {}

    def of(self, seller: str, actor: str, now: datetime) -> str | None:
        """None where it is not known, or was looked up too long ago."""
        at, name = self._kept.get((seller, actor), (now - KEPT, ""))
        return name if abs(now - at) < KEPT else None

    def keep(self, seller: str, actor: str, name: str, now: datetime) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[seller, actor] = now, name


class Names:
    """Names of the actors of one shop, each looked up once, and by a process with `kept` once a minute."""

    def __init__(
        self, seller: str, store: People, *, kept: KeptNames | None = None, now: datetime | None = None
    ) -> None:
        self.seller, self.store = seller, store
        self._known: dict[str, str] = {}
        self._kept, self._now = kept, now

    def of(self, actor: str) -> str:
        """The person's name, or the key's; empty where it has none, or where the system or the marketplace acted."""
        if actor not in self._known:
            kept = self._kept.of(self.seller, actor, self._now) if self._kept and self._now else None
            self._known[actor] = name_of(actor, self.seller, self.store) if kept is None else kept
            if kept is None and self._kept is not None and self._now is not None:
                self._kept.keep(self.seller, actor, self._known[actor], self._now)
        return self._known[actor]

    def learn(self, told: set[str]) -> None:
        """Look up the people among these together."""
        people = {actors.person_of(actor) for actor in told if actor not in self._known} - {""}
        if len(people) <= _FEW:
            return
        for person in every(lambda cursor: self.store.people(self.seller, limit=200, cursor=cursor)):
            self._known[actors.of_person(person.id)] = person.name


def with_names(body: Mapping[str, Json], names: Names) -> dict[str, Json]:
    """An answer in which every person and key that acted has their name beside them."""
    told: set[str] = set()
    _collect(body, told)
    if not told:
        return dict(body)
    names.learn(told)
    return _named(body, names)


def _collect(value: Json, told: set[str]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ACTOR_FIELDS and isinstance(inner, str) and actors.is_person(inner):
                told.add(inner)
            elif not isinstance(inner, str):
                _collect(inner, told)
    elif isinstance(value, list | tuple):
        for inner in value:
            _collect(inner, told)


def _named(value: Mapping[str, Json], names: Names) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, inner in value.items():
        found[key] = _deep(inner, names)
        if key in ACTOR_FIELDS and isinstance(inner, str) and actors.is_person(inner):
            found[f"{key}_name"] = names.of(inner) or None
    return found


def _deep(value: Json, names: Names) -> Json:
    if isinstance(value, Mapping):
        return _named(value, names)
    return [_deep(inner, names) for inner in value] if isinstance(value, list | tuple) else value


def name_of(actor: str, seller: str, store: ApiKeyReads) -> str:
    """The name of a person of the shop, removed or not, or the one that a key was made with; else empty.

    A key that a person has is shown as theirs; one of another shop has no name here.
    """
    person, identifier = actors.person_of(actor), actors.key_of(actor)
    if identifier:
        key = store.api_key(identifier)
        if key is None or key.seller != seller:
            return ""
        if not key.person:
            return key.name
        person = key.person
    found = store.person(seller, person) if person else None
    return found.name if found else ""


def same_person(one: str, other: str, *, seller: str, store: ApiKeyReads) -> bool:
    """Whether two actors are one person: by the person's id; keys that are nobody's by the name they were made for."""
    if one == other:
        return True
    people = {_person(one, store), _person(other, store)}
    if "" not in people:
        return len(people) == 1
    names = {name_of(one, seller, store).casefold(), name_of(other, seller, store).casefold()}
    return len(names) == 1 and names != {""}


def no_second_person(second: str, first: str, *, seller: str, store: People) -> str:
    """Why an actor is no second person beside the first; empty: they are one.

    Once a shop has people, a key that is nobody's speaks for nobody: the second word is a person's.
    """
    if same_person(second, first, seller=seller, store=store):
        return "it was asked for by the same person: somebody else has to approve it, with their key"
    if not _person(second, store) and store.people(seller, limit=1).items:
        return "this key is nobody's, and the second word has to be a person's: make a key for them, or sign in"
    return ""


def _person(actor: str, store: ApiKeyReads) -> str:
    """Id of the person who acted; empty: nobody known."""
    identifier = actors.key_of(actor)
    key = store.api_key(identifier) if identifier else None
    return key.person if key else actors.person_of(actor)
