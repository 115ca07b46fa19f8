"""Reading postings: boards, single ones, their history."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.postings import queries
from shipby.contracts.postings import EventsQuery, PostingsQuery
from shipby.domain.postings.choice import Choice


def list_postings(call: Call) -> Mapping[str, object]:
    query = call.query_as(PostingsQuery)
    only = Choice(
        warehouse=query.warehouse,
        method=query.method,
        scheme=query.scheme or "",
        status=query.status,
        sku=query.sku,
        late=query.late,
        tag=query.tag,
        group=query.group,
        fault=query.fault,
        next=query.next,
    )
    wanted = queries.PostingFilter(stage=query.stage, due_before=query.due_before, q=query.q, only=only)
    return queries.list_postings(call.seller, wanted, limit=query.limit, cursor=query.cursor, store=call.store)


def get_posting(call: Call) -> Mapping[str, object]:
    return queries.get_posting(call.seller, call.path["number"], store=call.store)


def list_events(call: Call) -> Mapping[str, object]:
    query = call.query_as(EventsQuery)
    return queries.posting_events(
        call.seller,
        call.path["number"],
        after_version=query.after_version,
        limit=query.limit,
        cursor=query.cursor,
        store=call.store,
    )


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings",
        list_postings,
        id="listPostings",
        summary="A stage's worklist, all open postings, or a search",
        answers="Listing[WorkItemView]",
        query=PostingsQuery,
        description="Earliest cut-off first within a stage. Closed and cancelled postings are listed only when their "
        "stage is named. With a filter a page may hold fewer items than `limit` although more follow: go on while "
        "there is a `next_cursor`.",
    ),
    read(
        "/v1/postings/{number}",
        get_posting,
        id="getPosting",
        summary="A posting with the marketplace's facts",
        answers="PostingDetailView",
        etag=True,
    ),
    read(
        "/v1/postings/{number}/events",
        list_events,
        id="listPostingEvents",
        summary="What happened to a posting, in order",
        description="The list of a part of a split order begins with what happened to its goods before, under the "
        "number of the posting that they were in: only without `after_version`, which counts the posting's own "
        "versions.",
        answers="Listing[EventView]",
        query=EventsQuery,
    ),
)
