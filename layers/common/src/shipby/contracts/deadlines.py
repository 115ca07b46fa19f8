"""Deadlines, money at risk and the risk of missing: bodies, queries and answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shipby.contracts.base import MoneyView, Paged, Query, Request, Time, View
from shipby.domain.deadlines.priority import CostKind
from shipby.domain.deadlines.risk import Lamp
from shipby.domain.postings.posting import RungKind, Stage

Day = date
"""Under another name: a field called date would hide its own type."""
_FARTHEST = timedelta(days=7)
_LONGEST = timedelta(days=92)


def _ahead(length: timedelta) -> timedelta:
    if not timedelta(0) < length <= _FARTHEST:
        raise ValueError("must be more than nothing and at most 7 days")
    return length


Within = Annotated[timedelta, AfterValidator(_ahead)]
Warehouse = Annotated[str, Field(max_length=40, description="Only this warehouse; left out: all.")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="The same seed gives the same answer.")]


# Query parameters and bodies -------------------------------------------------------------------------------------


class DeadlinesQuery(Paged):
    within: Annotated[
        Within, Field(description="ISO 8601: how far ahead, at most P7D; PT4H if left out.", examples=["PT4H"])
    ] = timedelta(hours=4)
    warehouse: Warehouse = ""
    by_order: Annotated[
        bool,
        Field(description="One line for all postings of an order that was split: the first to do stands for them."),
    ] = False


class RiskQuery(Query):
    within: Annotated[
        Within, Field(description="ISO 8601: cut-offs how far ahead, at most P7D; P2D if left out.", examples=["P2D"])
    ] = timedelta(days=2)
    warehouse: Warehouse = ""
    seed: Seed = 1


class WhatIfBody(Request):
    """What would be different; what is left out stays as it is."""

    packers: Annotated[int, Field(ge=-100, le=100, description="So many more (or fewer) packers.")] = 0
    packers_now: Annotated[
        int, Field(ge=1, le=1000, description="How many packed when the throughput was measured.")
    ] = 1
    courier_minutes: Annotated[
        int,
        Field(ge=-1440, le=1440, description="So much later (or earlier) the courier comes; never after a cut-off."),
    ] = 0
    within: Annotated[Within, Field(description="ISO 8601, at most P7D.", examples=["P2D"])] = timedelta(days=2)
    warehouse: Warehouse = ""
    seed: Seed = 1


class ImpactQuery(Query):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 30 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None

    @model_validator(mode="after")
    def _whole_period(self) -> Self:
        if self.first and self.last and not timedelta(0) <= self.last - self.first < _LONGEST:
            raise ValueError("a report covers 1 to 92 days, the last one not before the first")
        return self


# Answers ---------------------------------------------------------------------------------------------------------


class MomentView(View):
    """One moment as people read it."""

    utc: Time
    moscow: Annotated[str, Field(examples=["2026-11-22T20:40:00+03:00"])]
    local: Annotated[str, Field(description="In the seller's time zone.")]
    zone: Annotated[str, Field(examples=["Asia/Vladivostok"])]


class CostView(View):
    kind: CostKind
    amount: Annotated[MoneyView | None, Field(description="Null where it is not money by itself.")]
    stated: Annotated[bool, Field(description="False: our estimate; true: the marketplace states it.")]


class DeadlineView(View):
    """A posting and the next date that costs something."""

    posting_number: str
    order: Annotated[str, Field(description="The posting that a split made this one of; its own number otherwise.")]
    others: Annotated[
        list[str], Field(description="With by_order: further postings of the order within the time, next due first.")
    ]
    stage: Stage
    warehouse_id: str
    rung: RungKind
    due: MomentView
    costs: list[CostView]
    at_risk: Annotated[
        MoneyView | None,
        Field(description="What leaving before it saves: the further price, not what is lost already."),
    ]
    stated: Annotated[bool, Field(description="Whether the marketplace itself states every amount in it.")]
    minutes: Annotated[int, Field(description="Work left until hand-over, by your settings.")]
    saved_per_minute: MoneyView | None
    late: bool
    overdue: bool
    late_price: Annotated[MoneyView | None, Field(description="What being late has cost so far.")]
    blocked_reason: str | None


class DeadlineTotalView(View):
    """All that is due within the time, in one currency."""

    currency: str
    at_risk: MoneyView
    lost_today: Annotated[MoneyView, Field(description="By postings that left today (UTC).")]
    late_so_far: Annotated[MoneyView, Field(description="By the late postings due here that have not left.")]


class DeadlinesView(View):
    items: list[DeadlineView]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]
    until: Time
    due: Annotated[int, Field(description="Postings due within the time, as far as they were looked at.")]
    truncated: Annotated[
        bool, Field(description="True: there is more than was looked at, and the totals are least ones.")
    ]
    totals: list[DeadlineTotalView]


class RiskDetailView(View):
    chance_percent: Annotated[int, Field(description="Chance that all of them are packed in time, rounded down.")]
    expected_missing: Annotated[str, Field(description="Postings not packed in time, on average.", examples=["3.4"])]
    minutes_of_work: int
    at_risk: Annotated[list[MoneyView], Field(description="What missing the cut-off costs for those not packed yet.")]


class CutOffRiskView(View):
    cut_off: MomentView
    pack_by: Annotated[Time, Field(description="When the work must be done: before the courier comes.")]
    postings: int
    packed: Annotated[int, Field(description="Of them, ready for the courier: no work is left on these.")]
    lamp: Lamp
    detail: Annotated[
        RiskDetailView | None, Field(description="Null with fewer than `detail_from_samples`: only the lamp is told.")
    ]


class WarehouseRiskView(View):
    """The worst lamp of a warehouse, and each of its cut-offs, earliest first."""

    warehouse_id: str
    lamp: Lamp
    earliest_cut_off: MomentView
    basis: Annotated[
        Literal["measured", "prior"], Field(description="prior: too little was packed; the minutes of your settings.")
    ]
    samples: Annotated[int, Field(description="Packed postings the throughput was measured from.")]
    days: Annotated[int, Field(description="Whole days looked back.")]
    late_postings: Annotated[int, Field(description="Past their cut-off and still here: their work comes first.")]
    cut_offs: list[CutOffRiskView]


class RiskHeadView(View):
    at: Time
    until: Time
    seed: int
    runs: int
    green_from_percent: int
    yellow_from_percent: int
    detail_from_samples: int
    truncated: Annotated[
        bool, Field(description="True: more is open than was looked at, so the lamps are too hopeful.")
    ]


class RiskView(RiskHeadView):
    warehouses: list[WarehouseRiskView]


class ChangeView(View):
    packers_now: int
    packers: int
    courier_minutes: int


class WhatIfView(RiskHeadView):
    """The same draws with and without the change."""

    change: ChangeView
    before: list[WarehouseRiskView]
    after: list[WarehouseRiskView]


class ImpactMoneyView(View):
    currency: str
    lost: MoneyView
    saved: MoneyView


class ImpactSumView(View):
    shipped: int
    on_time: int
    late: int
    overdue: int
    reminded: Annotated[int, Field(description="Left after a reminder or an earlier step had rung.")]
    money: list[ImpactMoneyView]


class ImpactDayView(ImpactSumView):
    date: Day


class ImpactView(View):
    model_config = ConfigDict(serialize_by_alias=True)

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to", description="The last day that is in it.")]
    next_from: Annotated[Day | None, Field(description="Ask again from here: there was more than one call reads.")]
    definition: Annotated[str, Field(description="What each word means, and which clock it goes by.")]
    total: ImpactSumView
    days: list[ImpactDayView]
