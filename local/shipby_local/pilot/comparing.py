"""Holds an answer against the official description, field by field; what differs is kept masked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from shipby.application.cases.odd_entries import OddEntry
from shipby_local.pilot.description import Description, Shape, codes
from shipby_local.pilot.door import Exchange
from shipby_local.pilot.masking import CURRENCIES, Mask, moment, shape

SHOWN: Final = 3
"""Examples of one deviation."""
CODES: Final = frozenset(
    {
        "status", "substatus", "previous_substatus", "state", "group_state", "type", "schema", "sys_name", "code",
        "tariff_type", "current_tariff_type", "next_tariff_type", "act_type", "integration_type", "first_mile_type",
        "dropoff_point_type", "delivery_schema", "rating", "disable_reason", "problematic_type", "availability_status",
        "available_actions", "tpl_integration_type", "cargo_type", "type_id", "delivery_method_status",
    }
)  # fmt: skip
"""Fields whose texts are codes of the marketplace, whether the description lists them or not."""


class Kind(StrEnum):
    """In what an answer differs; the heaviest first."""

    UNREADABLE = "the product cannot read it"
    OTHER_TYPE = "another type"
    NO_TIME = "no time"
    OTHER_OFFSET = "a time that is not in UTC"
    UNKNOWN_CODE = "a code that the description does not list"
    NEW_FIELD = "a field that the description does not have"
    NUMBER_AS_TEXT = "a number as text"
    MISSING = "a described field is not there"


@dataclass(slots=True)
class Deviation:
    """One difference at one place. `seen` of `looked` entries had it; `examples` are masked."""

    method: str
    path: str
    kind: Kind
    seen: int = 0
    looked: int = 0
    examples: Counter[str] = field(default_factory=Counter)


class Comparison:
    """All answers against the description. `told` are the codes that were seen, masked: (method, path) -> how often."""

    def __init__(self, description: Description, mask: Mask) -> None:
        self._description = description
        self._mask = mask
        self._found: dict[tuple[str, str, Kind], Deviation] = {}
        self._looked: Counter[tuple[str, str]] = Counter()
        self.told: dict[tuple[str, str], Counter[str]] = {}
        self.hidden: dict[str, set[str]] = {}
        """Place -> words of codes that the report does not show; for the terminal of the seller alone."""

    def all(self, exchanges: Iterable[Exchange]) -> None:
        """Hold every answer of status 200 against the description."""
        for exchange in exchanges:
            if exchange.status == 200:
                self.answer(exchange.path, exchange.value)

    def answer(self, method: str, value: Any) -> None:
        """Hold one answer of status 200 against the description of its method."""
        self._walk(method, "", self._description.answers[method], value)

    def unreadable(self, notes: Iterable[OddEntry]) -> None:
        """What the product's own reading set aside or left out."""
        for entry in notes:
            name, _, problem = entry.problem.removeprefix("the entry").partition(" ")
            self._note(entry.method, re.sub(r"\[\d+\]", "[]", name), Kind.UNREADABLE, problem)

    def deviations(self) -> list[Deviation]:
        """The heaviest kind first, then by method and path."""
        for (method, path, kind), found in self._found.items():
            place = path.rpartition(".")[0] if kind in (Kind.MISSING, Kind.NEW_FIELD) else path
            found.looked = max(self._looked[method, place], found.seen)
        order = list(Kind)
        return sorted(self._found.values(), key=lambda one: (order.index(one.kind), one.method, one.path))

    def _walk(self, method: str, path: str, wanted: Shape, value: Any) -> None:
        if value is None or wanted == "any":
            return  # the description never says which fields may be null
        if isinstance(wanted, dict):
            self._object(method, path, wanted, value)
        elif isinstance(wanted, list):
            self._list(method, path, wanted[0], value)
        else:
            self._scalar(method, path, wanted, value)

    def _object(self, method: str, path: str, wanted: Mapping[str, Shape], value: Any) -> None:
        if not isinstance(value, dict):
            self._note(method, path, Kind.OTHER_TYPE, f"{shape(value)} for an object")
            return
        self._looked[method, path] += 1
        for name, inner in wanted.items():
            if name in value:
                self._walk(method, f"{path}.{name}".lstrip("."), inner, value[name])
            else:
                self._note(method, f"{path}.{name}".lstrip("."), Kind.MISSING)
        for name in value.keys() - wanted.keys():
            self._hide(f"{method} {path}", name)
            place = f"{path}.{self._mask.code(name)}".lstrip(".")
            self._note(method, place, Kind.NEW_FIELD, shape(value[name]))

    def _list(self, method: str, path: str, wanted: Shape, value: Any) -> None:
        if value == {}:
            return  # an empty list, as some methods write it
        if not isinstance(value, list):
            self._note(method, path, Kind.OTHER_TYPE, f"{shape(value)} for a list")
            return
        for one in value:
            self._walk(method, f"{path}[]", wanted, one)

    def _scalar(self, method: str, path: str, wanted: str, value: Any) -> None:
        self._looked[method, path] += 1
        kind = wanted.partition("=")[0]
        if kind == "text" and isinstance(value, str):
            self._code(method, path, wanted, value)
        elif kind == "time" and isinstance(value, str):
            self._time(method, path, value)
        elif not _is(kind, value):
            number = kind in ("whole", "number") and isinstance(value, str) and _NUMBER.fullmatch(value)
            told = shape(value) if number else f"{shape(value)} for {_NAMES[kind]}"
            self._note(method, path, Kind.NUMBER_AS_TEXT if number else Kind.OTHER_TYPE, told)

    def _code(self, method: str, path: str, wanted: str, text: str) -> None:
        name, listed = path.rpartition(".")[2].removesuffix("[]"), codes(wanted)
        if name.endswith(("currency", "currency_code")):
            listed = listed or CURRENCIES
        if not text or not (listed or name in CODES):
            return
        shown = text if text in listed else self._mask.code(text)
        self.told.setdefault((method, path), Counter())[shown] += 1
        self._hide(f"{method} {path}", text)
        if listed and text not in listed:
            self._note(method, path, Kind.UNKNOWN_CODE, shown)

    def _time(self, method: str, path: str, text: str) -> None:
        if not text:
            return
        found = moment(text)
        if found is None:
            self._note(method, path, Kind.NO_TIME, shape(text))
        elif not found.endswith((" Z", " +00:00")):
            self._note(method, path, Kind.OTHER_OFFSET, found)

    def _hide(self, place: str, text: str) -> None:
        if words := self._mask.unknown(text):
            self.hidden.setdefault(place, set()).update(words)

    def _note(self, method: str, path: str, kind: Kind, example: str = "") -> None:
        found = self._found.setdefault((method, path, kind), Deviation(method, path, kind))
        found.seen += 1
        if example and (example in found.examples or len(found.examples) < SHOWN):
            found.examples[example] += 1


_NUMBER: Final = re.compile(r"-?\d{1,19}(\.\d+)?")
_NAMES: Final = {
    "text": "a text",
    "time": "a time",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
}


def _is(kind: str, value: Any) -> bool:
    if kind == "flag":
        return isinstance(value, bool)
    if isinstance(value, bool) or (not isinstance(value, int | float) and not hasattr(value, "adjusted")):
        return False
    return kind == "number" or (kind == "whole" and value == int(value))
