"""The label queue: ask for labels, collect them, print, delete, assemble, work on carriages, make evidence packs.

Nobody waits here: what is not ready comes again as a message with a delay. The tasks: `tasks.TASKS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.label_generation.tasks import FETCH, TASKS, fetch, form_of
from functions.label_generation.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, Outcome, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.cases.odd_entries import keeping
from shipby.domain.errors import InvalidInputError

_Key = tuple[str, str, str, bool]
"""Seller, task, what else must be the same, and whether the message comes again."""


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again; a seller's failure is no other seller's."""
    return parts().batch.grouped(event, context, _key, _work)


def _key(message: Message) -> _Key:
    """All labels of one form that a seller wants are asked for in one call; everything else goes one by one."""
    seller, task = message.seller, message.text("task")
    if task == FETCH and "postings" not in message.body:
        message.text("posting")
        return seller, task, str(form_of(message) or ""), message.attempt > 1
    return seller, task, message.id, False


def _work(key: _Key, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    own = parts()
    seller, task, *_ = key
    with keeping(seller, store=own.store, clock=own.clock):
        if task == FETCH:
            return fetch(messages, own)
        if task not in TASKS:
            raise InvalidInputError(f"there is no label task {task[:20]!r}")
        (message,) = messages
        return {message.id: TASKS[task](message, own)}
