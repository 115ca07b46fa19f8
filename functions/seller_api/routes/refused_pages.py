"""Pages of label files that were set aside, the labels kept for a posting, and the override of an unproven one."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import BENCH, EVERYONE
from functions.seller_api.operations import Call, Operation, read
from shipby.application.labels import views as label_views
from shipby.application.labels.overrides import LabelOverride, override_label
from shipby.application.shared.idempotency import Answer
from shipby.contracts.refused_pages import RefusedPagesQuery
from shipby.contracts.requests import ReasonBody


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
    read(
        "/v1/labels/refused-pages",
        list_refused_pages,
        id="listRefusedPages",
        summary="Pages of label files that were set aside on a day, and why",
        answers="Listing[RefusedPageView]",
        roles=EVERYONE,
        query=RefusedPagesQuery,
        description="A page that contradicts itself, repeats another or names somebody else is never printed.",
    ),
    read(
        "/v1/postings/{number}/labels",
        list_labels,
        id="listPostingLabels",
        summary="The labels kept for a posting: state, form, what was read back, and what is wrong",
        answers="Listing[LabelView]",
        roles=EVERYONE,
    ),
    Operation(
        id="overrideLabel",
        method="POST",
        path="/v1/postings/{number}/labels/{id}/override",
        summary="Let a label print that could not be read back",
        run=override,
        answers="LabelView",
        roles=BENCH,
        body=ReasonBody,
        description="Look at the label first: its link is in the posting's labels. The reason is kept.",
    ),
)
