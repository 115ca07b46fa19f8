"""Pushes as they arrived, and the tokens of push addresses. All that the webhook writes."""

import functools
from collections.abc import Mapping
from datetime import timedelta

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item, Wire
from shipby.domain.postings.inbox import PushRow, PushToken

PUSH_KEPT = timedelta(days=30)


@functools.cache
def pushes() -> Kind[PushRow]:
    return Kind("PUSH", Record(PushRow))


@functools.cache
def push_tokens() -> Kind[PushToken]:
    return Kind("PUSHTOKEN", Record(PushToken))


def read_push(item: Mapping[str, Wire]) -> PushRow:
    """The push of a row, read from the table or from the NEW_IMAGE of the table's stream."""
    return pushes().read(item)


def is_push(sort_key: str) -> bool:
    """Whether a row with this SK is a push."""
    return sort_key.startswith(keys.PUSH_PREFIX)


def push_item(push: PushRow) -> Item:
    key = keys.push(push.seller, push.received_at, push.type, push.digest, push.window)
    return pushes().item(key, push, {"ttl": ttl(push.received_at + PUSH_KEPT)})
