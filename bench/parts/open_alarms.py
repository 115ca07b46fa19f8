"""The `alarms` index with millions of open alarms, held as numbers: the entries' keys are made when they are read."""

from __future__ import annotations

import bisect
import random
from array import array
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bench import load
from bench.parts.capacity import PAGE_BYTES, read_units
from bench.parts.expressions import key_range
from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.values import item_size

SELLERS = 200
DUE_TIMES = 40
"""The due alarms share this many moments: cut-offs are common to many postings."""
SPREAD = timedelta(days=14)
"""How far ahead the alarms that are not due lie."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What the queries so far cost."""

    queries: int = 0
    items: int = 0
    bytes: int = 0
    units: float = 0.0

    def plus(self, items: list[dict[str, Any]], *, consistent: bool) -> Meter:
        """With one more query that read `items`."""
        size = sum(item_size(item) for item in items)
        units = read_units(size, consistent=consistent)
        return Meter(self.queries + 1, self.items + len(items), self.bytes + size, self.units + units)

    def since(self, earlier: Meter) -> Meter:
        """What was added after `earlier`."""
        return Meter(
            self.queries - earlier.queries,
            self.items - earlier.items,
            self.bytes - earlier.bytes,
            self.units - earlier.units,
        )


@dataclass(slots=True)
class _Shard:
    """Entries in key order: the due ones with their whole sort keys, then the later ones, all at different times."""

    due: list[tuple[str, int]] = field(default_factory=list)
    """(sort key, number of the posting)."""
    later_due: array[int] = field(default_factory=lambda: array("q"))
    """Microseconds since 1970, ascending, all different."""
    later_number: array[int] = field(default_factory=lambda: array("l"))

    def __len__(self) -> int:
        return len(self.due) + len(self.later_due)

    def sort_key(self, position: int) -> str:
        """AS of the entry at a position."""
        if position < len(self.due):
            return self.due[position][0]
        place = position - len(self.due)
        return alarm_keys(self.later_number[place], self.later_due[place])["AS"]

    def number(self, position: int) -> int:
        """Number of the posting at a position."""
        return self.due[position][1] if position < len(self.due) else self.later_number[position - len(self.due)]

    def first_from(self, sort_key: str) -> int:
        """Position of the first entry whose AS is not below `sort_key`."""
        place = bisect.bisect_left(self.due, (sort_key, -1))
        if place < len(self.due) or not self.later_due:
            return place
        moment = int(sort_key.partition("#")[0])
        place += bisect.bisect_left(self.later_due, moment)
        # At most one later entry has this moment; its hash decides on which side it stands.
        while place < len(self) and self.sort_key(place) < sort_key:
            place += 1
        return place


def alarm_keys(number: int, due_micros: int) -> dict[str, str]:
    """The index keys of a posting's alarm, by the product's own rule."""
    return index_keys.alarm(posting_key(number), keys.moment(due_micros), load.SHARDS)


def posting_key(number: int) -> keys.Key:
    """The item of a posting."""
    return keys.posting(load.seller_of(number, SELLERS), load.name_of(number))


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """One open alarm: the posting's number and when it is due, in microseconds since 1970."""

    number: int
    due: int


def spread(total: int, due: int, now: datetime, *, seed: int) -> tuple[list[OpenAlarm], int, int]:
    """The due alarms; then the first moment of the later ones and the microseconds between them."""
    chance = random.Random(seed)
    times = sorted(keys.micros(now) - chance.randrange(60_000_000) for _ in range(DUE_TIMES))
    numbers = chance.sample(range(total), due)
    found = [OpenAlarm(number, times[place % DUE_TIMES]) for place, number in enumerate(numbers)]
    later = keys.micros(now + timedelta(hours=1))
    return found, later, SPREAD // timedelta(microseconds=1) // total


class IndexClient:
    """A DynamoDB client that knows one index and answers Query on it exactly as DynamoDB pages and bills.

    A request ends at `Limit` entries or with the entry that fills 1 MB, before any filter; whenever it ended for one of
    these reasons there is a LastEvaluatedKey, even if nothing follows.
    """

    def __init__(self, total: int, due: int, now: datetime, *, seed: int) -> None:
        self.total = total
        self.meter = Meter()
        self._shards = [_Shard() for _ in range(load.SHARDS)]
        at_once, later, gap = spread(total, due, now, seed=seed)
        for alarm in at_once:
            shard = self._shards[index_keys.alarm_shard(posting_key(alarm.number), load.SHARDS)]
            shard.due.append((alarm_keys(alarm.number, alarm.due)["AS"], alarm.number))
        for shard in self._shards:
            shard.due.sort()
        taken = {alarm.number for alarm in at_once}
        for number in range(total):
            if number not in taken:
                shard = self._shards[index_keys.alarm_shard(posting_key(number), load.SHARDS)]
                shard.later_due.append(later + number * gap)
                shard.later_number.append(number)

    def query(self, **call: Any) -> dict[str, Any]:
        """Answer a Query on the index `alarms`. Raises NotImplementedError for what the sweep never asks."""
        unknown = call.keys() - _KNOWN
        if unknown or call.get("IndexName") != "alarms":
            raise NotImplementedError(f"this index does not know {unknown or call.get('IndexName')}")
        wanted = key_range(call["KeyConditionExpression"], call["ExpressionAttributeValues"])
        shard = self._shards[int(wanted.partition.partition("#")[2])]
        start = call.get("ExclusiveStartKey")
        position = shard.first_from(start["AS"]["S"]) if start else shard.first_from(wanted.low or "0")
        # The hash in AS holds the item's key, so an equal AS is the very entry to begin behind.
        if start and position < len(shard) and shard.sort_key(position) == start["AS"]["S"]:
            position += 1
        items: list[dict[str, Any]] = []
        answer: dict[str, Any] = {"Items": items}
        size, limit = 0, call.get("Limit", len(shard) + 1)
        while position < len(shard) and (sort := shard.sort_key(position)) < wanted.high:
            key = posting_key(shard.number(position))
            item = {"AK": {"S": wanted.partition}, "AS": {"S": sort}, **key.wire}
            size += item_size(item)
            items.append(item)
            position += 1
            if len(items) == limit or size >= PAGE_BYTES:
                answer["LastEvaluatedKey"] = item
                break
        self.meter = self.meter.plus(items, consistent=False)
        return answer


_KNOWN = frozenset(
    {
        "TableName",
        "IndexName",
        "KeyConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "Limit",
        "ExclusiveStartKey",
    }
)
