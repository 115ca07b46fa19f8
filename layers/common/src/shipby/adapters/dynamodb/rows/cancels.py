"""Wishes to cancel."""

import functools

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.cancels.requests import CancelRequest


@functools.cache
def cancel_requests() -> Kind[CancelRequest]:
    return Kind("CANCELREQ", Record(CancelRequest, flat_alarm=True))


def cancel_request_item(request: CancelRequest, shards: int) -> Item:
    key = keys.cancel_request(request.seller, request.id)
    columns = index_keys.cancel_requests(request.seller, request.auto_approve_at, request.id, is_open=request.open)
    return cancel_requests().item(key, request, columns | alarm_columns(key, request.next_alarm, shards))
