"""Steps at the bench: done at once, in one transaction with their event."""

from __future__ import annotations

from collections.abc import Callable

from functions.seller_api.operations import Call, IfMatch, Operation
from shipby.application.postings.work_posting import WorkCommand, work_posting
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.report_delivery import hand_over
from shipby.contracts.base import Request
from shipby.contracts.postings import InspectBody, ReasonBody, StepBody
from shipby.domain.deadlines.workflow import Command


def _step(command: Command) -> Callable[[Call], Answer]:
    def run(call: Call) -> Answer:
        body = call.body
        work = WorkCommand(
            seller=call.seller,
            number=call.path["number"],
            command=command,
            actor=call.actor,
            reason=body.reason if isinstance(body, StepBody | InspectBody | ReasonBody) else "",
            passed=body.passed if isinstance(body, InspectBody) else True,
            if_match=call.if_match,
        )
        step = hand_over if command is Command.HAND_OVER else work_posting
        return step(work, call.remember, store=call.store, clock=call.clock)

    return run


def _operation(command: Command, summary: str, body: type[Request] = StepBody, *, description: str = "") -> Operation:
    name = "".join(part.title() for part in command.split("-"))
    return Operation(
        id=f"{name[0].lower()}{name[1:]}Posting",
        method="POST",
        path=f"/v1/postings/{{number}}/{command}",
        summary=summary,
        run=_step(command),
        answers="PostingView",
        body=body,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description=description,
    )


OPERATIONS: tuple[Operation, ...] = (
    _operation(Command.CONFIRM, "received -> confirmed"),
    _operation(Command.PICK, "confirmed -> picked"),
    _operation(Command.INSPECT, "picked -> inspected, or blocked if it did not pass", InspectBody),
    _operation(Command.PACK, "picked or inspected -> packed"),
    _operation(
        Command.HAND_OVER,
        "packed -> handed over; it must be assembled at the marketplace",
        description="What your own carrier takes needs its tracking number, or a reason why it has none, and is "
        "reported to the marketplace as delivering.",
    ),
    _operation(Command.OVERRIDE, "expired -> where it stood before: it is sent all the same", ReasonBody),
    _operation(Command.UNBLOCK, "blocked -> where it stood before", ReasonBody),
)
