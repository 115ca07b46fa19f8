"""What to buy."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Paged, Query, Request, View

Days = Annotated[int, Field(ge=0, le=365)]
Pieces = Annotated[int, Field(ge=0, le=10_000_000)]
PoolName = Annotated[str, Field(max_length=100, description="Left out: main, your own.")]


class SupplyQuery(Query):
    pool: PoolName = ""


class TermsBody(Request):
    """How an article is bought."""

    pool: PoolName = ""
    supplier: Annotated[str, Field(min_length=1, max_length=100)]
    lead_days: Annotated[Days, Field(description="From the order to the shelf.")]
    moq: Annotated[int, Field(ge=1, le=10_000_000, description="The smallest order, in pieces.")] = 1
    pack: Annotated[int, Field(ge=1, le=100_000, description="Ordered in multiples of it.")] = 1
    safety_days: Days = 0
    cover_days: Annotated[Days, Field(description="How long one purchase is to last.")] = 14
    reorder_point: Annotated[Pieces | None, Field(description="null: worked out from sales.")] = None
    on_order: Annotated[Pieces, Field(description="Ordered and not here yet: keep it up to date yourself.")] = 0


class TermsView(View):
    """How an article of a pool is bought."""

    sku: str
    pool: str
    version: int
    supplier: str
    lead_days: int
    moq: int
    pack: int
    safety_days: int
    cover_days: int
    reorder_point: int | None
    on_order: int


class ProposalsQuery(Paged):
    pool: PoolName = ""
    every: Annotated[bool, Field(description="Also what need not be bought now.")] = False


class ProposalView(View):
    """What is thought of one article, and why."""

    sku: str
    pool: str
    supplier: str
    quantity: Annotated[int, Field(description="Pieces to buy; 0: none now.")]
    free: Annotated[int, Field(description="Below 0: postings wait for pieces in vain.")]
    on_order: int
    sold_a_day: Annotated[str, Field(examples=["2.50"])]
    reorder_point: int
    runs_out: Annotated[date | None, Field(description="What is free and on order, at this pace.")]
    late: Annotated[bool, Field(description="It runs out before a delivery of today could be here.")]
    reason: str
