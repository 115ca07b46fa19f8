"""One kind of row, and what rows share: the columns of the alarm index, the second after which a row may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Generic, TypeVar

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.upcast import current_schema, upcast
from shipby.adapters.dynamodb.values import Item, Wire, item_from_wire, item_to_wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of row."""

    name: str
    record: Record[T]

    def item(self, key: Key, value: T, columns: Mapping[str, object] | None = None) -> Item:
        """The whole item; `columns` are index keys and TTL."""
        attributes = {"PK": key.pk, "SK": key.sk, "schema": current_schema(self.name)} | self.record.encode(value)
        return item_to_wire(attributes | dict(columns or {}))

    def read(self, item: Mapping[str, Wire]) -> T:
        return self.record.decode(upcast(self.name, item_from_wire(item)))


def ttl(when: datetime) -> int:
    """DynamoDB's TTL attribute: whole seconds, never earlier than `when`."""
    return ceil(keys.micros(when) / 1_000_000)
