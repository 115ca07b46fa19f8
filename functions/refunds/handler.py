"""The intent queue: carry out or settle one irreversible call (ship, cancel, cut-off, return action)."""

from __future__ import annotations

from functions.refunds.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.cases.odd_entries import keeping
from shipby.application.settling.settle import settle_intent


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again. An UNKNOWN intent is settled by its own alarm, not by a repeat."""
    return parts().batch.each(event, context, _settle)


def _settle(message: Message) -> str:
    own = parts()
    seller, intent = message.seller, message.text("intent")
    marketplace = own.marketplaces.of(seller)
    with keeping(seller, store=own.store, clock=own.clock):
        settled = settle_intent(seller, intent, store=own.store, marketplace=marketplace, clock=own.clock)
    return f"intent_{settled.intent.state.lower()}"
