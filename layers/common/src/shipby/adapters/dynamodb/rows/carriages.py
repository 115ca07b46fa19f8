"""Carriages."""

import functools

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.carriages import Carriage


@functools.cache
def carriages() -> Kind[Carriage]:
    return Kind("CARRIAGE", Record(Carriage, flat_alarm=True))


def carriage_item(carriage: Carriage, shards: int) -> Item:
    key = keys.carriage(carriage.seller, carriage.id)
    columns = index_keys.carriages(carriage.seller, carriage.asked_at, carriage.id, is_open=carriage.open)
    return carriages().item(key, carriage, columns | alarm_columns(key, carriage.next_alarm, shards))
