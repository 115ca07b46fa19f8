"""Rules of the settings for the bench: what is inspected, how parcels are packed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Request, View
from shipby.domain.labels.options import HandlingMark

Words = Annotated[str, Field(max_length=200)]


class InspectionRuleBody(Request):
    """Which share of the postings with some goods is inspected; the first rule that fits a product holds for it."""

    share: Annotated[int, Field(ge=0, le=100, description="Percent of the postings: 0 never, 100 always.")]
    sku: Annotated[str, Field(max_length=60, description="Empty fits every product; so do the others.")] = ""
    supplier: Annotated[str, Field(max_length=100)] = ""
    product_type: Annotated[str, Field(max_length=60)] = ""
    below_score: Annotated[
        int | None, Field(ge=0, le=100, description="Only where the supplier's score is lower, or not known.")
    ] = None
    photo: Annotated[bool, Field(description="An inspection needs a photo among the posting's evidence.")] = False


class PackagingRuleBody(Request):
    """How parcels with some goods are packed; every rule that fits holds, and the packer confirms them."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    skus: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60)]],
        Field(default_factory=list, max_length=20, description="All of them are in the parcel; empty: whatever is."),
    ]
    marks: Annotated[
        list[HandlingMark], Field(default_factory=list, max_length=4, description="A product in it has one of them.")
    ]
    pieces_from: Annotated[int, Field(ge=1, le=10_000, description="So many pieces in it at least.")] = 1
    box: Words = ""
    material: Words = ""
    reinforcement: Annotated[list[Words], Field(default_factory=list, max_length=10, description="Steps, in words.")]
    limits: Annotated[Words, Field(description="What it may weigh and measure, in words.")] = ""


class InspectionRuleView(View):
    share: int
    sku: str
    supplier: str
    product_type: str
    below_score: int | None
    photo: bool


class PackagingRuleView(View):
    name: str
    skus: list[str]
    marks: list[HandlingMark]
    pieces_from: int
    box: str
    material: str
    reinforcement: list[str]
    limits: str
