"""What the API answers. The use cases make these answers; tests hold every one of them against its model here."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from shipby.contracts.base import MoneyView, Time, View
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy, EntryKind, EntryState, ExecutedBy

T = TypeVar("T", bound=View)


class Listing(View, Generic[T]):
    items: list[T]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """WorkItemView -> WorkItemListing, as the OpenAPI document names it."""
        return f"{params[0].__name__.removesuffix('View')}Listing"


class HealthView(View):
    status: Literal["ok"]
    time: Time


class OpenApiView(View):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


# Postings --------------------------------------------------------------------------------------------------------


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
    actor: Annotated[str, Field(description="key:<id>, marketplace or system:<function>")]
    reason: str | None
    data: dict[str, Any]


# Intents and money --------------------------------------------------------------------------------------


class LineAmountView(View):
    sku: str
    amount: MoneyView | None


class LedgerLineView(View):
    sku: str
    paid: MoneyView
    reserved: MoneyView
    refunded: MoneyView


class IntentView(View):
    """An irreversible call to the marketplace. UNKNOWN is settled by reading, never by repeating."""

    id: str
    action: IntentAction
    state: IntentState
    posting_number: str
    request: dict[str, Any]
    request_hash: Annotated[str | None, Field(description="sha256 of the request; another one is never sent.")]
    amount: MoneyView | None
    postage: Annotated[MoneyView | None, Field(description="The buyer's return postage, on top of the amount.")]
    lines: Annotated[list[LineAmountView], Field(description="What the amount is for, where it is known.")]
    policy_version: Annotated[int, Field(description="Version of the settings under which it was decided.")]
    attempts: int
    actor: str
    approved_by: Annotated[str | None, Field(description="The second person, where the amount needed one.")]
    approved_at: Time | None
    needs_person: Annotated[bool, Field(description="True: no reading settled it; see its case.")]
    reason: str | None
    outcome: str | None
    read_back: Annotated[dict[str, Any], Field(description="What the marketplace showed when it was settled.")]
    created_at: Time
    updated_at: Time


class LedgerEntryView(View):
    key: Annotated[str, Field(description="The intent's id, or observed:<what> for the marketplace's own refund.")]
    amount: MoneyView
    state: EntryState
    kind: EntryKind
    at: Time | None
    lines: list[LineAmountView]
    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy
    rule: Annotated[str | None, Field(description="Which row of the table of who pays decided the two above.")]
    accrual: Annotated[
        AccrualState | None, Field(description="Whether the marketplace's accruals bear it out; null: not compared.")
    ]
    accrued: Annotated[
        MoneyView | None, Field(description="What the marketplace charged the seller for it; null: not known.")
    ]


class LedgerView(View):
    posting_number: str
    paid: MoneyView
    reserved: MoneyView
    refunded: MoneyView
    postage_reserved: MoneyView
    postage: Annotated[MoneyView, Field(description="Return postage given back, beside the price.")]
    lines: list[LedgerLineView]
    entries: list[LedgerEntryView]
    family: Annotated[FamilyView | None, Field(description="Null where the order was not split.")]


# Proof and settings ----------------------------------------------------------------------------------------------


class FindingView(View):
    check: str
    id: str
    problem: str


class WholeProofView(View):
    """The last run that held everything of its window against the marketplace, not only what had changed."""

    began: Time
    listed: int
    green: bool


class ProofView(View):
    """Whether anything was lost between the marketplace's list and our rows."""

    seller: str
    since: Time
    until: Time
    at: Time
    changed_since: Annotated[
        Time | None, Field(description="Only what has changed since then was held against the marketplace; null: all.")
    ] = None
    whole: WholeProofView | None = None
    green: bool
    counts: dict[str, int]
    refunded: Annotated[
        list[MoneyView], Field(default_factory=list, description="What was given back, a sum for each currency.")
    ]
    findings: list[FindingView]
    findings_left_out: Annotated[int, Field(description="Findings beyond those that are listed.")] = 0
