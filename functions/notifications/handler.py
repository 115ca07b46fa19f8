"""The notice queue: tell the seller by messenger, and the buyer by the marketplace's chat where that is lawful."""

from __future__ import annotations

from functions.notifications.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.notify import notify, read_notice


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    return parts().batch.each(event, context, _tell)


def _tell(message: Message) -> str:
    own = parts()
    seller, ref, version, index = read_notice(message.body)
    told = notify(
        seller,
        ref,
        version,
        index,
        store=own.store,
        channels=own.channels,
        marketplaces=own.marketplaces,
        clock=own.clock,
    )
    return f"notice_{told}"
