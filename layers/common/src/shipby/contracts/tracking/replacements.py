"""The report of frequent replacements: query and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from shipby.contracts.base import View
from shipby.contracts.tracking.tables import Day, TableQuery, cut_by
from shipby.domain.tracking.replacements import Cut


class ReplacementsQuery(TableQuery):
    by: Annotated[str, cut_by(Cut)] = "carrier"

    @property
    def cuts(self) -> tuple[Cut, ...]:
        return tuple(Cut(word) for word in self.words)


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
