"""Steps at the bench: done at once, in one transaction with their event."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from functions.seller_api.permissions import OFFICE
from shipby.application.packing import inspect
from shipby.application.packing.pack import PackWish, pack_posting
from shipby.application.packing.quality_stock import LedgerStock
from shipby.application.postings.work_posting import WorkCommand, work_posting
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.report_delivery import hand_over
from shipby.contracts.base import Request
from shipby.contracts.bench.quality import FailuresQuery, InspectBody, PackBody
from shipby.contracts.postings import ReasonBody, StepBody
from shipby.domain.deadlines.workflow import Command


def _step(command: Command) -> Callable[[Call], Answer]:
    def run(call: Call) -> Answer:
        body = call.body
        work = WorkCommand(
            seller=call.seller,
            number=call.path["number"],
            command=command,
            actor=call.actor,
            reason=body.reason if isinstance(body, StepBody | ReasonBody) else "",
            if_match=call.if_match,
        )
        step = hand_over if command is Command.HAND_OVER else work_posting
        return step(work, call.remember, store=call.store, clock=call.clock)

    return run


def inspect_posting(call: Call) -> Answer:
    body = call.body_as(InspectBody)
    inspection = inspect.Inspection(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        passed=body.passed,
        reason=body.reason,
        sku=body.sku,
        pieces=body.pieces,
        if_match=call.if_match,
        stock=LedgerStock(call.store),
    )
    return inspect.inspect_posting(inspection, call.remember, store=call.store, clock=call.clock)


def pack(call: Call) -> Answer:
    body = call.body_as(PackBody)
    wish = PackWish(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        may_skip=call.key.role in OFFICE,
        reason=body.reason,
        packaging=body.packaging,
        if_match=call.if_match,
    )
    return pack_posting(wish, call.remember, store=call.store, clock=call.clock)


def list_failures(call: Call) -> Mapping[str, object]:
    query = call.query_as(FailuresQuery)
    month = query.month or call.clock.now().date()
    return inspect.list_failures(
        call.seller, month, supplier=query.supplier, limit=query.limit, cursor=query.cursor, store=call.store
    )


def _operation(
    command: Command,
    summary: str,
    body: type[Request] = StepBody,
    *,
    run: Callable[[Call], Answer] | None = None,
    description: str = "",
) -> Operation:
    name = "".join(part.title() for part in command.split("-"))
    return Operation(
        id=f"{name[0].lower()}{name[1:]}Posting",
        method="POST",
        path=f"/v1/postings/{{number}}/{command}",
        summary=summary,
        run=run or _step(command),
        answers="PostingView",
        body=body,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description=description,
    )


OPERATIONS: tuple[Operation, ...] = (
    _operation(Command.CONFIRM, "received -> confirmed"),
    _operation(Command.PICK, "confirmed -> picked"),
    _operation(
        Command.INSPECT,
        "picked -> inspected; what did not pass is out and fetched anew, or blocks the posting",
        InspectBody,
        run=inspect_posting,
        description="With `sku` the units that failed are taken out in the same call: their supplier's list has them, "
        "the scans begin anew, and the posting is picked again; where no unit is left it is blocked as short, with a "
        "case. Nothing is packed before another inspection passes. Your rules may want another person than the picker "
        "(`same_person`) and a photo among the evidence (`photo_needed`).",
    ),
    _operation(
        Command.PACK,
        "picked or inspected -> packed",
        PackBody,
        run=pack,
        description="The last good scan packs by itself. Without all scans an owner, manager or integration key packs "
        "with a reason, which the history keeps. Where packaging rules fit, `packaging` confirms them.",
    ),
    _operation(
        Command.HAND_OVER,
        "packed -> handed over; it must be assembled at the marketplace",
        description="What your own carrier takes needs its tracking number, or a reason why it has none, and is "
        "reported to the marketplace as delivering.",
    ),
    _operation(Command.OVERRIDE, "expired -> where it stood before: it is sent all the same", ReasonBody),
    _operation(Command.UNBLOCK, "blocked -> where it stood before", ReasonBody),
    read(
        "/v1/quality/failures",
        list_failures,
        id="listQualityFailures",
        summary="Units that failed their inspection in a month, of one supplier or of all",
        answers="Listing[QualityFailureView]",
        query=FailuresQuery,
    ),
)
