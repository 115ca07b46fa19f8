"""The tracking queue: carry out together what the marketplace takes for 20 postings in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.tracking.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, Outcome, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.cases.odd_entries import keeping
from shipby.application.settling.settle import Settled, settle_together


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again. An UNKNOWN intent is settled by its own alarm, not by a repeat."""
    return parts().batch.grouped(event, context, _seller, _settle)


def _seller(message: Message) -> str:
    message.text("intent")  # a message without one must not spoil its seller's batch
    return message.seller


def _settle(seller: str, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    own = parts()
    marketplace = own.marketplaces.of(seller)
    wanted = {message.id: message.text("intent") for message in messages}
    with keeping(seller, store=own.store, clock=own.clock):
        intents = list(wanted.values())
        settled = settle_together(seller, intents, store=own.store, marketplace=marketplace, clock=own.clock)
    return {identifier: _outcome(settled[intent]) for identifier, intent in wanted.items()}


def _outcome(result: Settled | Exception) -> Outcome:
    return f"intent_{result.intent.state.lower()}" if isinstance(result, Settled) else result
