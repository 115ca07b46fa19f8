"""Which carrier a posting goes with: the card and a person's choice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import ActorName, MoneyView, Query, Request, View
from shipby.contracts.tracking.options import Grams, Lane
from shipby.contracts.tracking.scorecards import IntervalView


class CarrierChoiceQuery(Query):
    grams: Grams | None = None
    lane: Lane = ""


class CarrierChoiceBody(Request):
    """A person's choice."""

    carrier: Annotated[str, Field(max_length=100, description="Its code, name or alias; empty: the best one.")] = ""
    reason: Annotated[str, Field(max_length=500, description="Needed for another than the best one.")] = ""
    grams: Grams | None = None
    lane: Lane = ""


class ScoredCarrierView(View):
    """One carrier for this parcel."""

    carrier: str
    why_not: Annotated[list[str], Field(description="Empty: it can take the parcel.")]
    expected_cost: Annotated[
        MoneyView | None,
        Field(description="Postage, lateness and loss together; null: postage or the order's price is not known."),
    ]
    price: MoneyView | None
    in_time: Annotated[str | None, Field(description="Chance to meet the promised date.", examples=["0.9300"])]
    in_time_interval: Annotated[IntervalView, Field(description="95 %, of its own parcels alone.")]
    lost: str
    samples: Annotated[int, Field(description="Its parcels of the last months whose end is known.")]
    samples_of_lane: Annotated[bool, Field(description="false: of all of its lanes, as this one has fewer than 20.")]


class CarrierChosenView(View):
    carrier: str
    override: Annotated[bool, Field(description="Another one was best then.")]
    by: str
    by_name: ActorName = None
    at: str
    reason: str


class CarrierChoiceView(View):
    """Every carrier for a parcel, the best first."""

    posting_number: str
    version: int
    grams: int | None
    grams_from: Annotated[str | None, Field(description="asked, scale or product_cards")]
    lane: Annotated[str | None, Field(description="The marketplace's delivery method.")]
    hours_left: Annotated[str | None, Field(description="From the hand-over to the promised date.")]
    learned_at: Annotated[str | None, Field(description="When the track records were read last; once a day.")]
    best: str | None
    carriers: list[ScoredCarrierView]
    chosen: CarrierChosenView | None
