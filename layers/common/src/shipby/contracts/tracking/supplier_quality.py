"""The report of supplier quality: query and answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import Query, View
from shipby.domain.tracking.supplier_quality import QualityCut

Day = date


class SuppliersQuery(Query):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 30 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None
    by: Annotated[
        str,
        Field(
            max_length=60,
            pattern=r"^((supplier|sku|month)(,(supplier|sku|month))*)?$",
            description="Comma-separated: supplier, sku, month. Empty: all together.",
        ),
    ] = "supplier"
    format: Annotated[Literal["json", "csv"], Field(description="csv: the same as a table.")] = "json"
    separator: Annotated[
        Separator | None,
        Field(description="Between cells of a csv. Left out: what spreadsheets in your language split at."),
    ] = None

    @property
    def cuts(self) -> tuple[QualityCut, ...]:
        return tuple(QualityCut(name) for name in dict.fromkeys(self.by.split(",")) if name)


class PerThousandIntervalView(View):
    low: Annotated[str, Field(examples=["4.1"])]
    high: Annotated[str, Field(examples=["38.6"])]


class PerThousandView(View):
    hits: int
    of: int
    per_thousand: Annotated[str | None, Field(examples=["12.5"], description="null where there are no samples.")]
    interval: PerThousandIntervalView
    enough: bool


class SupplierQualityLineView(View):
    """`definitions` says what each figure means."""

    group: Annotated[dict[QualityCut, str | None], Field(description="A value per word of `by`; null: unknown.")]
    inspections: Annotated[PerThousandView, Field(description="hits: failed; of: inspections.")]
    returns: Annotated[PerThousandView, Field(description="hits: pieces back as defective; of: pieces shipped.")]


class SupplierQualityView(View):
    """How good suppliers are."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    by: list[QualityCut]
    total: SupplierQualityLineView
    items: list[SupplierQualityLineView]
    definitions: dict[str, str]
