"""Reports put together from days: queries and answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import MoneyView, Query, Time, View
from shipby.domain.returns.reason_figures import Dimension, Kind

Day = date
"""Under another name: a field called date would hide its own type."""
_LONGEST = timedelta(days=92)


class ReasonsQuery(Query):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 30 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None
    by: Annotated[
        str,
        Field(
            max_length=60,
            pattern=r"^((reason|initiator|sku|carrier|supplier)(,(reason|initiator|sku|carrier|supplier))*)?$",
            description="Comma-separated: reason, initiator, sku, carrier, supplier. Empty: by kind alone.",
        ),
    ] = "reason,sku,carrier,supplier"
    format: Annotated[Literal["json", "csv"], Field(description="csv: a table with all rows, at most 20,000.")] = "json"
    separator: Annotated[
        Separator | None,
        Field(
            description="Between cells of a csv. Left out: what spreadsheets in the language of your notices split at, "
            "with its decimal sign (semicolon and comma in Russian, comma and point else). tab: for programs."
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="Rows; the others are added up in `rest`.")] = 200

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return tuple(Dimension(name) for name in dict.fromkeys(self.by.split(",")) if name)

    @model_validator(mode="after")
    def _whole_period(self) -> Self:
        if self.first and self.last and not timedelta(0) <= self.last - self.first < _LONGEST:
            raise ValueError("a report covers 1 to 92 days, the last one not before the first")
        return self


class ReasonCountView(View):
    """Counts and money of one row; `definitions` says what each means."""

    cases: int
    pieces: int
    value: Annotated[list[MoneyView], Field(description="Per currency.")]
    refunded: list[MoneyView]
    postage: list[MoneyView]


class ReasonRowView(ReasonCountView):
    kind: Kind
    group: Annotated[dict[str, str | None], Field(description="A value per dimension of `by`; null: unknown.")]
    out_of: Annotated[int, Field(description="Pieces of the same goods: received for cancels, shipped for returns.")]
    rate: Annotated[str | None, Field(examples=["0.0312"], description="pieces / out_of; null without denominator.")]


class ReasonRestView(ReasonCountView):
    kind: Kind


class ReasonCutView(View):
    """How many cells and goods of days with too many were put together as (other)."""

    cells: int
    goods: int


class ReasonReportView(View):
    """Returns and cancels by reason, SKU, carrier and supplier."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    by: list[Dimension]
    made_at: Annotated[Time | None, Field(description="When the oldest of the days was last made; null without any.")]
    missing_days: Annotated[list[Day], Field(description="Days that are not made yet, or were never.")]
    cut: ReasonCutView
    received: Annotated[int, Field(description="Pieces; the denominator of all cancels.")]
    shipped: Annotated[int, Field(description="Pieces; the denominator of all returns.")]
    totals: dict[Kind, ReasonCountView]
    rows: list[ReasonRowView]
    more_rows: int
    rest: list[ReasonRestView]
    definitions: Annotated[dict[str, str], Field(description="What every figure means.")]
