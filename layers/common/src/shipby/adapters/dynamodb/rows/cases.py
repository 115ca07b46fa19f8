"""Cases and watches."""

import functools

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.cases.case import Case
from shipby.domain.cases.watch import Watch


@functools.cache
def watches() -> Kind[Watch]:
    return Kind("WATCH", Record(Watch, flat_alarm=True))


@functools.cache
def cases() -> Kind[Case]:
    return Kind("CASE", Record(Case, flat_alarm=True))


def watch_item(watch: Watch, shards: int) -> Item:
    key = keys.watch(watch.seller, watch.id)
    return watches().item(key, watch, alarm_columns(key, watch.next_alarm, shards))


def case_item(case: Case, shards: int) -> Item:
    key = keys.case(case.seller, case.id)
    columns = index_keys.cases(case.seller, case.opened_at, case.id, is_open=case.open)
    return cases().item(key, case, columns | alarm_columns(key, case.next_alarm, shards))
