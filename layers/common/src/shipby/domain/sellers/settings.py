"""What a seller decides for the shop: clocks, automation, limits, labels, who is told what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from shipby.domain.labels.options import HandlingMark, LabelForm, LabelFormat, LabelSize, MatrixCode
from shipby.domain.market import Market
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.sellers.check_rules import AutoConfirm, CheckRule


class AssembleAt(StrEnum):
    """When postings that are shipped by themselves are."""

    WAVE = "wave"
    """On confirming: their labels are fetched ahead."""
    PACKED = "packed"


class UnlockAt(StrEnum):
    """When a label may be printed."""

    ASSEMBLED = "assembled"
    """At once."""
    PACKED = "packed"
    """Only after the last good scan."""


class LatePolicy(StrEnum):
    """The order of moves for a posting that will be or is late: its preset is in `shipby.domain.deadlines.policy`."""

    FBS_WAREHOUSE = "fbs_warehouse"
    """The marketplace delivers."""
    CROSS_BORDER_RFBS = "cross_border_rfbs"
    """The seller delivers."""
    PARTNER_DELIVERY = "partner_delivery"
    """A carrier tied to the marketplace delivers."""


class NumberApproval(StrEnum):
    """When a tracking number needs a second person's word."""

    NEVER = "never"
    """A rule that the owner signs for a shop of one person."""
    DOUBTFUL = "doubtful"
    """Where a check leaves a doubt."""
    REPLACEMENTS = "replacements"
    """Every replacement, and every doubtful number."""


