"""The report of frequent replacements: query and answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import Query, View
from shipby.domain.tracking.replacements import Cut

Day = date


class ReplacementsQuery(Query):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 30 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None
    by: Annotated[
        str,
        Field(
            max_length=60,
            pattern=r"^((carrier|person|cause)(,(carrier|person|cause))*)?$",
            description="Comma-separated: carrier, person, cause. Empty: all together.",
        ),
    ] = "carrier"
    format: Annotated[Literal["json", "csv"], Field(description="csv: the same as a table.")] = "json"
    separator: Annotated[
        Separator | None,
        Field(description="Between cells of a csv. Left out: what spreadsheets in your language split at."),
    ] = None

    @property
    def cuts(self) -> tuple[Cut, ...]:
        return tuple(Cut(name) for name in dict.fromkeys(self.by.split(",")) if name)


class IntervalView(View):
    low: Annotated[str, Field(examples=["0.0102"])]
    high: Annotated[str, Field(examples=["0.0891"])]


class ReplacementRateView(View):
    """`definitions` says what each figure means."""

    group: Annotated[dict[Cut, str | None], Field(description="A value per word of `by`; null: unknown.")]
    numbers: int
    replaced: int
    rate: Annotated[str | None, Field(examples=["0.0312"], description="null where no number was set.")]
    interval: IntervalView
    enough: bool


class ReplacementReportView(View):
    """How often tracking numbers had to be replaced."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    by: list[Cut]
    total: ReplacementRateView
    items: list[ReplacementRateView]
    definitions: dict[str, str]
