"""One box to look for anything that stands on a parcel or a paper."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import Query, View
from shipby.contracts.postings import WorkItemView

MatchedBy = Literal[
    "number",
    "number_part",
    "label",
    "mark",
    "tracking_number",
    "former_tracking_number",
    "item_barcode",
    "sku",
    "article",
    "near",
]


class SearchQuery(Query):
    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="A number or the beginning of any of its segments, an order number, a code of a label or of an "
            "item, a mark, a tracking number, present or former, a SKU or an article.",
        ),
    ]
    limit: Annotated[int, Field(ge=1, le=50, description="Results at most.")] = 20


class MatchView(View):
    """Why a posting is among the results; `near`: it begins so but for one sign."""

    by: MatchedBy
    text: Annotated[str, Field(description="What of the posting it was.")]


class FoundView(View):
    posting_number: str
    matched: list[MatchView]
    posting: Annotated[
        WorkItemView | None, Field(description="Its row; null where the search has no read left for it.")
    ]


class SearchView(View):
    """Results, what is known by the whole text first. A search reads three times at most."""

    items: list[FoundView]
    more: Annotated[bool, Field(description="Whether more postings begin so: type more of it.")]
    read_as: Annotated[list[str], Field(description="What a scanner may have meant, likeliest first.")]
