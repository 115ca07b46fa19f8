"""Dataclass <-> plain attributes, driven by the dataclass's own types.

Compact, because a write unit is 1 KB: times are whole microseconds, money is "1250 RUB", and a field is left out where
its value is its default and that default is empty (None, "", 0, False, no elements). Defaults that mean something are
always written, so that changing one in the code never changes what is stored.
"""

import functools
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shipby.adapters.dynamodb.keys import micros, moment
from shipby.domain.money import Money

if TYPE_CHECKING:
    from shipby.domain.postings.posting import Alarm

T = TypeVar("T")
Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Coder:
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


_PLAIN = _Coder(_same, _same)


def money(text: str) -> Money:
    """Reads "1250 RUB" back."""
    minor, _, currency = text.partition(" ")
    return Money(int(minor), currency)


_SCALARS: dict[object, _Coder] = {
    str: _PLAIN,
    int: _PLAIN,
    bool: _PLAIN,
    Decimal: _Coder(_same, Decimal),
    datetime: _Coder(micros, moment),
    date: _Coder(date.isoformat, date.fromisoformat),
    timedelta: _Coder(lambda value: value // timedelta(microseconds=1), lambda value: timedelta(microseconds=value)),
    Money: _Coder(lambda value: f"{value.minor} {value.currency}", money),
}


def _plain_copy(value: Any) -> Any:
    """JSON data as it is; only its outermost mapping is made a dict of our own."""
    return dict(value)


def _hints(cls: type) -> dict[str, Any]:
    # `Json` is a recursive alias whose text only its own module can evaluate; its content is stored as it is.
    return typing.get_type_hints(cls, localns={"Json": Any})


@functools.cache
def _coder(hint: Any) -> _Coder:
    """How a type is written and read."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if getattr(hint, "__module__", "") == _COMPACT and (compact := _compact_coder(hint)):
        return compact
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _optional(arguments)
    if origin is tuple:
        inner = _coder(arguments[0])
        return _Coder(
            lambda value: [inner.encode(item) for item in value],
            lambda value: tuple(inner.decode(item) for item in value),
        )
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(arguments[0], arguments[1])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _Coder(str, hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _nested(hint)
    raise TypeError(f"no rule for storing {hint!r}")


def _as_told(hint: type[StrEnum]) -> _Coder:
    known: Mapping[str, StrEnum] = {word.value: word for word in hint}
    return _Coder(str, lambda told: known.get(told, told))


def _optional(arguments: tuple[Any, ...]) -> _Coder:
    (inner_hint,) = [argument for argument in arguments if argument is not types.NoneType]
    inner = _coder(inner_hint)
    return _Coder(
        lambda value: None if value is None else inner.encode(value),
        lambda value: None if value is None else inner.decode(value),
    )


def _mapping(key_hint: Any, value_hint: Any) -> _Coder:
    if value_hint is Any:
        return _Coder(_plain_copy, _plain_copy)
    name, inner = _coder(key_hint), _coder(value_hint)
    return _Coder(
        lambda value: {name.encode(key): inner.encode(item) for key, item in value.items()},
        lambda value: {name.decode(key): inner.decode(item) for key, item in value.items()},
    )


def _nested(cls: type) -> _Coder:
    record: Record[Any] = Record(cls)
    return _Coder(record.encode, record.decode)


def _positional(cls: type) -> _Coder:
    hints = _hints(cls)
    coders = [(field.name, _coder(hints[field.name])) for field in fields(cls)]

    def encode(value: Any) -> list[Any]:
        parts = [coder.encode(getattr(value, name)) for name, coder in coders]
        while parts and parts[-1] is None:
            parts.pop()
        return parts

    def decode(parts: list[Any]) -> Any:
        return cls(**{name: coder.decode(part) for (name, coder), part in zip(coders, parts, strict=False)})

    return _Coder(encode, decode)


def _empty_default(field: "Field[Any]") -> Any:
    """The field's default if it is empty, else MISSING: then the field is always written."""
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return default if default is not MISSING and not default and not isinstance(default, timedelta) else MISSING


_COMPACT = "shipby.domain.postings.posting"
"""Where the types are that an item has many of. Loaded only with a record that has them: the webhook's have none."""


def _compact_coder(hint: Any) -> _Coder | None:
    from shipby.adapters.dynamodb import compact

    if hint is compact.RungKind:
        return _Coder(compact.rung_code, compact.rung_kind)
    return _positional(hint) if hint in compact.POSITIONAL else None


class Record(Generic[T]):
    """Codec of one dataclass. `rename` gives a field another attribute name; `flat_alarm` keeps `next_alarm` in the
    attributes `alarm_at` and `alarm_kind`, which an index can project as columns. In the fields `as_told` a word that
    their enum does not know is read as it stands: the row can be shown and replaced, and has no meaning until then."""

    def __init__(
        self,
        cls: type[T],
        *,
        rename: Mapping[str, str] | None = None,
        flat_alarm: bool = False,
        as_told: Collection[str] = (),
    ) -> None:
        if not is_dataclass(cls):
            raise TypeError(f"{cls!r} is not a dataclass")
        self._cls: Callable[..., T] = cls
        self._flat_alarm = flat_alarm
        hints = _hints(cls)
        names = rename or {}
        self._fields = [
            (
                field.name,
                names.get(field.name, field.name),
                _as_told(hints[field.name]) if field.name in as_told else _coder(hints[field.name]),
                _empty_default(field),
            )
            for field in fields(cls)
            if not (flat_alarm and field.name == "next_alarm")
        ]
        self._by_attribute = {attribute: (name, coder) for name, attribute, coder, _ in self._fields}
        only = [name for name, _, _, _ in self._fields]
        # All values of a record at once; of one field attrgetter gives it alone.
        self._values: Callable[[T], tuple[Any, ...]] = (
            attrgetter(*only) if len(only) > 1 else lambda value: tuple(getattr(value, name) for name in only)
        )

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of all attributes that a record may have, but for those of a flat alarm."""
        return tuple(attribute for _, attribute, _, _ in self._fields)

    def encode(self, value: T) -> Attributes:
        """Plain attributes of a record, without those that are empty."""
        attributes: Attributes = {}
        for (_, attribute, coder, empty), content in zip(self._fields, self._values(value), strict=True):
            if empty is not MISSING and content == empty:
                continue
            attributes[attribute] = coder.encode(content)
        if self._flat_alarm:
            alarm: Alarm | None = getattr(value, "next_alarm")  # noqa: B009 - T is any record that has an alarm
            if alarm is not None:
                attributes |= {"alarm_at": micros(alarm.due), "alarm_kind": str(alarm.kind)}
        return attributes

    def changes(self, before: T, after: T) -> tuple[Attributes, list[str]]:
        """What has to be set and what removed in the item of `before` to make it the item of `after`."""
        changed: Attributes = {}
        removed: list[str] = []
        both = zip(self._fields, self._values(before), self._values(after), strict=True)
        for (_, attribute, coder, empty), old, new in both:
            if old is new or old == new:
                continue
            if empty is not MISSING and new == empty:
                removed.append(attribute)
            else:
                changed[attribute] = coder.encode(new)
        if self._flat_alarm:
            was: Alarm | None = getattr(before, "next_alarm")  # noqa: B009 - T is any record that has an alarm
            alarm: Alarm | None = getattr(after, "next_alarm")  # noqa: B009 - as above
            if alarm is None:
                removed += ["alarm_at", "alarm_kind"]
            elif alarm != was:
                changed |= {"alarm_at": micros(alarm.due), "alarm_kind": str(alarm.kind)}
        return changed, removed

    def decode(self, attributes: Mapping[str, Any]) -> T:
        """The record of plain attributes; names it does not know (keys, index columns) are passed over."""
        values: dict[str, Any] = {}
        for attribute, content in attributes.items():
            known = self._by_attribute.get(attribute)
            if known is not None:
                name, coder = known
                values[name] = content if coder is _PLAIN else coder.decode(content)
        if self._flat_alarm and "alarm_at" in attributes:
            from shipby.adapters.dynamodb import compact

            kind = compact.RungKind(attributes["alarm_kind"])
            values["next_alarm"] = compact.Alarm(due=moment(attributes["alarm_at"]), kind=kind)
        return self._cls(**values)
