"""Labels: one PDF for many postings."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import BENCH, EVERYONE
from functions.seller_api.operations import Call, Operation, read
from shipby.application import queries
from shipby.application.idempotency import Answer
from shipby.application.print_labels import PrintWish, request_print
from shipby.contracts.requests import LabelsBody


def print_labels(call: Call) -> Answer:
    body = call.body_as(LabelsBody)
    wish = PrintWish(seller=call.seller, numbers=tuple(body.posting_numbers), actor=call.actor, order=body.order)
    return request_print(wish, call.remember, store=call.store, clock=call.clock)


def get_print_job(call: Call) -> Mapping[str, object]:
    return queries.get_print_job(call.seller, call.path["job"], store=call.store, documents=call.documents)


def list_labels(call: Call) -> Mapping[str, object]:
    return queries.posting_labels(call.seller, call.path["number"], store=call.store)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="printLabels",
        method="POST",
        path="/v1/labels",
        summary="Make one PDF with the labels of several postings",
        run=print_labels,
        answers="PrintJobView",
        roles=BENCH,
        body=LabelsBody,
        status=202,
    ),
    read(
        "/v1/labels/{job}",
        get_print_job,
        id="getPrintJob",
        summary="A print job, and the link to its PDF once it is ready",
        answers="PrintJobView",
        roles=EVERYONE,
    ),
    read(
        "/v1/postings/{number}/labels",
        list_labels,
        id="listPostingLabels",
        summary="The labels kept for a posting",
        answers="Listing[DocumentView]",
        roles=EVERYONE,
    ),
)
