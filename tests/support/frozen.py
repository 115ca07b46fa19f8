"""Deep copies that nobody can change, so that a fake behaves like a database and not like shared memory."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, NoReturn, TypeVar

from shipby.domain.events import Event
from shipby.domain.intents import Intent
from shipby.domain.postings.inbox import PushRow
from shipby.domain.remembered import RememberedResponse

T = TypeVar("T")
_JSON_FIELDS: Mapping[type, frozenset[str]] = {
    Event: frozenset({"data"}),
    Intent: frozenset({"request", "read_back"}),
    PushRow: frozenset({"payload"}),
    RememberedResponse: frozenset({"body"}),
}
"""Where sequences come back as lists, as from any JSON."""


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError("what comes out of the store must not be changed; write a new version instead")


class FrozenDict(dict[str, Any]):
    """A dict that refuses every change."""

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __deepcopy__(self, memo: object) -> "FrozenDict":
        return self


class FrozenList(list[Any]):
    """A list that refuses every change."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __deepcopy__(self, memo: object) -> "FrozenList":
        return self


def freeze(value: T) -> T:
    """An equal value without a mutable part, sharing nothing mutable with the original."""
    frozen: T = _freeze(value)
    return frozen


def freeze_json(value: Any) -> Any:
    """JSON data frozen: mappings and lists all the way down, tuples become lists."""
    if isinstance(value, Mapping):
        return FrozenDict({key: freeze_json(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList(freeze_json(item) for item in value)
    return value


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenDict({key: _freeze(item) for key, item in value.items()})
    if isinstance(value, tuple):
        return tuple(_freeze(item) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    json_fields = _JSON_FIELDS.get(type(value), frozenset())
    for field in fields(value):
        content = getattr(value, field.name)
        if isinstance(content, Mapping | tuple) or is_dataclass(content):
            changes[field.name] = freeze_json(content) if field.name in json_fields else _freeze(content)
    return replace(value, **changes) if changes else value
