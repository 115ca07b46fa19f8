"""What a version changed in its item, kept in its first event row: enough to rebuild the item from its history.

A store remembers the items it read, so that a change is kept as what is new in it. Where the version before is not
known, the whole item is kept: more bytes, and as right.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from shipby.adapters.dynamodb.alarms.aside import NOTES
from shipby.adapters.dynamodb.keys import CHANGE, Key
from shipby.adapters.dynamodb.values import Item, Wire, from_wire, item_from_wire, item_to_wire
from shipby.domain.proof.replay import SYNCED_AT, ItemChange, seal

_ALL, _SET, _GONE, _SEAL = "all", "set", "gone", "seal"
_PLACE = frozenset({"PK", "SK", "AK", "AS", "WK", "WS", "DK", "DS", "ttl", CHANGE, *NOTES})
"""Where an item stands: worked out from its attributes, so no part of what is compared; and the notes of an alarm that
was set aside, which belong to no version."""
_KEPT = 256


def own(item: Mapping[str, Wire]) -> Item:
    """An item without its keys."""
    return {name: value for name, value in item.items() if name not in _PLACE}


def change(before: Mapping[str, Wire] | None, after: Mapping[str, Wire], told: Sequence[Mapping[str, Wire]]) -> Wire:
    """As an attribute of the first of the event rows `told`. `before` None: the whole item."""
    new = own(after)
    kept: Item = {_SEAL: {"S": seal(plain(after), [plain(row) for row in told])}}
    if before is None:
        return {"M": kept | {_ALL: {"M": new}}}
    old = own(before)
    # A read that changed nothing may have raised it meanwhile, and the version before did not: it is always told.
    values = {name: value for name, value in new.items() if old.get(name) != value or name == SYNCED_AT}
    values.pop("version", None)
    kept[_SET] = {"M": values}
    gone = sorted(set(old) - set(new))
    if gone:
        kept[_GONE] = {"L": [{"S": name} for name in gone]}
    return {"M": kept}


def moved(
    before: Mapping[str, Any], changed: Mapping[str, Any], gone: Sequence[str], told: Sequence[Mapping[str, Wire]]
) -> Wire:
    """As `change`, where what a version sets and takes away is known: `before` and `changed` in plain values.

    Nothing that stays is written out or read back for it.
    """
    left = {name: value for name, value in before.items() if name not in gone}
    after = left | dict(changed)
    kept: Item = {_SEAL: {"S": seal(after, [plain(row) for row in told])}}
    # What moves together is set together, although a part of it may stand.
    values = {name: value for name, value in changed.items() if name != "version" and before.get(name) != value}
    kept[_SET] = {"M": item_to_wire(values | {SYNCED_AT: after[SYNCED_AT]})}
    missing = sorted(set(gone) & set(before))
    if missing:
        kept[_GONE] = {"L": [{"S": name} for name in missing]}
    return {"M": kept}


def read(told: Sequence[Mapping[str, Wire]], version: int) -> ItemChange | None:
    """The change that the event rows of a version keep; None where they keep none."""
    kept = next((row[CHANGE] for row in told if CHANGE in row), None)
    if kept is None:
        return None
    content: dict[str, Any] = from_wire(kept)
    whole = _ALL in content
    return ItemChange(
        version=version,
        whole=whole,
        values=content[_ALL] if whole else {**content.get(_SET, {}), "version": version},
        gone=tuple(content.get(_GONE, ())),
        events=tuple(plain(row) for row in told),
        seal=str(content.get(_SEAL, "")),
    )


def plain(item: Mapping[str, Wire]) -> dict[str, Any]:
    """An item or row as it is stored, without its keys, in plain values."""
    return item_from_wire(own(item))


def without_place(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The same of an item whose values are plain already."""
    return {name: value for name, value in attributes.items() if name not in _PLACE}


class Seen:
    """The newest items that a store read or wrote, by key. Safe to share between threads."""

    def __init__(self) -> None:
        self._items: OrderedDict[Key, Item] = OrderedDict()
        self._lock = Lock()

    def note(self, key: Key, item: Item) -> None:
        with self._lock:
            self._items[key] = item
            self._items.move_to_end(key)
            if len(self._items) > _KEPT:
                self._items.popitem(last=False)

    def at(self, key: Key, version: int) -> Item | None:
        """The item if it was seen at this version."""
        with self._lock:
            item = self._items.get(key)
        return item if item is not None and item.get("version") == {"N": str(version)} else None
