"""The tracking queue: carry out together what the marketplace takes for 20 postings in one call, and bring jobs of many
tracking numbers on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.tracking.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, Outcome, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.cases.odd_entries import keeping
from shipby.application.settling.settle import Settled, settle_together

_NUMBERS = "numbers"
"""The task of a message that names a job; any other names an intent."""


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again. An UNKNOWN intent is settled by its own alarm, not by a repeat."""
    return parts().batch.grouped(event, context, _together, _work)


def _together(message: Message) -> tuple[str, str]:
    """Seller and job; the intents of a seller are carried out together."""
    if message.body.get("task") == _NUMBERS:
        return message.seller, message.text("job")
    message.text("intent")  # a message without one must not spoil its seller's batch
    return message.seller, ""


def _work(group: tuple[str, str], messages: Sequence[Message]) -> Mapping[str, Outcome]:
    seller, job = group
    return _step(seller, job, messages) if job else _settle(seller, messages)


def _step(seller: str, job: str, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    """One step, however often its message came."""
    from shipby.application.tracking.work_numbers import work_numbers

    own = parts()
    stands = work_numbers(seller, job, store=own.store, clock=own.clock)
    return dict.fromkeys((message.id for message in messages), f"numbers_{stands.state}")


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
