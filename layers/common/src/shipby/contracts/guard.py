"""The error index and its guard: bodies, queries and answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import MoneyView, Time, View
from shipby.contracts.intents import CancelBody
from shipby.domain.deadlines.policy import Move
from shipby.domain.postings.posting import Stage

Day = date
"""Under another name: a field called date would hide its own type."""
Percent = Annotated[str, Field(examples=["3.75"], description="Percent as decimal text: never a float.")]


class GuardedCancelBody(CancelBody):
    """A cancel; where it would bring the error index into a worse band it needs an explicit word."""

    accept_forecast: Annotated[
        bool,
        Field(description="True: you have seen the forecast and cancel all the same. Owners and managers only."),
    ] = False


class IndexBandView(View):
    """A stretch of the index, best first."""

    name: str
    up_to: Annotated[Percent | None, Field(description="Inclusive; null has no end.")]
    fee_percent: Annotated[Percent | None, Field(description="Of the product price; null where none is published.")]
    blocks: Annotated[bool, Field(description="In it the marketplace may block the account.")]


class IndexTableView(View):
    """Where the bands come from, and how sure they are."""

    name: str
    market: str
    schemes: list[str]
    valid_from: Day
    source: str
    certain: Annotated[bool, Field(description="False: the pages disagree, or only third parties tell.")]
    note: str
    least_fee: MoneyView | None
    most_fee: MoneyView | None


class CancelsForecastView(View):
    """The index after some more cancels by the seller."""

    cancels: int
    index: Percent | None
    band: str | None
    worse: bool
    fee_percent: Annotated[Percent | None, Field(description="Of the product price, for the last of them, at most.")]
    in_words: str


class LeavingView(View):
    date: Annotated[Day, Field(description="From this day on they no longer count.")]
    errors: int


class _NowView(View):
    index: Annotated[Percent | None, Field(description="As the marketplace told it; null: never read.")]
    expected_index: Annotated[Percent | None, Field(description="With the cancels that it does not show yet.")]
    band: str | None
    next_band: Annotated[str | None, Field(description="The next worse one.")]
    room: Annotated[
        int | None,
        Field(description="More cancels before a worse band, rounded down; null: none is worse, or unknown."),
    ]
    errors: int | None
    shipments: Annotated[int | None, Field(description="At least so many in the period.")]
    estimated: Annotated[bool, Field(description="Whether the number of shipments or the bands are not certain.")]
    basis: Annotated[
        Literal["index", "own_count", "none"], Field(description="Where the number of shipments comes from.")
    ]


class GuardView(_NowView):
    """Where you stand in the error index, and what the next cancels would do."""

    state: Literal["known", "stale", "unknown", "not_permitted"]
    guard_on: bool
    in_words: Annotated[str, Field(examples=["3 more cancels before blue"])]
    asked: Annotated[int, Field(description="Cancels asked for that the index does not show yet; counted in.")]
    automatic: Annotated[Literal["allowed", "held"], Field(description="The guard's word on the next automatic one.")]
    forecasts: list[CancelsForecastView]
    table: IndexTableView
    bands: list[IndexBandView]
    warning: Annotated[Percent | None, Field(description="The marketplace's own threshold, where it names one.")]
    danger: Annotated[Percent | None, Field(description="Beyond it sales may be blocked.")]
    costs: Annotated[MoneyView | None, Field(description="What errors were charged in the period.")]
    period_from: Day | None
    period_to: Day | None
    leaving: list[LeavingView]
    read_at: Time | None
    age_seconds: int | None


class ChoiceView(View):
    """A way out and what it costs."""

    move: Move
    offered: bool
    why: Annotated[str | None, Field(description="Why it is not offered.")]
    costs: Annotated[MoneyView | None, Field(description="Null where no price is known.")]
    next_step: Annotated[MoneyView | None, Field(description="What the next step of the tariff makes of it.")]
    next_step_at: Time | None
    note: str | None


class CancelForecastView(_NowView):
    """What cancelling this posting would do and cost, and what else can be done."""

    posting_number: str
    stage: Stage
    cancel_offered: bool
    being_cancelled: bool
    counts: Annotated[
        Literal["yes", "no", "uncertain"], Field(description="Whether a cancel by the seller counts in the index.")
    ]
    why: str
    state: Literal["known", "stale", "unknown", "not_permitted"]
    in_words: str
    index_after: Percent | None
    band_after: str | None
    worse: Annotated[bool | None, Field(description="Null: not known.")]
    needs_acceptance: Annotated[bool, Field(description="Whether the cancel has to say accept_forecast: true.")]
    automatic: Literal["allowed", "held"]
    fee: Annotated[MoneyView | None, Field(description="At most; null without a price or a published fee.")]
    fee_percent: Percent | None
    fee_capped: Annotated[bool, Field(description="False: the published cap is in another currency.")]
    order_value: MoneyView | None
    lost: Annotated[MoneyView | None, Field(description="What being late has cost so far.")]
    at_risk: Annotated[MoneyView | None, Field(description="What missing the next step costs.")]
    choices: list[ChoiceView]
