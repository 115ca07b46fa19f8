"""Search: whatever stands on a parcel, on paper or in a message."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.postings.search import search
from shipby.contracts.overview.search import SearchQuery


def find_anything(call: Call) -> Mapping[str, object]:
    query = call.query_as(SearchQuery)
    return search(call.seller, query.q, limit=query.limit, store=call.store)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/search",
        find_anything,
        id="search",
        summary="Postings by whatever is at hand",
        description="Posting and order numbers and the beginnings of their segments, codes of labels and "
        "of items, marks, tracking numbers that a posting has or had, SKUs, articles. What was scanned under a Russian "
        "keyboard layout is read as the bench reads it. If nothing begins as typed, what does but for one sign, after "
        "the first half of the text.",
        answers="SearchView",
        query=SearchQuery,
    ),
)
