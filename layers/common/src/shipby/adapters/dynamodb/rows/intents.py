"""Intents."""

import functools

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import Intent, intent_owner


@functools.cache
def intents() -> Kind[Intent]:
    return Kind("INTENT", Record(Intent, flat_alarm=True))


def intent_item(intent: Intent, shards: int) -> Item:
    if intent_owner(intent.id) != intent.ref:
        raise InvalidInputError(f"intent {intent.id} does not belong to {intent.ref.kind} {intent.ref.id}")
    key = keys.intent(intent.seller, intent.ref, intent.id)
    return intents().item(key, intent, board_columns(intent) | alarm_columns(key, intent.next_alarm, shards))


def board_columns(intent: Intent) -> dict[str, str]:
    """Its place among the open ones, or among those settled alike."""
    part = index_keys.OPEN_INTENTS if intent.open else intent.state
    return index_keys.intents(intent.seller, part, intent.created_at, intent.id)
