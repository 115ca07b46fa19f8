"""Scorecards of carriers: query and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from shipby.contracts.base import MoneyView, View
from shipby.contracts.tracking.tables import Day, TableQuery, cut_by
from shipby.domain.tracking.scorecard import Fate, ScoreCut


class ScorecardsQuery(TableQuery):
    by: Annotated[str, cut_by(ScoreCut)] = "carrier"

    @property
    def cuts(self) -> tuple[ScoreCut, ...]:
        return tuple(ScoreCut(word) for word in self.words)


class IntervalView(View):
    low: str | None
    high: str | None


class LengthView(View):
    hours: Annotated[str | None, Field(examples=["31.5"], description="null where there are no samples.")]
    interval: IntervalView
    samples: int


class ShareView(View):
    hits: int
    of: int
    rate: Annotated[str | None, Field(examples=["0.0125"], description="null where there are no samples.")]
    interval: IntervalView


class TransitView(View):
    p50: LengthView
    p90: LengthView


class ScorecardView(View):
    """`definitions` of the report say what each figure means."""

    group: Annotated[dict[ScoreCut, str | None], Field(description="A value per word of `by`; null: unknown.")]
    parcels: int
    fates: Annotated[dict[Fate, int], Field(description="Their sum is `parcels`; `open` are still under way.")]
    first_scan: LengthView
    unscanned: ShareView
    transit: TransitView
    late: ShareView
    lost: ShareView
    returned: ShareView
    claims: ShareView
    cost: Annotated[list[MoneyView], Field(description="Mean postage, one entry a currency.")]
    costed: int
    enough: bool


class ScorecardsView(View):
    """How good carriers are."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    by: list[ScoreCut]
    total: ScorecardView
    items: list[ScorecardView]
    definitions: dict[str, str]
