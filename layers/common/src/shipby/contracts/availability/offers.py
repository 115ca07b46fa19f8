"""What a shop says is for sale, and how that compares with what the marketplace shows."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Paged, Query, Reason, Request, Time, View
from shipby.domain.availability.drift import Cause, DriftKind
from shipby.domain.availability.offers import OfferState

Day = date
"""Under another name: a field called date would hide its own type."""
Warehouse = Annotated[str, Field(pattern=r"^[0-9]{1,19}$", description="The marketplace's id of it.")]
Article = Annotated[str, Field(min_length=1, max_length=100, description="`offer_id`, the seller's own.")]


class OffersQuery(Paged):
    state: Annotated[OfferState | None, Field(description="Those in another state are left out of each page.")] = None


class TellAgainBody(Request):
    """Which number to tell again, and why."""

    warehouse: Warehouse
    offer_id: Article
    reason: Reason


class OfferView(View):
    """One article of a pool in one warehouse of the shop."""

    warehouse: str
    offer_id: str
    pool: Annotated[str, Field(description="main: an own pool; other-shop:main: another shop's.")]
    version: int
    state: Annotated[
        OfferState,
        Field(
            description="waits: to be told. told: the marketplace took it. refused: a person has to look. absent: the "
            "shop has no such article. shadowed: it would have been told, but the shop does not tell by itself."
        ),
    ]
    wanted: Annotated[int, Field(description="What is free in the pool.")]
    wanted_at: Time
    told: Annotated[int | None, Field(description="What the marketplace took last; null: nothing, or nobody knows.")]
    told_at: Time | None
    next_at: Annotated[Time | None, Field(description="When the marketplace takes the next number, where one waits.")]
    code: Annotated[str | None, Field(description="The marketplace's, as it came.")]
    problem: str | None


class ReconcileQuery(Query):
    date: Annotated[Day | None, Field(description="The day (UTC); left out: today.")] = None


class AskedView(View):
    """A comparison that was asked for."""

    state: str
    asked_at: Time


class DriftView(View):
    """One difference: ours and the marketplace's, with its likely cause."""

    warehouse: str
    offer_id: str
    kind: Annotated[
        DriftKind,
        Field(
            description="more_there: it sells more than is free. less_there: fewer. missing_there: it shows nothing of "
            "what it took. reserved_there: more pieces reserved than the whole pool has. outside_pools: sold from a "
            "warehouse that no pool serves."
        ),
    ]
    ours: int
    theirs: int
    cause: Cause
    code: str | None


class ReconcileView(View):
    """Our numbers against the marketplace's, as two looks two minutes apart saw them."""

    at: Time
    green: bool
    compared: Annotated[int, Field(description="Pairs of article and warehouse.")]
    differences: int
    counts: dict[DriftKind, int]
    items: Annotated[list[DriftView], Field(description="The first 500.")]
    under_way: Annotated[bool, Field(description="Whether another comparison is being made.")]
