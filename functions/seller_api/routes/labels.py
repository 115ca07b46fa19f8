"""Printing: one file for many postings, the log of prints, and what a scanned label says."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.labels import views as label_views
from shipby.application.labels.overrides import LabelOverride, override_label
from shipby.application.printing import views as print_views
from shipby.application.printing.requests import PrintWish, request_print
from shipby.application.printing.scan_label import scan_label
from shipby.application.shared.idempotency import Answer
from shipby.contracts.postings import ReasonBody
from shipby.contracts.printing import LabelsBody, RefusedPagesQuery
from shipby.domain.labels.options import LabelForm, LabelFormat, LabelSize, MatrixCode, Sheet
from shipby.domain.labels.prints import LabelSource, PrintContent, PrintOrder


def print_labels(call: Call) -> Answer:
    body = call.body_as(LabelsBody)
    wish = PrintWish(
        seller=call.seller,
        numbers=tuple(body.posting_numbers),
        actor=call.actor,
        order=PrintOrder(body.order),
        content=PrintContent(body.content),
        source=LabelSource(body.source),
        form=LabelForm(body.form) if body.form else None,
        size=LabelSize(body.size) if body.size else None,
        sheet=Sheet(body.sheet) if body.sheet else None,
        format=LabelFormat(body.format) if body.format else None,
        dpi=body.dpi,
        matrix=MatrixCode(body.matrix) if body.matrix else None,
        slips=body.slips,
        language=body.language,
        reason=body.reason,
    )
    return request_print(wish, call.remember, store=call.store, clock=call.clock)


def get_print_job(call: Call) -> Mapping[str, object]:
    return print_views.get_print_job(
        call.seller, call.path["job"], store=call.store, documents=call.documents, clock=call.clock
    )


def list_prints(call: Call) -> Mapping[str, object]:
    return print_views.list_prints(call.seller, call.path["number"], store=call.store)


def scan(call: Call) -> Mapping[str, object]:
    return scan_label(call.seller, call.path["code"], store=call.store)


def list_refused_pages(call: Call) -> Mapping[str, object]:
    query = call.query_as(RefusedPagesQuery)
    return label_views.refused_pages(
        call.seller,
        query.date,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
        documents=call.documents,
    )


def list_labels(call: Call) -> Mapping[str, object]:
    return label_views.posting_labels(call.seller, call.path["number"], store=call.store, documents=call.documents)


def override(call: Call) -> Answer:
    wish = LabelOverride(
        seller=call.seller,
        number=call.path["number"],
        document=call.path["id"],
        reason=call.body_as(ReasonBody).reason,
        actor=call.actor,
    )
    return override_label(wish, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="printLabels",
        method="POST",
        path="/v1/labels",
        summary="Make one file with the labels of several postings, or their stickers, slips or pick list",
        run=print_labels,
        answers="PrintJobView",
        body=LabelsBody,
        status=202,
        description=(
            "A posting that cannot be printed is named in `problems` and never stops the others. A label that is not "
            "there yet is waited for a few minutes at most. Printing again needs a `reason` and voids former copies."
        ),
    ),
    read(
        "/v1/labels/{job}",
        get_print_job,
        id="getPrintJob",
        summary="A print job: how far it is, what was left out, and the link to its file once it is ready",
        answers="PrintJobView",
    ),
    read(
        "/v1/labels/scan/{code}",
        scan,
        id="scanLabel",
        summary="Which posting a scanned label belongs to, whether it is current, and what to do next",
        answers="ScanView",
        description=(
            "Takes the matrix code of your own labels, a barcode of the marketplace's label, a tracking number or a "
            "posting number, also as a scanner types it under a Russian keyboard layout. Percent-encode it."
        ),
    ),
    read(
        "/v1/postings/{number}/prints",
        list_prints,
        id="listPrints",
        summary="The log of prints of a posting: who, when, why, and which copy is current",
        answers="Listing[PrintLogView]",
    ),
    read(
        "/v1/labels/refused-pages",
        list_refused_pages,
        id="listRefusedPages",
        summary="Pages of label files that were set aside on a day, and why",
        answers="Listing[RefusedPageView]",
        query=RefusedPagesQuery,
        description="A page that contradicts itself, repeats another or names somebody else is never printed.",
    ),
    read(
        "/v1/postings/{number}/labels",
        list_labels,
        id="listPostingLabels",
        summary="The labels kept for a posting: state, form, what was read back, and what is wrong",
        answers="Listing[LabelView]",
    ),
    Operation(
        id="overrideLabel",
        method="POST",
        path="/v1/postings/{number}/labels/{id}/override",
        summary="Let a label print that could not be read back",
        run=override,
        answers="LabelView",
        body=ReasonBody,
        description="Look at the label first: its link is in the posting's labels. The reason is kept.",
    ),
)
