"""Returns."""

import functools

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.returns.return_case import ReturnCase


@functools.cache
def returns() -> Kind[ReturnCase]:
    return Kind("RETURN", Record(ReturnCase, flat_alarm=True))


def return_item(case: ReturnCase, shards: int) -> Item:
    key = keys.return_case(case.seller, case.id)
    columns = (
        index_keys.returns(case.seller, case.decide_by, case.id, is_open=case.open)
        | index_keys.returns_opened(case.seller, case.opened_at, case.id)
        | alarm_columns(key, case.next_alarm, shards)
    )
    return returns().item(key, case, columns)
