"""Rows by key, and the lists of them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.paging import Listing, Lists
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import inbox as inbox_rows
from shipby.adapters.dynamodb.values import Item
from shipby.adapters.sqlite.database import Database

COLUMNS: Mapping[str, str] = {
    "PK": "pk",
    "SK": "sk",
    "AK": "ak",
    "AS": "alarm_sort",
    "WK": "wk",
    "WS": "work_sort",
    "DK": "dk",
    "DS": "day_sort",
}
_AT_ONCE = 256
"""Rows that a list reads at a time: who stops early has not read a whole board."""
_MOST_NAMES = 400

_NAME = r"#?(\w+)"
_SPANS = (
    (re.compile(r"#sort BETWEEN :(\w+) AND :(\w+)"), "{sort} BETWEEN :{0} AND :{1}"),
    (re.compile(r"#sort (<|<=|>|>=) :(\w+)"), "{sort} {0} :{1}"),
    (re.compile(r"begins_with\(#sort, :(\w+)\)"), "{sort} >= :{0} AND {sort} < :{0} || char(1114111)"),
)
"""How the place in a list may be bounded: a closed set, and anything else is refused."""
_COMPARED = re.compile(rf"{_NAME} (=|<=) :(\w+)")
_CONTAINED = re.compile(rf"contains\({_NAME}, :(\w+)\)")
_THERE = re.compile(rf"attribute_(not_)?exists\({_NAME}\)")
"""What a list may choose by; its parts stand with AND between."""


def dumped(item: Item) -> str:
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)


class Rows(Lists):
    """The table `items`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: Key) -> Item | None:
        found = self._database.read("SELECT body FROM items WHERE pk = ? AND sk = ?", (key.pk, key.sk))
        return json.loads(found[0][0]) if found else None

    def get_many(self, wanted: Sequence[Key]) -> dict[Key, Item]:
        """Of one moment: a part of the keys is one query."""
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), _MOST_NAMES):
            part = wanted[start : start + _MOST_NAMES]
            places = ", ".join(["(?, ?)"] * len(part))
            rows = self._database.read(
                f"SELECT pk, sk, body FROM items WHERE (pk, sk) IN (VALUES {places})",  # noqa: S608 - question marks only
                [text for key in part for text in (key.pk, key.sk)],
            )
            found |= {Key(pk, sk): json.loads(body) for pk, sk, body in rows}
        return found

    def listed(self, listing: Listing, *, after: Mapping[str, str] | None, limit: int | None) -> Iterator[Item]:
        """See `Lists`. Raises ValueError for a condition that this store does not know."""
        sort, partition = COLUMNS[listing.sort], COLUMNS[listing.partition[0]]
        values: dict[str, Any] = {"partition": listing.partition[1]}
        wanted = [f"{partition} = :partition"]
        if listing.condition:
            wanted.append(_span(listing.condition, sort))
            values |= {name.lstrip(":"): value for name, value in (listing.values or {}).items()}
        if listing.only:
            for part in listing.only.split(" AND "):
                said, more_values = _choice(part, listing)
                wanted.append(said)
                values |= more_values
        order = dict.fromkeys((sort, "pk", "sk"))
        placed = f"({', '.join(order)})"
        left = limit
        behind = (
            None if after is None else tuple({COLUMNS[name]: text for name, text in after.items()}[c] for c in order)
        )
        while left is None or left > 0:
            more = list(wanted)
            if behind is not None:
                more.append(f"{placed} > ({', '.join(f':after_{index}' for index in range(len(behind)))})")
                values |= {f"after_{index}": text for index, text in enumerate(behind)}
            count = _AT_ONCE if left is None else min(left, _AT_ONCE)
            rows = self._database.read(
                f"SELECT body, {', '.join(order)} FROM items WHERE {' AND '.join(more)} "  # noqa: S608 - columns of our own, values by name
                f"ORDER BY {', '.join(order)} LIMIT {count}",
                values,
            )
            for row in rows:
                yield json.loads(row[0])
            if len(rows) < count:
                return
            behind = tuple(rows[-1][1:])
            left = None if left is None else left - count


def _span(condition: str, sort: str) -> str:
    for pattern, said in _SPANS:
        if match := pattern.fullmatch(condition):
            return said.format(*match.groups(), sort=sort)
    raise _unknown(condition)


def _choice(part: str, listing: Listing) -> tuple[str, dict[str, Any]]:
    """A part of what a list chooses by, with its values."""
    if match := _THERE.fullmatch(part):
        absent, name = match.groups()
        path = {f"at_{name}": f"$.{_attribute(name, listing)}"}
        return f"json_type(body, :at_{name}) IS {'' if absent else 'NOT '}NULL", path
    compared, contained = _COMPARED.fullmatch(part), _CONTAINED.fullmatch(part)
    if compared is None and contained is None:
        raise _unknown(part)
    name, sign, told = compared.groups() if compared else (*contained.groups()[:1], "", contained.groups()[1])  # type: ignore[union-attr]  # one of both
    ((kind, content),) = (listing.only_values or {})[f":{told}"].items()
    place = f"json_extract(body, :in_{name})"
    values = {f"in_{name}": f"$.{_attribute(name, listing)}.{kind}", told: int(content) if kind == "N" else content}
    if contained:
        return f"instr({place}, :{told}) > 0", values
    return f"{f'CAST({place} AS INTEGER)' if kind == 'N' else place} {sign} :{told}", values


def _attribute(name: str, listing: Listing) -> str:
    return (listing.only_names or {}).get(f"#{name}", name)


def _unknown(condition: str) -> ValueError:
    return ValueError(f"this store has no word for the condition {condition!r}: teach it in adapters/sqlite/rows.py")


def stored(connection: sqlite3.Connection, key: Key) -> Item:
    """A row as it stands within a change; {} where there is none."""
    found = connection.execute("SELECT body FROM items WHERE pk = ? AND sk = ?", (key.pk, key.sk)).fetchone()
    return json.loads(found[0]) if found else {}


def save(connection: sqlite3.Connection, key: Key, item: Item, *, fresh: bool) -> None:
    """Write a row; a push or an event that is new stands in the outbox from the same commit on."""
    body = dumped(item)
    connection.execute("INSERT OR REPLACE INTO items (pk, sk, body) VALUES (?, ?, ?)", (key.pk, key.sk, body))
    if fresh and (event_rows.is_event(key.sk) or inbox_rows.is_push(key.sk)):
        connection.execute("INSERT INTO outbox (body) VALUES (?)", (body,))


def remove(connection: sqlite3.Connection, key: Key) -> None:
    connection.execute("DELETE FROM items WHERE pk = ? AND sk = ?", (key.pk, key.sk))
