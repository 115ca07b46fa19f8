"""The report of supplier quality: query and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from shipby.contracts.base import View
from shipby.contracts.tracking.tables import Day, TableQuery, cut_by
from shipby.domain.tracking.supplier_quality import QualityCut


class SuppliersQuery(TableQuery):
    by: Annotated[str, cut_by(QualityCut)] = "supplier"

    @property
    def cuts(self) -> tuple[QualityCut, ...]:
        return tuple(QualityCut(word) for word in self.words)


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
