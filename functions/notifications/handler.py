"""The notice queue: tell the seller by messenger, and the buyer by the marketplace's chat where that is lawful."""

from __future__ import annotations

from functions.notifications.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.notices.digest import read_digest, tell_digest
from shipby.application.notices.notify import notify, read_ask, read_notice
from shipby.application.notices.tell_buyer import ask_buyer, hold_question, tell_buyer_of
from shipby.domain.errors import InvalidInputError, RetryableError

HOLD_FROM = 3
"""From this try on a question to a buyer that the marketplace does not take waits as a case."""


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    return parts().batch.each(event, context, _work)


def _work(message: Message) -> str:
    """A message without a task is the notice of one event."""
    own = parts()
    match message.body.get("task"):
        case None:
            told = notify(*read_notice(message.body), tools=own.tools, marketplaces=own.marketplaces)
            return f"notice_{told}"
        case "digest":
            return f"digest_{tell_digest(*read_digest(message.body), own.tools)}"
        case "ask":
            seller, number, version = read_ask(message.body)
            store, clock = own.tools.store, own.tools.clock
            try:
                asked = ask_buyer(seller, number, version, store=store, marketplaces=own.marketplaces, clock=clock)
            except RetryableError as error:
                # Before its last tries: then it is the case's alarm that asks again, not a message that may get lost.
                if message.attempt < HOLD_FROM:
                    raise
                hold_question(seller, number, error, store=store, now=clock.now())
                return "ask_held"
            return f"ask_{asked}"
        case "tell":
            seller, number, version = read_ask(message.body)
            store, clock = own.tools.store, own.tools.clock
            told = tell_buyer_of(seller, number, version, store=store, marketplaces=own.marketplaces, clock=clock)
            return f"tell_{told}"
        case task:
            raise InvalidInputError(f"{str(task)[:40]!r} is no task of this queue")
