"""Smaller records around a posting: tracking history, documents, push inbox, settings, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.events import Ref
from shipby.domain.json_types import Json


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


class DocumentKind(StrEnum):
    """What kind of paper it is."""

    LABEL = "label"


class DocumentState(StrEnum):
    """Whether a paper is there."""

    WAITING = "waiting"
    """Asked for, not yet prepared by the marketplace."""
    READY = "ready"
    FAILED = "failed"
    """Refused for good or set aside: `problem` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A label or other paper of a posting."""

    seller: str
    posting_number: str
    id: str
    kind: DocumentKind
    state: DocumentState
    version: int
    asked_at: datetime
    """When it was last asked for."""
    key: str = ""
    """Object key in the document store."""
    sha256: str = ""
    pages: int = 0
    barcodes: tuple[str, ...] = ()
    """What was read back from the page itself."""
    printed_count: int = 0
    attempts: int = 0
    problem: str = ""


class PrintState(StrEnum):
    """Whether a print job's PDF is there; `failed`: it has none of the labels."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """A wish for one PDF with the labels of several postings, in print order."""

    seller: str
    id: str
    version: int
    state: PrintState
    numbers: tuple[str, ...]
    asked_at: datetime
    asked_by: str
    key: str = ""
    """Object key of the finished PDF."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Posting number -> why its label is not in the PDF."""
    attempts: int = 0


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
class SellerSettings:
    """A seller's policy. No secret is in it."""

    seller: str
    version: int = 0
    language: str = "ru"
    time_zone: str = "Europe/Moscow"
    confirm_within: timedelta = timedelta(hours=2)
    remind_before: timedelta = timedelta(hours=4)
    label_within: timedelta = timedelta(minutes=15)
    give_up_after: timedelta = timedelta(days=3)
    """How long after `shipment_date_without_delay` (or `shipment_date`) the seller gives a posting up."""
    auto_cancel_estimate: timedelta = timedelta(days=7)
    """After `shipment_date`; the marketplace's pages disagree (5th, 7th, 10th day), so it is only an estimate."""
    decide_return_within: timedelta = timedelta(hours=24)
    """Russian sellers: 24 h, then the marketplace approves; Ozon Global pages say 3 days. Uncertain: configurable."""
    remind_return_before: timedelta = timedelta(hours=6)
    settle_after: timedelta = timedelta(seconds=20)
    """How long after a call without an answer the marketplace is read to settle it."""
    settle_limit: timedelta = timedelta(minutes=15)
    """An intent that is UNKNOWN for longer is a person's matter and turns the proof red."""
    close_after: timedelta = timedelta(days=14)
    assemble_at: str = "wave"
    auto_assemble: Automation = Automation.OFF
    """With `assemble_at`: kept, but not acted on in this version. A posting is shipped only when somebody asks."""
    auto_cancel: Automation = Automation.SHADOW
    cancel_reason_id: int = 352
    """Used by automatic cancels if the marketplace offers it for the posting (352 = out of stock)."""
    caps: Mapping[str, int] = field(default_factory=lambda: {"cancel": 10, "return_action": 50})
    """Automatic actions a day, by action."""
    kill_switch: bool = False
    buyer_chat: bool = True
    """False where the account has no Premium subscription, so that a chat is never even tried."""


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
