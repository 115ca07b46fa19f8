"""Past the ramp: telling the marketplace where the seller's own carrier is with a parcel."""

from __future__ import annotations

from functions.seller_api.operations import Call, IfMatch, Operation
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.report_delivery import Report, Reports, report_delivery, report_many
from shipby.contracts.tracking.reports import ReportBody, ReportsBody


def report_one(call: Call) -> Answer:
    body = call.body_as(ReportBody)
    report = Report(
        seller=call.seller,
        number=call.path["number"],
        stage=body.stage,
        actor=call.actor,
        reason=body.reason,
        if_match=call.if_match,
    )
    return report_delivery(report, call.remember, store=call.store, clock=call.clock)


def report_list(call: Call) -> Answer:
    body = call.body_as(ReportsBody)
    reports = Reports(
        seller=call.seller, numbers=body.posting_numbers, stage=body.stage, actor=call.actor, reason=body.reason
    )
    return report_many(reports, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="reportDelivery",
        method="POST",
        path="/v1/postings/{number}/delivery-report",
        summary="Tell the marketplace where your own carrier is with a parcel, where it offers that",
        run=report_one,
        answers="IntentView",
        body=ReportBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="Only for what your own carrier brings (`non_integrated`): for everything else its carrier or the "
        "marketplace tells of it. Handing a posting over reports `delivering` by itself.",
    ),
    Operation(
        id="reportDeliveries",
        method="POST",
        path="/v1/delivery-reports",
        summary="The same for up to 300 postings, each answered for itself",
        run=report_list,
        answers="WaveView",
        body=ReportsBody,
        status=202,
        description="A posting that cannot be reported is named with its reason and delays no other. Send the same "
        "list again after a failure: it goes on.",
    ),
)
