"""What the API answers. The use cases make these answers; tests hold every one of them against its model here."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from shipby.contracts.base import MoneyView, Time, View
from shipby.domain.documents import LabelForm, LabelFormat, LabelSize, MatrixCode
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.ledger import CostBorneBy, EntryState, ExecutedBy
from shipby.domain.posting import RungKind, Scheme, Stage
from shipby.domain.records import Automation
from shipby.domain.returns import ReturnStage

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
    price: MoneyView


class PostingView(View):
    """A posting: our own stage, and beside it the marketplace's status."""

    posting_number: str
    stage: Stage
    status: str
    substatus: str
    scheme: Scheme
    integration: str
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


class PostingDetailView(PostingView):
    """A posting with the marketplace's facts; they are left out until it has been read from there."""

    order_number: str | None = None
    available_actions: Annotated[list[str], Field(description="What the marketplace offers now.")] | None = None
    requirements: Annotated[dict[str, list[str]], Field(description="Unmet requirement -> SKUs.")] | None = None
    products: list[ProductView] | None = None


class EventView(View):
    id: str
    version: int
    type: EventType
    type_version: int
    at: Time
    actor: Annotated[str, Field(description="key:<id>, marketplace or system:<function>")]
    reason: str | None
    data: dict[str, Any]


class TrackingChangeView(View):
    sequence: int
    old: str | None
    new: str
    carrier: str | None
    reason: str
    asked_by: str
    approved_by: str | None
    at: Time
    intent: str | None


# Returns, intents and money --------------------------------------------------------------------------------------


class OfferedActionView(View):
    id: int
    name: str


class RejectionReasonView(View):
    id: int
    name: str
    needs_comment: bool


class ReturnView(View):
    id: str
    number: str
    posting_number: str
    stage: ReturnStage
    state: Annotated[str, Field(description="The marketplace's own word.")]
    state_name: str
    opened_at: Time
    decide_by: Time | None
    sku: str
    quantity: int
    price: MoneyView | None
    reason: str
    is_defect: bool
    condition: str | None
    decision: str | None
    available_actions: list[OfferedActionView]
    rejection_reasons: list[RejectionReasonView]
    open_intent: str | None
    version: int


class IntentView(View):
    """An irreversible call to the marketplace. UNKNOWN is settled by reading, never by repeating."""

    id: str
    action: IntentAction
    state: IntentState
    posting_number: str
    request: dict[str, Any]
    amount: MoneyView | None
    attempts: int
    actor: str
    reason: str | None
    outcome: str | None
    read_back: Annotated[dict[str, Any], Field(description="What the marketplace showed when it was settled.")]
    created_at: Time
    updated_at: Time


class LedgerEntryView(View):
    key: Annotated[str, Field(description="The intent's id, or observed:<what> for the marketplace's own refund.")]
    amount: MoneyView
    state: EntryState
    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy


class LedgerView(View):
    posting_number: str
    paid: MoneyView
    reserved: MoneyView
    refunded: MoneyView
    entries: list[LedgerEntryView]


# Proof and settings ----------------------------------------------------------------------------------------------


class FindingView(View):
    check: str
    id: str
    problem: str


class ProofView(View):
    """Whether anything was lost between the marketplace's list and our rows."""

    seller: str
    since: Time
    until: Time
    at: Time
    green: bool
    counts: dict[str, int]
    findings: list[FindingView]


class RecipientView(View):
    """Somebody who is told things; empty lists mean all."""

    name: str
    channels: list[str]
    language: str
    events: list[str]
    warehouses: list[str]
    weekdays: list[int]
    shift_from: str
    shift_to: str
    urgent_any_time: bool


class OwnLabelView(View):
    size: LabelSize
    format: LabelFormat
    dpi: int
    matrix: MatrixCode
    sender_name: str
    sender_address: str
    sender_phone: str


class SettingsView(View):
    """A seller's policy; durations are ISO 8601."""

    version: int
    language: str
    time_zone: str
    confirm_within: str
    remind_before: list[str]
    hand_over_before: str
    label_within: str
    give_up_after: str
    auto_cancel_estimate: str | None
    decide_return_within: str | None
    remind_return_before: str
    settle_after: str
    settle_limit: str
    close_after: str
    assemble_at: str
    auto_assemble: Automation
    policy: str
    market: str
    move_date_before: str
    move_date_by: str
    auto_move_date: Automation
    auto_ask_buyer: Automation
    auto_cancel: Automation
    cancel_guard: bool
    index_table: str
    cancel_reason_id: int
    caps: dict[str, int]
    kill_switch: bool
    recipients: list[RecipientView]
    digest_window: str
    minutes_per_posting: dict[str, int]
    owners: dict[str, str]
    label_form: LabelForm
    own_label: OwnLabelView
    unlock_at: str
    personal_kept: str
    buyer_chat: bool
