"""Picking, the check at the bench, and what is known of single pieces."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shipby.contracts.base import ActorName, Number, Query, Reason, Request, Time, View
from shipby.contracts.postings import MissingView
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.options import HandlingMark, LabelSize
from shipby.domain.postings.posting import Stage

PickStage = Literal[Stage.RECEIVED, Stage.CONFIRMED, Stage.PICKED, Stage.INSPECTED, Stage.PACKED]


class PickListBody(Request):
    """Name the postings, or say which ones: never both."""

    posting_numbers: Annotated[list[Number] | None, Field(min_length=1, max_length=300)] = None
    stage: Annotated[PickStage | None, Field(description="Without it and posting_numbers: confirmed.")] = None
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    warehouse_id: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=300, description="Postings with the earliest cut-off.")] = 300
    size: Annotated[LabelSize | None, Field(description="For a label printer; without it A4.")] = None
    language: Annotated[
        Literal["ru", "zh", "en", "kk"] | None, Field(description="Without it that of the settings.")
    ] = None

    @model_validator(mode="after")
    def _one_way_of_saying_which(self) -> Self:
        if self.posting_numbers and (self.stage or self.due_before or self.warehouse_id):
            raise ValueError("posting_numbers goes without stage, due_before and warehouse_id")
        return self


class PickingQuery(Query):
    stage: Annotated[PickStage, Field(description="Whose goods are fetched.")] = Stage.CONFIRMED
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    warehouse_id: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=100, description="Postings with the earliest cut-off.")] = 50


class PickPartView(View):
    posting_number: str
    quantity: int


class PickRowView(View):
    """One product to fetch, and for which parcels."""

    bin: Annotated[str | None, Field(description="Null where no card says it; those come last.")]
    sku: str
    offer_id: str
    name: str
    quantity: int
    postings: list[PickPartView]
    barcodes: list[str]
    marks: list[HandlingMark]
    cut_off: Annotated[Time | None, Field(description="The earliest of its postings.")]


class PickingView(View):
    """A walk through the warehouse, by bin, then ladder."""

    made_at: Time
    time_zone: str
    posting_numbers: Annotated[list[str], Field(description="In pick order: pack and print in this order.")]
    pieces: int
    rows: list[PickRowView]


class ScanBody(Request):
    code: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="What the scanner read: a barcode of the product's card, its SKU or its offer id.",
            examples=["4601234567893"],
        ),
    ]
    quantity: Annotated[int, Field(ge=1, le=10_000, description="Pieces this scan stands for.")] = 1


class ResetScansBody(Request):
    reason: Reason


class CheckLineView(View):
    sku: str
    offer_id: str
    name: str
    bin: str | None
    expected: int
    scanned: int


class AcceptedView(View):
    sku: str
    offer_id: str
    quantity: int


class UnlockedLabelView(View):
    """The label that the last good scan unlocks."""

    id: str
    state: DocumentState | None
    link: Annotated[str | None, Field(description="Works for five minutes.")]
    why_not: Annotated[str | None, Field(description="Why there is no link.")]


class CheckView(View):
    """What was scanned into a parcel, against what belongs into it."""

    posting_number: str
    stage: Stage
    version: int
    complete: bool
    expected: Annotated[int, Field(description="Pieces.")]
    scanned: Annotated[int, Field(description="Pieces.")]
    lines: list[CheckLineView]
    started_at: Time | None
    completed_at: Time | None
    by: Annotated[str | None, Field(description="Whose scan was the last.")]
    by_name: ActorName = None
    stop: Annotated[str | None, Field(description="Why nothing more may go in.")]
    accepted: Annotated[AcceptedView | None, Field(description="What this scan put in.")]
    label: Annotated[UnlockedLabelView | None, Field(description="Once everything is in.")]


class WaveBody(Request):
    """Name the postings, or say which of the confirmed ones: never both."""

    posting_numbers: Annotated[list[Number] | None, Field(min_length=1, max_length=300)] = None
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    warehouse_id: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=300, description="Confirmed postings with the earliest cut-off.")] = 300

    @model_validator(mode="after")
    def _one_way_of_saying_which(self) -> Self:
        if self.posting_numbers and (self.due_before or self.warehouse_id):
            raise ValueError("posting_numbers goes without due_before and warehouse_id")
        return self


class WaveItemView(View):
    posting_number: str
    intent: Annotated[str | None, Field(description="Its call to the marketplace: follow /v1/intents/{id}.")]
    problem: Annotated[str | None, Field(description="Why it was left out; the others are shipped all the same.")]


class WaveView(View):
    """What became of each posting of a wave."""

    accepted: int
    left_out: int
    items: list[WaveItemView]


_Code = Annotated[str, Field(max_length=100)]


class ExemplarBody(Request):
    """One piece. What does not apply is left out."""

    mark: Annotated[
        str,
        Field(
            max_length=300,
            description="The mark as the scanner typed it; its separators (\\u001d) may be lost, its letters may not "
            "be changed.",
            examples=[
                "010460714356059821FGXEAGA5a1GA(\u001d91EE06\u001d92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
            ],
        ),
    ] = ""
    imei: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=4, default_factory=list)]
    uin: Annotated[_Code, Field(description="УИН of a piece of jewellery.")] = ""
    gtd: Annotated[_Code, Field(description="ГТД: number of its customs declaration.")] = ""
    gtd_absent: Annotated[bool, Field(description="It has none.")] = False
    rnpt: Annotated[_Code, Field(description="РНПТ: number of its batch.")] = ""
    rnpt_absent: bool = False
    weight: Annotated[
        str,
        Field(max_length=20, description="A decimal, in the unit of the marketplace's own limits.", examples=["1.25"]),
    ] = ""


class ExemplarProductBody(Request):
    sku: Annotated[str, Field(min_length=1, max_length=20)]
    exemplars: Annotated[list[ExemplarBody], Field(max_length=100)]


class ExemplarsBody(Request):
    """All that is known of all pieces: it replaces what was entered before."""

    products: Annotated[list[ExemplarProductBody], Field(max_length=100)]


class ExemplarView(View):
    mark: Annotated[str | None, Field(description="In its one form, with its separators.")]
    imei: list[str]
    uin: str | None
    gtd: str | None
    gtd_absent: bool
    rnpt: str | None
    rnpt_absent: bool
    weight: str | None


class ExemplarProductView(View):
    sku: str
    exemplars: list[ExemplarView]


class ExemplarsView(View):
    """What the marketplace wants of a posting's pieces, what is entered, what is missing."""

    posting_number: str
    version: Annotated[int, Field(description="Of the entries; 0 = nothing was entered.")]
    wanted: Annotated[dict[str, list[str]], Field(description="SKU -> what is wanted of each of its pieces.")]
    possible_marks: Annotated[list[str], Field(description="SKUs that may have a mark and need none.")]
    products: list[ExemplarProductView]
    missing: list[MissingView]
    intent: Annotated[str | None, Field(description="The call that tells the marketplace: follow /v1/intents/{id}.")]
    accepted: Annotated[bool, Field(description="The marketplace has checked these entries.")]
    problem: Annotated[str | None, Field(description="Why it did not take them, with its raw codes.")]
    by: str | None
    by_name: ActorName = None
