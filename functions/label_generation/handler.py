"""The label queue: ask for labels, collect them, merge them for printing. Nobody waits here: what is not ready comes
again as a message with a delay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.label_generation.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, Outcome, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.fetch_labels import LabelRun, collect_labels, start_labels
from shipby.application.print_labels import print_labels
from shipby.domain.errors import InvalidInputError


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again; a seller's failure is no other seller's."""
    return parts().batch.grouped(event, context, _key, _work)


def _key(message: Message) -> tuple[str, str, str]:
    """All labels that a seller wants are asked for in one call; everything else goes one by one."""
    seller, task = message.seller, message.text("task")
    if task == "fetch":
        message.text("posting")
        return seller, task, ""
    return seller, task, message.id


def _work(key: tuple[str, str, str], messages: Sequence[Message]) -> Mapping[str, Outcome]:
    own = parts()
    seller, task, _ = key
    match task:
        case "fetch":
            run = start_labels(seller, [message.text("posting") for message in messages], own.tools(seller))
            return _again(run, messages, "labels_asked")
        case "collect":
            (message,) = messages
            run = collect_labels(seller, message.texts("ids"), message.texts("postings"), own.tools(seller))
            return _again(run, messages, "labels_collected" if run.ready else "labels_not_ready")
        case "print":
            (message,) = messages
            job = print_labels(
                seller,
                message.text("job"),
                store=own.store,
                documents=own.documents,
                papers=own.papers,
                clock=own.clock,
            )
            return {message.id: f"print_{job.state}"}
    raise InvalidInputError(f"there is no label task {task[:20]!r}")


def _again(run: LabelRun, messages: Sequence[Message], outcome: str) -> dict[str, Outcome]:
    parts().queue.send(run.again)
    return dict.fromkeys((message.id for message in messages), "label_failed" if run.failed else outcome)