class Automation(StrEnum):
    """What an automatic action may do."""

    OFF = "off"
    SHADOW = "shadow"
    """Only record what would have been done."""
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who is told things: on which channels, in which shift, about what. Empty means all."""

    name: str
    channels: tuple[str, ...] = ()
    """Names of channels of the seller's channel list; the addresses themselves are secrets and kept elsewhere."""
    language: str = ""
    """ru, zh or en; empty: the seller's."""
    events: tuple[str, ...] = ()
    """Event types."""
    warehouses: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    """ISO: 1 = Monday … 7 = Sunday, in the seller's zone."""
    shift_from: str = ""
    """HH:MM in the seller's zone; outside the shift notices wait for its next beginning. Empty: round the clock."""
    shift_to: str = ""
    """HH:MM; earlier than `shift_from` means the next day."""
    urgent_any_time: bool = True
    """Whether urgent events are told outside the shift too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLabelPolicy:
    """How our own labels look where a print wish does not say otherwise."""

    size: LabelSize = LabelSize.MM75X120
    format: LabelFormat = LabelFormat.PDF
    dpi: int = 203
    matrix: MatrixCode = MatrixCode.QR
    sender_name: str = ""
    sender_address: str = ""
    sender_phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRule:
    """Which share of the postings with some goods is inspected before packing. Of several rules the first that fits a
    product holds for it; a product that none fits is not inspected."""

    share: int
    """Percent of the postings with these goods: 0 never, 100 always."""
    sku: str = ""
    """"" fits every product; so do the others."""
    supplier: str = ""
    product_type: str = ""
    below_score: int | None = None
    """Only goods whose supplier's score (0 to 100) is lower, or not known."""
    photo: bool = False
    """An inspection needs a photo among the posting's evidence, taken since the goods were picked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagingRule:
    """How a parcel with some goods is packed. Every rule that fits holds."""

    name: str
    skus: tuple[str, ...] = ()
    """All of these are in the parcel; empty: whatever is."""
    marks: tuple[HandlingMark, ...] = ()
    """One of its products is marked so; empty: whether or not."""
    pieces_from: int = 1
    """So many pieces in the parcel at least."""
    box: str = ""
    material: str = ""
    reinforcement: tuple[str, ...] = ()
    """Steps, each in words."""
    limits: str = ""
    """What it may weigh and measure, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePolicy:
    """What is done with buyers' messages."""

    read: Automation = Automation.OFF
    """Off: chats with buyers are never opened. In shadow: answers are read and shown to a person as cases. On: a yes or
    a no to a question is applied by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOverride:
    """What holds for the postings of one scheme, of one warehouse, or of one scheme in one warehouse, instead of the
    settings of the same name. None: what the policy says."""

    scheme: str = ""
    """FBS or rFBS; empty: both."""
    warehouse: str = ""
    """Its id; empty: all."""
    confirm_within: timedelta | None = None
    remind_before: tuple[timedelta, ...] | None = None
    label_within: timedelta | None = None
    give_up_after: timedelta | None = None
    policy: LatePolicy | None = None
    move_date_before: timedelta | None = None
    move_date_by: timedelta | None = None
    auto_move_date: Automation | None = None
    auto_ask_buyer: Automation | None = None
    auto_cancel: Automation | None = None
    assemble_at: AssembleAt | None = None
    auto_assemble: Automation | None = None
    auto_confirm: Automation | None = None
    escalate_confirm_after: timedelta | None = None
    unlock_at: UnlockAt | None = None
    approve_numbers: NumberApproval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerSettings:
    """A seller's policy. No secret is in it."""

    seller: str
    version: int = 0
    language: str = "ru"
    time_zone: str = "Europe/Moscow"
    confirm_within: timedelta = timedelta(hours=2)
    remind_before: tuple[timedelta, ...] = (timedelta(hours=4), timedelta(hours=1), timedelta(minutes=15))
    """Reminders before the cut-off, for what is not packed yet."""
    hand_over_before: timedelta = timedelta(minutes=30)
    """How long before the cut-off a packed posting should be with the courier."""
    label_within: timedelta = timedelta(minutes=15)
    give_up_after: timedelta = timedelta(days=3)
    """How long after `shipment_date_without_delay` (or `shipment_date`) the seller gives a posting up."""
    auto_cancel_estimate: timedelta | None = None
    """After `shipment_date`: when the marketplace is expected to cancel. None: the market's dated period."""
    decide_return_within: timedelta | None = None
    """How long a return may wait before the marketplace approves it by itself. None: the market's dated period."""
    remind_return_before: timedelta = timedelta(hours=6)
    settle_after: timedelta = timedelta(seconds=20)
    """How long after a call without an answer the marketplace is read to settle it."""
    settle_limit: timedelta = timedelta(minutes=15)
    """An intent that is UNKNOWN for longer is a person's matter and turns the proof red."""
    close_after: timedelta = timedelta(days=14)
    assemble_at: AssembleAt = AssembleAt.WAVE
    auto_assemble: Automation = Automation.OFF
    """Whether postings are shipped by themselves, at the time `assemble_at` says."""
    policy: LatePolicy = LatePolicy.FBS_WAREHOUSE
    market: Market = Market.RU
    """Which of the dated periods apply."""
    move_date_before: timedelta = timedelta(hours=1)
    """How long before the cut-off the marketplace is asked for a later date, where it offers that."""
    move_date_by: timedelta = timedelta(days=1)
    auto_move_date: Automation = Automation.SHADOW
    auto_ask_buyer: Automation = Automation.SHADOW
    auto_cancel: Automation = Automation.SHADOW
    cancel_guard: bool = True
    """Whether a cancel that would bring the error index into a worse band needs an explicit word."""
    index_table: str = ""
    """Name of the dated table of error-index bands; empty: the one of the market."""
    cancel_reason_id: int = 352
    """Preferred by automatic cancels where the marketplace offers it and it is true of what happened: see
    `shipby.domain.deadlines.cancel_causes`. An id with a published meaning (352 = out of stock) is never given for
    anything else."""
    caps: Mapping[str, int] = field(default_factory=lambda: {"cancel": 10, "return_action": 50})
    """Automatic actions a day, by action."""
    kill_switch: bool = False
    recipients: tuple[Recipient, ...] = ()
    """Who is told what and when; none: every channel is told everything, round the clock."""
    digest_window: timedelta = timedelta(seconds=30)
    """Notices to one recipient within this time are told as one message."""
    minutes_per_posting: Mapping[str, int] = field(
        default_factory=lambda: {"received": 8, "confirmed": 7, "picked": 4, "inspected": 3, "packed": 1}
    )
    """Minutes of work left until hand-over, by stage: what the order of work divides money by."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Stage -> name of the recipient who owns postings in it; `*` for every other stage."""
    label_form: LabelForm = LabelForm.BIG
    """Which of the marketplace's label sizes is fetched ahead."""
    own_label: OwnLabelPolicy = field(default_factory=OwnLabelPolicy)
    unlock_at: UnlockAt = UnlockAt.ASSEMBLED
    personal_kept: timedelta = timedelta(hours=4)
    """How long after printing a file that shows a person's name or address is kept."""
    auto_return: Automation = Automation.SHADOW
    """Whether returns are decided by themselves, by the seller's own return policies."""
    auto_cancel_request: Automation = Automation.SHADOW
    """Whether a buyer's wish to cancel is answered by itself."""
    tell_stock: Automation = Automation.SHADOW
    """Whether the marketplace is told by itself what is free in the pools that the shop sells from."""
    remind_cancel_request_before: timedelta = timedelta(hours=3)
    remind_claim_before: timedelta = timedelta(hours=12)
    answer_claim_within: timedelta | None = None
    """How long a request for packing evidence may wait. None: the market's dated period."""
    return_policies: tuple[ReturnPolicy, ...] = ()
    """The seller's rules per kind of product; none: the one of `shipby.domain.returns.options`."""
    approve_above: Mapping[str, int] = field(default_factory=dict)
    """Currency -> minor units: a refund above it needs a second person. A currency that is missing has no limit."""
    refund_cap: Mapping[str, int] = field(default_factory=dict)
    """Currency -> minor units: what all refunds of a day may come to, by people and machines together."""
    postage_limit: Mapping[str, int] = field(default_factory=lambda: {"RUB": 100_000})
    """Currency -> minor units: the most return postage of one return. A currency that is missing allows none."""
    approve_numbers: NumberApproval = NumberApproval.DOUBTFUL
    evidence_kept: timedelta = timedelta(days=180)
    """How long photos and other evidence of a posting are kept."""
    inspections: tuple[InspectionRule, ...] = ()
    """Which goods are inspected before packing; none: whoever wants to inspects."""
    inspector_not_picker: bool = False
    """Whether who has picked a posting may not inspect it."""
    packaging: tuple[PackagingRule, ...] = ()
    insert_language: str = "ru"
    """ru, zh, en or kk: what buyers read. The marketplace does not tell a buyer's language."""
    checks: Automation = Automation.ON
    """Whether orders are held against what the marketplace wants and against `check_rules`; in shadow nothing stops."""
    check_rules: tuple[CheckRule, ...] = ()
    auto_confirm: Automation = Automation.OFF
    """Whether orders that fit are confirmed by themselves, within `auto_confirm_rule`."""
    auto_confirm_rule: AutoConfirm = field(default_factory=AutoConfirm)
    escalate_confirm_after: timedelta | None = None
    """After `confirm_within`: when a second person hears that nobody confirms. None: nobody does."""
    escalate_confirm_to: str = ""
    """Name of that recipient; empty: everybody."""
    tell_amended: Automation = Automation.OFF
    """Whether the buyer is told that an order was changed after work on it had begun."""
    stock_pools: Mapping[str, str] = field(default_factory=dict)
    """Warehouse id, or `*` for every other one -> the pool that its postings reserve from: `main` is this shop's own,
    `other-shop:main` another one's. Empty: no stock is kept."""
    messages: MessagePolicy = field(default_factory=MessagePolicy)
    overrides: tuple[PolicyOverride, ...] = ()
    """What differs by scheme and warehouse; `shipby.domain.sellers.overrides` says what holds for a posting."""
    buyer_chat: bool = True
    """False where the account has no Premium subscription, so that a chat is never even tried."""
