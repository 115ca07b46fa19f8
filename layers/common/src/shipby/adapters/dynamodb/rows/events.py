"""Histories: a row an event; quiet ones at the end of a version stand in the row of the one before them."""

import functools
from collections.abc import Mapping, Sequence

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.upcast import current_schema, upcast
from shipby.adapters.dynamodb.values import Item, Wire, item_from_wire, item_to_wire, to_wire
from shipby.domain.events import EVENT_TYPE_VERSION, QUIET, AggregateKind, Event, Ref, StoredEvent

MORE, TOLD = "more", "told"
_BESIDE = frozenset({keys.CHANGE, keys.ENDED})
"""What stands in the row of an event and is none of it."""


@functools.cache
def _events() -> Record[Event]:
    return Record(Event)


def event_items(seller: str, ref: Ref, version: int, events: Sequence[Event]) -> list[Item]:
    """The rows of a version.

    An older release passes `more` over: it misses nothing that anybody hears of, and `count` counts the rows.
    How many events they hold is `told` then.
    """
    kept = len(events)
    while kept > 1 and events[kept - 1].type in QUIET:
        kept -= 1
    rows = [event_item(seller, ref, version, index, event, count=kept) for index, event in enumerate(events[:kept])]
    if kept < len(events):
        told = to_wire(len(events))
        rows = [row | {TOLD: told} for row in rows]
        rows[-1][MORE] = to_wire(
            [_events().encode(event) | {"type_version": EVENT_TYPE_VERSION[event.type]} for event in events[kept:]]
        )
    return rows


def event_item(seller: str, ref: Ref, version: int, index: int, event: Event, *, count: int) -> Item:
    """An event row holds all that the stream's consumer needs: it never reads the table.

    `count` is how many events its version has, so that a missing last one shows too. Beside it the first row of a
    version may keep what the version did to its item: see `changes`.
    """
    place = {
        "seller": seller,
        "kind": str(ref.kind),
        "id": ref.id,
        "version": version,
        "index": index,
        "count": count,
        "type_version": EVENT_TYPE_VERSION[event.type],
    }
    key = keys.event(seller, ref, version, index)
    return item_to_wire(
        {"PK": key.pk, "SK": key.sk, "schema": current_schema("EVENT")} | place | _events().encode(event)
    )


def read_event(item: Mapping[str, Wire]) -> StoredEvent:
    """The event of a row, read from the table or from the NEW_IMAGE of the table's stream."""
    return read_events(item)[0]


def read_events(item: Mapping[str, Wire]) -> list[StoredEvent]:
    """All events of a row, in order."""
    attributes = upcast("EVENT", item_from_wire({n: v for n, v in item.items() if n not in _BESIDE}))
    return [
        StoredEvent(
            seller=attributes["seller"],
            ref=Ref(AggregateKind(attributes["kind"]), attributes["id"]),
            version=attributes["version"],
            index=attributes["index"] + behind,
            count=attributes[TOLD] if TOLD in attributes else attributes.get("count", 0),
            type_version=one["type_version"],
            event=_events().decode(one),
        )
        for behind, one in enumerate([attributes, *attributes.get(MORE, ())])
    ]


def is_event(sort_key: str) -> bool:
    """Whether a row with this SK is an event."""
    return sort_key.startswith(keys.EVENT_PREFIX)
