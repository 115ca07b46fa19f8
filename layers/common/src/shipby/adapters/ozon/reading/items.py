"""Small lists that answers about postings hold: reasons to cancel, label tasks, results per posting."""

from __future__ import annotations

from shipby.adapters.ozon.reading.answers import Node, unreadable
from shipby.adapters.ozon.reading.entries import Fields, entries, name_of, nodes_of, set_aside
from shipby.adapters.ozon.refusal_codes import may_pass
from shipby.adapters.ozon.refusals import item_error
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.marketplace import CancelReason, ItemResult, LabelTask, LabelTaskResult
from shipby.domain.errors import UnreadableAnswerError


def cancel_reasons_of(entry: Node, number: str) -> tuple[CancelReason, ...]:
    """The reasons of one posting; none where the entry is another one's."""
    if entry.text("posting_number") != number:
        return ()
    return entries(entry, "reasons", Listed.CANCEL_REASON, _reason, name="id")


def _reason(node: Node) -> CancelReason:
    return CancelReason(id=node.integer("id"), title=node.text("title"), by=node.text("type_id"))


def label_tasks_of(answer: Node) -> tuple[LabelTask, ...]:
    """The tasks that can be read. Raises UnreadableAnswerError if there are some and none of them can."""
    found = entries(answer, "tasks", Listed.LABEL_TASK, _task, name="task_id")
    if answer.fields.get("tasks") and not found:
        raise unreadable(answer.at("tasks"), "a list of tasks")
    return found


def _task(node: Node) -> LabelTask:
    return LabelTask(id=node.int64("task_id"), type=node.text("task_type"))


def label_result_of(answer: Node) -> LabelTaskResult:
    """Essential are the state and the file."""
    status = answer.node("status")
    odd = Fields(answer)
    unprinted = entries(status, "unprinted_postings", Listed.UNPRINTED, _unprinted, name="posting_number")
    found = LabelTaskResult(
        state=status.required("code"),
        file_url=answer.text("file_url"),
        unprinted=dict(unprinted),
        error=odd.maybe("error", lambda: _error(answer.node("error")), ""),
    )
    odd.noted(Listed.LABEL_TASK, "")
    return found


def item_results_of(answer: Node) -> dict[str, ItemResult | None]:
    """Posting number -> its result; None where that cannot be read, so that only a reading shows what became of it."""
    found: dict[str, ItemResult | None] = {}
    for node in nodes_of(answer, "result", Listed.ITEM_RESULT):
        number = name_of(node, "posting_number")
        try:
            error_text = item_error(node)
            found[number] = ItemResult(
                posting_number=number, ok=node.flag("result"), error=error_text, may_pass=may_pass(error_text)
            )
        except UnreadableAnswerError as error:
            set_aside(Listed.ITEM_RESULT, number, node, error)
            found[number] = None
    return found


def _unprinted(node: Node) -> tuple[str, str]:
    return node.text("posting_number"), node.text("message")


def _error(node: Node) -> str:
    return ": ".join(part for part in (node.text("code"), node.text("message")) if part)
