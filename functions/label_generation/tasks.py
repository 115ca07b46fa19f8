"""What a message of the label queue asks for: one function a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from functions.label_generation.wiring import Parts
from shipby.adapters.aws_lambda.batch import Outcome
from shipby.adapters.aws_lambda.messages import Message
from shipby.application.carriages.work import work_carriage
from shipby.application.evidence.make_pack import drop_pack, make_pack
from shipby.application.intents.assemble import assemble_posting
from shipby.application.labels.asks import LabelRun
from shipby.application.labels.collect import collect_labels
from shipby.application.labels.fetch import start_labels
from shipby.application.printing.expire import expire_print
from shipby.application.printing.job import print_labels
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import LabelForm

Task = Callable[[Message, Parts], Outcome]
FETCH: Final = "fetch"


def fetch(messages: Sequence[Message], own: Parts) -> Mapping[str, Outcome]:
    """Ask the marketplace for labels: the only task that takes several messages of a seller at once."""
    first = messages[0]
    # A message about several goes on with an ask of before, and is alone in its group.
    several = "postings" in first.body
    run = start_labels(
        first.seller,
        first.texts("postings") if several else [message.text("posting") for message in messages],
        own.tools(first.seller),
        form=form_of(first),
        asked=_asked(first),
        redelivered=first.attempt > 1,
    )
    return dict.fromkeys((message.id for message in messages), _again(run, own, "labels_asked"))


def _collect(message: Message, own: Parts) -> Outcome:
    run = collect_labels(
        message.seller,
        message.texts("ids"),
        message.texts("postings"),
        own.tools(message.seller),
        form=form_of(message) or LabelForm.BIG,
        asked=_asked(message),
    )
    return _again(run, own, "labels_collected" if run.ready or run.unproven else "labels_not_ready")


def _print(message: Message, own: Parts) -> Outcome:
    since = message.text("since") if message.body.get("since") else ""
    return f"print_{print_labels(message.seller, message.text('job'), own.print_tools, since=since).state}"


def _expire(message: Message, own: Parts) -> Outcome:
    job = message.text("job")
    gone = expire_print(message.seller, job, store=own.store, documents=own.documents, clock=own.clock)
    return "print_deleted" if gone else "print_file_deleted"


def _pack(message: Message, own: Parts) -> Outcome:
    return f"pack_{make_pack(message.seller, message.text('pack'), own.pack_tools).state}"


def _drop_pack(message: Message, own: Parts) -> Outcome:
    return "pack_deleted" if drop_pack(message.seller, message.text("pack"), own.pack_tools) else "pack_kept"


def _assemble(message: Message, own: Parts) -> Outcome:
    became = assemble_posting(message.seller, message.text("posting"), store=own.store, clock=own.clock)
    return f"assemble_{became}"


def _recheck(message: Message, own: Parts) -> Outcome:
    """Without `postings` the walk over all open orders, else one part of it."""
    from shipby.application.validation.recheck import parts_of, recheck  # a rule is seldom changed: cold starts

    if "postings" in message.body:
        numbers = message.texts("postings")
        return "rechecked" if recheck(message.seller, numbers, store=own.store, clock=own.clock) else "recheck_same"
    own.queue.send(list(parts_of(message.seller, store=own.store)))
    return "recheck_begun"


def _carriage(message: Message, own: Parts) -> Outcome:
    return work_carriage(
        message.seller,
        message.text("carriage"),
        store=own.store,
        marketplace=own.marketplaces.of(message.seller),
        documents=own.documents,
        clock=own.clock,
        compare_after=own.compare_after,
    )


TASKS: Mapping[str, Task] = {
    "collect": _collect,
    "print": _print,
    "expire": _expire,
    "pack": _pack,
    "drop_pack": _drop_pack,
    "assemble": _assemble,
    "recheck": _recheck,
    "carriage": _carriage,
}
"""Of one message each; `fetch` alone takes several."""


def _again(run: LabelRun, own: Parts, outcome: Outcome) -> Outcome:
    own.queue.send(run.again)
    return "label_failed" if run.failed else outcome


def form_of(message: Message) -> LabelForm | None:
    """The form a message names; None where any will do. Raises InvalidInputError."""
    if message.body.get("form") is None:
        return None
    try:
        return LabelForm(message.text("form"))
    except ValueError as error:
        raise InvalidInputError(f"message {message.id} is not one of ours: form is big or small") from error


def _asked(message: Message) -> str:
    return message.text("asked") if message.body.get("asked") else ""
