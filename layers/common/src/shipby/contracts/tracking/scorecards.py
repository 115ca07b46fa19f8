"""Scorecards of carriers: query and answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import MoneyView, Query, View
from shipby.domain.tracking.scorecard import Fate, ScoreCut

Day = date


class ScorecardsQuery(Query):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 30 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None
    by: Annotated[
        str,
        Field(
            max_length=60,
            pattern=r"^((carrier|lane|month)(,(carrier|lane|month))*)?$",
            description="Comma-separated: carrier, lane, month. Empty: all together.",
        ),
    ] = "carrier"
    format: Annotated[Literal["json", "csv"], Field(description="csv: the same as a table.")] = "json"
    separator: Annotated[
        Separator | None,
        Field(description="Between cells of a csv. Left out: what spreadsheets in your language split at."),
    ] = None

    @property
    def cuts(self) -> tuple[ScoreCut, ...]:
        return tuple(ScoreCut(name) for name in dict.fromkeys(self.by.split(",")) if name)


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
