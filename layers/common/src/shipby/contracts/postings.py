"""Postings: lists, steps at the bench, one posting with its family, and its history."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shipby.contracts.base import ActorName, MoneyView, Paged, Query, Reason, Request, Text, Time, View
from shipby.domain.events import EventType
from shipby.domain.postings.posting import RungKind, Scheme, Stage


class PostingsQuery(Paged):
    stage: Annotated[
        Stage | None, Field(description="One stage's worklist; without it all open stages one after the other.")
    ] = None
    status: Annotated[Text, Field(description="The marketplace's own status, such as awaiting_deliver.")] = ""
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    q: Annotated[
        str, Field(max_length=200, description="A posting number, a tracking number or a label's barcode, whole.")
    ] = ""


class EventsQuery(Query):
    after_version: Annotated[int, Field(ge=0, le=99_999_998, description="Leave out what you know already.")] = 0


class StepBody(Request):
    """A step at the bench; nothing has to be said."""

    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class InspectBody(Request):
    passed: Annotated[bool, Field(description="False blocks the posting until somebody unblocks it.")] = True
    reason: Annotated[Text, Field(description="What is wrong; needed if it did not pass.")] = ""


class ReasonBody(Request):
    reason: Reason


class ShipBody(Request):
    packages: Annotated[
        list[Annotated[dict[str, Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=200)]] | None,
        Field(
            min_length=1,
            max_length=100,
            description="What goes into which package: SKU -> quantity. Without it everything goes into one.",
            examples=[[{"149123456": 2}]],
        ),
    ] = None


class CutOffBody(Request):
    cut_off: Annotated[Time, Field(description="The new date to hand the posting over by.")]


class WorkItemView(View):
    """A board's row. Boards are eventually consistent; the posting itself is not."""

    posting_number: str
    stage: Stage
    status: str
    substatus: str
    scheme: Scheme
    version: int
    cut_off: Time | None
    late: bool


class AlarmView(View):
    due: Time
    kind: RungKind


class RungView(View):
    """One dated clock, and what passing it costs where the marketplace says so."""

    kind: RungKind
    due: Time
    price: MoneyView | None


class ProductView(View):
    sku: str
    offer_id: str
    name: str
    quantity: int
    price: Annotated[MoneyView | None, Field(description="Null where what the marketplace says cannot be read.")]


class PostingView(View):
    """A posting: our own stage, and beside it the marketplace's status."""

    posting_number: str
    stage: Stage
    status: str
    substatus: str
    scheme: Scheme
    integration: str
    delivery_schema: Annotated[
        str | None, Field(description="The marketplace's own word beside the integration; only its lists tell it.")
    ]
    warehouse_id: str
    version: Annotated[int, Field(description="Counts changes; also the ETag.")]
    received_at: Time
    synced_at: Annotated[Time, Field(description="Start of the newest read of the marketplace.")]
    cut_off: Time | None
    shipment_date_without_delay: Time | None
    delivery_by: Time | None
    next_alarm: AlarmView | None
    ladder: list[RungView]
    late: bool
    late_price: MoneyView | None
    at_risk: Annotated[MoneyView | None, Field(description="What missing the next priced step costs.")]
    assembled_at: Time | None
    label_ready_at: Time | None
    printed_at: Time | None
    handed_over_at: Time | None
    delivered_at: Time | None
    blocked_reason: str | None
    expired_reason: str | None
    cancelled_by: str | None
    tracking_number: str | None
    open_intents: list[str]


class FamilyMemberView(View):
    """A posting of a split order; its money is null until what was paid is known."""

    posting_number: str
    parent: str | None
    stage: Stage
    status: str
    paid: MoneyView | None
    reserved: MoneyView | None
    refunded: MoneyView | None


class FamilyTotalView(View):
    currency: str
    paid: MoneyView
    reserved: MoneyView
    refunded: MoneyView


class FamilyView(View):
    """What a split made of one order. The sums are per currency: amounts of two are never added up."""

    postings: list[FamilyMemberView]
    totals: list[FamilyTotalView]


class MissingView(View):
    """An entry that the marketplace wants of one piece and nobody has made."""

    sku: str
    piece: Annotated[int, Field(description="Counts from 1.")]
    duty: Annotated[str, Field(description="As the posting's requirements name it.")]
    code: Annotated[str, Field(description="With which packing and shipping are refused until then.")]


class PostingDetailView(PostingView):
    """A posting with the marketplace's facts; they are left out until it has been read from there."""

    parent: Annotated[str | None, Field(description="The posting that a split made this one of.")]
    family: Annotated[FamilyView | None, Field(description="Null where the order was not split.")]
    order_number: str | None = None
    available_actions: Annotated[list[str], Field(description="What the marketplace offers now.")] | None = None
    requirements: Annotated[dict[str, list[str]], Field(description="Unmet requirement -> SKUs.")] | None = None
    products: list[ProductView] | None = None
    missing_entries: (
        Annotated[list[MissingView], Field(description="What of it is still to be entered; see its exemplars.")] | None
    ) = None
    unread_fields: (
        Annotated[list[str], Field(description="What the newest read of the marketplace could not make out.")] | None
    ) = None


class EventView(View):
    id: str
    posting_number: Annotated[
        str, Field(description="Whose event: of a part of a split order the list begins with its parent's.")
    ]
    version: int
    type: EventType
    type_version: int
    at: Time
    actor: Annotated[str, Field(description="person:<id>, key:<id>, marketplace or system:<part>")]
    actor_name: ActorName = None
    reason: str | None
    data: dict[str, Any]
