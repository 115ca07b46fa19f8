"""The sync queue: read a posting from the marketplace and fold what it says, or look into its chats."""

from __future__ import annotations

from datetime import datetime

from functions.posting_sync.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.cancels.sync import sync_cancel_request
from shipby.application.evidence.claim_hints import watch_chats
from shipby.application.intake.sync_posting import Synced, sync_posting
from shipby.domain.errors import InvalidInputError, ShipbyError
from shipby.domain.sellers.settings import Automation


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    return parts().batch.each(event, context, _sync)


def _sync(message: Message) -> str:
    seller = message.seller
    if message.body.get("task") == "chats":
        return _look_into_chats(seller, _hinted_at(message))
    if message.body.get("task") == "buyer_chat":
        return _read_buyer(seller, message.text("chat"))
    if message.body.get("task") == "goods":
        return _goods_came(seller, message.text("pool"), message.text("sku"))
    schema = message.text("delivery_schema") if message.body.get("delivery_schema") else ""
    again = message.attempt > 1
    synced = _sync_one(seller, message.text("posting"), _hinted_at(message), schema, again=again)
    failures: list[ShipbyError] = []
    for number in synced.related:
        # A split makes new postings, one step away; what they are related to in turn is this one.
        try:
            _sync_one(seller, number, None)
        except ShipbyError as error:
            failures.append(error)
    if message.body.get("cancel_request") is not None:
        _sync_request(seller, message.text("cancel_request"))
    if failures:
        # One that fails takes none of the others with it; the message comes again for it.
        raise failures[0]
    return synced.outcome


def _sync_request(seller: str, identifier: str) -> None:
    """A buyer's wish to cancel, after its posting: what to answer hangs on where the parcel is."""
    own = parts()
    request = own.store.cancel_request(seller, identifier)
    if request is not None and request.open:
        marketplace = own.marketplaces.of(seller)
        sync_cancel_request(seller, identifier, store=own.store, marketplace=marketplace, clock=own.clock)


def _look_into_chats(seller: str, hinted_at: datetime | None) -> str:
    """A push told of words of the marketplace: where nothing answers, the next poll looks again."""
    own = parts()
    chats = own.marketplaces.of(seller).chats
    return watch_chats(seller, store=own.store, chats=chats, clock=own.clock, hinted_at=hinted_at).state


def _read_buyer(seller: str, chat_id: str) -> str:
    own = parts()
    settings = own.store.settings(seller)
    if settings is None or settings.messages.read is Automation.OFF:
        return "off"
    from shipby.application.messages.read_chats import read_buyer_chats  # only where buyers are read: cold starts

    chats = own.marketplaces.of(seller).chats
    return read_buyer_chats(seller, store=own.store, chats=chats, clock=own.clock, chat_id=chat_id).state


def _goods_came(owner: str, pool: str, sku: str) -> str:
    from shipby.application.intake.goods_came import goods_came  # only where stock is kept: cold starts

    return goods_came(owner, pool, sku, store=parts().store, read=lambda shop, number: _sync_one(shop, number, None))


def _sync_one(seller: str, number: str, hinted_at: datetime | None, schema: str = "", *, again: bool = False) -> Synced:
    own = parts()
    return sync_posting(
        seller,
        number,
        hinted_at=hinted_at,
        schema=schema,
        again=again,
        store=own.store,
        marketplace=own.marketplaces.of(seller),
        clock=own.clock,
    )


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
