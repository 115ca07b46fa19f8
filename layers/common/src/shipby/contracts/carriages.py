"""Closing the day: bodies, queries and answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from shipby.contracts.base import ActorName, Number, Paged, Reason, Request, Text, Time, View
from shipby.domain.carriages import MAX_CONTAINERS, MAX_PARCELS, CarriageState, DifferenceKind

Day = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2026-11-22"], description="A day in the warehouse's time zone."),
]
_METHOD = Field(pattern=r"^[0-9]{1,19}$", examples=["1020005003107121"])


class CarriagesQuery(Paged):
    open: Annotated[bool, Field(description="False lists those with nothing left to do.")] = True


class CarriageBody(Request):
    delivery_method_id: Annotated[str, _METHOD]
    departure: Day
    posting_numbers: Annotated[
        list[Number],
        Field(
            default_factory=list,
            max_length=MAX_PARCELS,
            description="What it shall hold; empty: everything the marketplace puts in.",
        ),
    ]


class CloseDayBody(Request):
    departure: Annotated[Day | None, Field(description="Today where the warehouse is, if left out.")] = None


class ParcelScanBody(Request):
    code: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="Our own code, the marketplace's barcode, a tracking number or a posting number.",
        ),
    ]


class ApproveCarriageBody(Request):
    accept_difference: Annotated[bool, Field(description="Close it although scans and carriage differ.")] = False
    reason: Annotated[Text, Field(description="Why; needed with accept_difference.")] = ""
    use_scans: Annotated[bool, Field(description="First make it hold exactly what was scanned.")] = False


class CancelCarriageBody(Request):
    reason: Reason


class ContainersBody(Request):
    count: Annotated[int, Field(ge=0, le=MAX_CONTAINERS, description="Cargo places; 0: parcel by parcel.")]


class CarriageView(View):
    """A hand-over: postings of one delivery method that leave together."""

    id: str
    version: int
    state: CarriageState
    open: Annotated[bool, Field(description="Whether anything is left to do.")]
    delivery_method_id: str
    departure: Day
    marketplace_id: str | None
    postings: Annotated[int, Field(description="In the marketplace's carriage, as last read.")]
    scanned: Annotated[int, Field(description="Parcels scanned into it.")]
    containers: int
    barcode: Annotated[str | None, Field(description="What the drop-off point scans, as text.")]
    asked: Annotated[str | None, Field(description="approve or cancel: asked for, not done yet.")]
    waiting_for: Annotated[str | None, Field(description="A call to the marketplace whose outcome is being looked up.")]
    problem: str | None
    asked_at: Time
    asked_by: str
    asked_by_name: ActorName = None
    approved_at: Time | None
    compared_at: Time | None
    differences: Annotated[int | None, Field(description="Of the last comparison; null before it.")]
    closed_at: Time | None


class CarriageDocumentView(View):
    name: Annotated[str, Field(description="act, barcode (PNG), container-labels or discrepancy.")]
    link: Annotated[str, Field(description="Works for 5 minutes.")]


class CarriageDetailView(CarriageView):
    """With its postings and papers."""

    posting_numbers: list[str]
    scanned_numbers: Annotated[list[str], Field(description="In the order of scanning.")]
    refused: Annotated[dict[str, str], Field(description="Posting number -> why the marketplace does not take it.")]
    documents: list[CarriageDocumentView]


class CarriageScanView(View):
    """A parcel that was handed over."""

    carriage: str
    version: int
    posting_number: str
    scanned: int
    postings: int
    missing: Annotated[int, Field(description="Postings of the carriage whose parcel was not scanned yet.")]
    warning: str | None


class CarriageDifferenceItem(View):
    posting_number: str
    kind: DifferenceKind
    what_to_do: str


class CarriageDifferenceView(View):
    """Our scans, the act and the carrier's first scans, held against each other."""

    carriage: str
    state: CarriageState
    left: Annotated[bool, Field(description="False before approval: the carrier has seen nothing yet.")]
    scanned: int
    in_act: int
    taken: Annotated[int, Field(description="Postings that the carrier has scanned.")]
    agrees: bool
    summary: str | None
    items: list[CarriageDifferenceItem]
    compared_at: Annotated[Time | None, Field(description="The last check at the marketplace.")]
    compared_next: Time | None


class CloseDayView(View):
    """Carriages of a day, one per delivery method with packed postings."""

    departure: Day
    begun: list[CarriageView]
    open: Annotated[list[str], Field(description="Carriages of the day that stand open already: left as they are.")]
    without_method: Annotated[list[str], Field(description="Packed postings whose delivery method is not known yet.")]


def as_day(text: str) -> date | None:
    """The day, or None where there is no such day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
