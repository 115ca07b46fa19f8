"""Smaller records around a posting: tracking history, documents, push inbox, settings, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.cases.held import HeldDecision
from shipby.domain.events import Ref, StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.labels.options import LabelForm, LabelFormat, LabelSize, MatrixCode
from shipby.domain.money import Money
from shipby.domain.postings.posting import Alarm
from shipby.domain.returns.policy import ReturnPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingChange:
    """One row of the append-only history of tracking numbers of a posting."""

    seller: str
    posting_number: str
    sequence: int
    old: str
    new: str
    carrier: str
    reason: str
    asked_by: str
    at: datetime
    approved_by: str = ""
    intent_id: str = ""
    """Empty where the marketplace or the carrier set the number."""


class Role(StrEnum):
    """What a key may do; docs/api.md says which role may do what."""

    OWNER = "owner"
    MANAGER = "manager"
    PACKER = "packer"
    SUPPORT = "support"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of the seller API: `shp_<id>.<secret>`; only the secret's hash is kept."""

    id: str
    seller: str
    role: Role
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


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
    assemble_at: str = "wave"
    auto_assemble: Automation = Automation.OFF
    """Whether postings are shipped by themselves, at the time `assemble_at` says."""
    policy: str = "fbs_warehouse"
    """The order of moves for a posting that will be or is late: a preset of `shipby.domain.deadlines.policy`."""
    market: str = "ru"
    """Which of the dated periods apply: ru (sellers of Russia) or global (cross-border sellers)."""
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
    """Used by automatic cancels if the marketplace offers it for the posting (352 = out of stock)."""
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
    unlock_at: str = "assembled"
    """When a label may be printed: assembled (at once), or packed (only after the last good scan)."""
    personal_kept: timedelta = timedelta(hours=4)
    """How long after printing a file that shows a person's name or address is kept."""
    auto_return: Automation = Automation.SHADOW
    """Whether returns are decided by themselves, by the seller's own return policies."""
    auto_cancel_request: Automation = Automation.SHADOW
    """Whether a buyer's wish to cancel is answered by itself."""
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
    evidence_kept: timedelta = timedelta(days=180)
    """How long photos and other evidence of a posting are kept."""
    buyer_chat: bool = True
    """False where the account has no Premium subscription, so that a chat is never even tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Something of the whole seller that is watched, with at most one alarm of its own.

    Ids: push-health, marketplace-key, error-index, open-orders, digest.<recipient>. `data` is plain JSON.
    """

    seller: str
    id: str
    version: int
    checked_at: datetime
    state: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)
    next_alarm: Alarm | None = None


class CaseKind(StrEnum):
    """Why a person has to look."""

    OPEN_ORDER = "open_order"
    """The daily audit found an open posting without a stage, an owner or a next time."""
    ALARM_SET_ASIDE = "alarm_set_aside"
    LABEL_PAGE = "label_page"
    """A page of a label file was refused, or a label could not be read back."""
    CARRIAGE = "carriage"
    """The day was closed with a difference: our scans, the act and the carrier's first scans do not agree."""
    MARKETPLACE_KEY = "marketplace_key"
    INTENT = "intent"
    """A call to the marketplace whose outcome no reading shows: a person looks and settles it."""
    MONEY = "money"
    """The ledger of a posting and the marketplace's accruals do not agree."""
    RETURN = "return"
    """A return that has to be decided in the cabinet, or whose posting is unknown."""
    CANCEL_REQUEST = "cancel_request"
    CLAIM = "claim"
    ODD_ENTRY = "odd_entry"
    """An entry of a list of the marketplace, or a part of it that somebody needs, could not be read."""
    HELD = "held"
    """An automatic decision that waits; it is closed once it is decided, or does not matter any more."""
    NOT_ACCEPTED = "not_accepted"
    """The marketplace did not find a posting among the parcels it got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A matter for a person: what it is about, who owns it, and until when."""

    seller: str
    id: str
    version: int
    kind: CaseKind
    subject: str
    """What it is about: a posting number, a watch id, an intent id, or the name of an item."""
    reason: str
    opened_at: datetime
    owner: str = ""
    """Name of a recipient of the seller's settings, or empty: everybody."""
    closed_at: datetime | None = None
    closed_by: str = ""
    resolution: str = ""
    next_alarm: Alarm | None = None
    held: HeldDecision | None = None
    """The automatic decision that waits; its alarm is when it is decided again."""

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a posting left the house: what its deadlines really cost and what was saved. One row per posting."""

    seller: str
    posting_number: str
    shipped_at: datetime
    """Handed over, by our scan or by the marketplace's word."""
    warehouse_id: str = ""
    packed_at: datetime | None = None
    cut_off: datetime | None = None
    late: bool = False
    overdue: bool = False
    reminded_at: datetime | None = None
    """The last reminder that was fired for it before it left."""
    lost: Money | None = None
    """What the tariff's steps from the cut-off on had added when it left."""
    saved: Money | None = None
    """What the next step would have added, if a reminder of it had been fired and it left before the step."""
    cost_at: datetime | None = None
    """When the step of `saved` would have begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """One event that waits to be told to one recipient, together with others."""

    seller: str
    recipient: str
    stored: StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideAlarm:
    """An alarm that was set aside after several failed tries."""

    alarm: AlarmRef
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedResponse:
    """What an Idempotency-Key answered the first time."""

    seller: str
    key: str
    request_hash: str
    status: int
    body: Mapping[str, Json]
    expires_at: datetime
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRef:
    """One due alarm as the index shows it: which item, and when it was due."""

    seller: str
    ref: Ref
    intent_id: str
    """Empty for a posting's or a return's own alarm."""
    due: datetime
