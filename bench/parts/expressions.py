"""The part of DynamoDB's expression language that Shipby's store uses, evaluated on items as they go over the wire.

What is not known raises NotImplementedError: an engine that guessed would prove nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

Item: TypeAlias = Mapping[str, Mapping[str, Any]]
_Test: TypeAlias = Callable[[Item, Mapping[str, str], Item], bool]
_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[#:]?\w+)")
_SORT = re.compile(
    r"(?P<name>\S+) (?P<op><=|<|BETWEEN) (?P<low>:\w+)(?: AND (?P<high>:\w+))?|begins_with\(\S+, (?P<prefix>:\w+)\)"
)
_LAST = "\U0010ffff"


def holds(expression: str, item: Item, names: Mapping[str, str], values: Item) -> bool:
    """Whether a condition holds for an item ({} = there is none)."""
    return _compiled(expression)(item, names, values)


@functools.cache
def _compiled(expression: str) -> _Test:
    tokens = _TOKEN.findall(expression)
    if "".join(tokens) != re.sub(r"\s", "", expression):
        raise NotImplementedError(f"a condition with unknown signs: {expression}")
    test, rest = _either(tokens)
    if rest:
        raise NotImplementedError(f"a condition that goes on with {rest}: {expression}")
    return test


def _either(tokens: list[str]) -> tuple[_Test, list[str]]:
    left, rest = _both(tokens)
    while rest[:1] == ["OR"]:
        right, rest = _both(rest[1:])
        left = _or(left, right)
    return left, rest


def _both(tokens: list[str]) -> tuple[_Test, list[str]]:
    left, rest = _one(tokens)
    while rest[:1] == ["AND"]:
        right, rest = _one(rest[1:])
        left = _and(left, right)
    return left, rest


def _or(left: _Test, right: _Test) -> _Test:
    return lambda item, names, values: left(item, names, values) or right(item, names, values)


def _and(left: _Test, right: _Test) -> _Test:
    return lambda item, names, values: left(item, names, values) and right(item, names, values)


def _one(tokens: list[str]) -> tuple[_Test, list[str]]:
    if tokens[0] == "(":
        inner, rest = _either(tokens[1:])
        if rest[:1] != [")"]:
            raise NotImplementedError(f"an open bracket before {rest}")
        return inner, rest[1:]
    if tokens[0] in ("attribute_exists", "attribute_not_exists"):
        wanted, name = tokens[0] == "attribute_exists", tokens[2]
        return lambda item, names, _: (names.get(name, name) in item) is wanted, tokens[4:]
    if len(tokens) < 3 or tokens[1] not in _COMPARE or not tokens[2].startswith(":"):
        raise NotImplementedError(f"a condition such as {' '.join(tokens[:4])}")
    name, compare, value = tokens[0], _COMPARE[tokens[1]], tokens[2]

    def test(item: Item, names: Mapping[str, str], values: Item) -> bool:
        found = item.get(names.get(name, name))
        return (
            found is not None and found.keys() == values[value].keys() and compare(_plain(found), _plain(values[value]))
        )

    return test, tokens[3:]


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Sort keys from `low` (included) to `high` (not included) of one partition."""

    partition: str
    low: str
    high: str


def key_range(expression: str, values: Item) -> KeyRange:
    """The range of a KeyConditionExpression of the form `partition = :p [AND sort …]`."""
    first, _, rest = expression.partition(" AND ")
    partition = values[first.rpartition(" = ")[2]]["S"]
    if not rest:
        return KeyRange(partition, "", _LAST)
    found = _SORT.fullmatch(rest)
    if found is None:
        raise NotImplementedError(f"a key condition such as {rest}")
    if found["prefix"]:
        prefix = values[found["prefix"]]["S"]
        return KeyRange(partition, prefix, prefix + _LAST)
    low = values[found["low"]]["S"]
    match found["op"]:
        case "<":
            return KeyRange(partition, "", low)
        case "<=":
            return KeyRange(partition, "", low + "\0")
    return KeyRange(partition, low, values[found["high"]]["S"] + "\0")


def updated(expression: str, item: Item, names: Mapping[str, str], values: Item) -> dict[str, Any]:
    """The item after an UpdateExpression that sets attributes to values, and may remove others behind that."""
    verb, _, rest = expression.partition(" ")
    if verb != "SET":
        raise NotImplementedError(f"an update such as {expression}")
    changed = dict(item)
    sets, _, removes = rest.partition(" REMOVE ")
    for part in sets.split(", "):
        name, _, value = part.partition(" = ")
        changed[names.get(name, name)] = values[value]
    left_out: dict[str, set[int]] = {}
    for part in removes.split(", "):
        name, _, place = part.partition("[")
        if place:
            left_out.setdefault(names.get(name, name), set()).add(int(place.rstrip("]")))
        else:
            changed.pop(names.get(name, name), None)
    for name, places in left_out.items():
        kept = [value for index, value in enumerate(changed[name]["L"]) if index not in places]
        changed[name] = {"L": kept}
    return changed
