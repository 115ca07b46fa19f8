"""The label queue: ask for labels, collect them, print, delete, assemble, work on carriages, make evidence packs.

Nobody waits here: what is not ready comes again as a message with a delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.label_generation.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, Outcome, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.carriages.work import work_carriage
from shipby.application.cases.odd_entries import keeping
from shipby.application.evidence.make_pack import drop_pack, make_pack
from shipby.application.intents.assemble import assemble_posting
from shipby.application.labels.asks import LabelRun
from shipby.application.labels.collect import collect_labels
from shipby.application.labels.fetch import start_labels
from shipby.application.printing.expire import expire_print
from shipby.application.printing.job import print_labels
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import LabelForm

_Key = tuple[str, str, str, bool]
"""Seller, task, what else must be the same, and whether the message comes again."""


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again; a seller's failure is no other seller's."""
    return parts().batch.grouped(event, context, _key, _keeping_odd_entries)


def _key(message: Message) -> _Key:
    """All labels of one form that a seller wants are asked for in one call; everything else goes one by one."""
    seller, task = message.seller, message.text("task")
    if task == "fetch" and "postings" not in message.body:
        message.text("posting")
        return seller, task, str(_form(message) or ""), message.attempt > 1
    return seller, task, message.id, False


def _keeping_odd_entries(key: _Key, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    with keeping(key[0], store=parts().store, clock=parts().clock):
        return _work(key, messages)


def _work(key: _Key, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    own = parts()
    seller, task, *_ = key
    match task:
        case "fetch":
            return _fetch(seller, messages)
        case "collect":
            (message,) = messages
            run = collect_labels(
                seller,
                message.texts("ids"),
                message.texts("postings"),
                own.tools(seller),
                form=_form(message) or LabelForm.BIG,
                asked=_asked(message),
            )
            got = run.ready or run.unproven
            return _again(run, messages, "labels_collected" if got else "labels_not_ready")
        case "print":
            (message,) = messages
            since = message.text("since") if message.body.get("since") else ""
            job = print_labels(seller, message.text("job"), own.print_tools, since=since)
            return {message.id: f"print_{job.state}"}
        case "expire":
            (message,) = messages
            job_id = message.text("job")
            gone = expire_print(seller, job_id, store=own.store, documents=own.documents, clock=own.clock)
            return {message.id: "print_deleted" if gone else "print_file_deleted"}
        case "pack":
            (message,) = messages
            pack = make_pack(seller, message.text("pack"), own.pack_tools)
            return {message.id: f"pack_{pack.state}"}
        case "drop_pack":
            (message,) = messages
            dropped = drop_pack(seller, message.text("pack"), own.pack_tools)
            return {message.id: "pack_deleted" if dropped else "pack_kept"}
        case "assemble":
            (message,) = messages
            became = assemble_posting(seller, message.text("posting"), store=own.store, clock=own.clock)
            return {message.id: f"assemble_{became}"}
        case "carriage":
            (message,) = messages
            worked = work_carriage(
                seller,
                message.text("carriage"),
                store=own.store,
                marketplace=own.marketplaces.of(seller),
                documents=own.documents,
                clock=own.clock,
                compare_after=own.compare_after,
            )
            return {message.id: worked}
    raise InvalidInputError(f"there is no label task {task[:20]!r}")


def _fetch(seller: str, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    first = messages[0]
    # A message about several goes on with an ask of before, and is alone in its group.
    several = "postings" in first.body
    run = start_labels(
        seller,
        first.texts("postings") if several else [message.text("posting") for message in messages],
        parts().tools(seller),
        form=_form(first),
        asked=_asked(first),
        redelivered=first.attempt > 1,
    )
    return _again(run, messages, "labels_asked")


def _again(run: LabelRun, messages: Sequence[Message], outcome: str) -> dict[str, Outcome]:
    parts().queue.send(run.again)
    return dict.fromkeys((message.id for message in messages), "label_failed" if run.failed else outcome)


def _form(message: Message) -> LabelForm | None:
    """The form a message names; None where any will do. Raises InvalidInputError."""
    if message.body.get("form") is None:
        return None
    try:
        return LabelForm(message.text("form"))
    except ValueError as error:
        raise InvalidInputError(f"message {message.id} is not one of ours: form is big or small") from error


def _asked(message: Message) -> str:
    return message.text("asked") if message.body.get("asked") else ""
