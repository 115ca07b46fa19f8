"""The sync queue: read a posting from the marketplace and fold what it says."""

from __future__ import annotations

from datetime import datetime

from functions.posting_sync.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.sync_posting import Synced, sync_posting
from shipby.domain.errors import InvalidInputError


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    return parts().batch.each(event, context, _sync)


def _sync(message: Message) -> str:
    seller = message.seller
    synced = _sync_one(seller, message.text("posting"), _hinted_at(message))
    for number in synced.related:
        # A split makes new postings, one step away; what they are related to in turn is this one.
        _sync_one(seller, number, None)
    return synced.outcome


def _sync_one(seller: str, number: str, hinted_at: datetime | None) -> Synced:
    own = parts()
    marketplace = own.marketplaces.of(seller)
    return sync_posting(seller, number, hinted_at=hinted_at, store=own.store, marketplace=marketplace, clock=own.clock)


def _hinted_at(message: Message) -> datetime | None:
    if message.body.get("hinted_at") is None:
        return None
    try:
        hinted = datetime.fromisoformat(message.text("hinted_at"))
    except ValueError as error:
        raise InvalidInputError(f"message {message.id} is not one of ours: hinted_at is no time") from error
    if hinted.tzinfo is None:
        raise InvalidInputError(f"message {message.id} is not one of ours: hinted_at has no time zone")
    return hinted
