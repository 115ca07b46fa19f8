"""What the marketplace knows. Every record is a document with a `key`; `World` keeps and persists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class SellerAccount:
    """A seller: credentials, currency and what the subscription allows. `client_id` is numeric text."""

    client_id: str
    api_key: str
    name: str
    currency: str
    chat_subscription: bool
    warehouse_id: int
    created_at: datetime
    key_expires_at: datetime
    key_active: bool = True
    read_only_key: str = ""
    """A second key that may read everything and change nothing; "" if there is none."""
    further_warehouse_ids: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        return self.client_id

    @property
    def warehouse_ids(self) -> tuple[int, ...]:
        return (self.warehouse_id, *self.further_warehouse_ids)


@dataclass(slots=True)
class Line:
    """One product of a posting; `price` is for one piece, in the posting's currency."""

    sku: int
    offer_id: str
    name: str
    quantity: int
    price: Decimal
    weight_kg: float = 0.5

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


@dataclass(slots=True)
class Buyer:
    """Personal data that the marketplace hands out; tests plant canaries here."""

    name: str = "Иван Петров"
    phone: str = "+79990000000"
    address: str = "ул. Ленина, д. 1, кв. 2"
    city: str = "Москва"
    region: str = "Москва"
    zip_code: str = "101000"
    comment: str = ""
    email: str = ""


@dataclass(slots=True)
class StatusChange:
    """One entry of a posting's history: what it became, when, because of whom."""

    at: datetime
    status: str
    substatus: str
    by: str


@dataclass(slots=True)
class AcceptedCall:
    """A call that changed a posting: `detail` holds what it asked for."""

    at: datetime
    method: str
    detail: dict[str, Any]


@dataclass(slots=True)
class Cancellation:
    """The cancellation block of a posting; zeros and empty text while there is none."""

    reason_id: int = 0
    reason: str = ""
    type: str = ""
    after_ship: bool = False
    affects_rating: bool = False


@dataclass(slots=True)
class Posting:
    """A posting with all that its two renderings (v3 get, v4 lists) need."""

    number: str
    client_id: str
    order_id: int
    order_number: str
    scheme: str
    integration: str
    currency: str
    lines: list[Line]
    buyer: Buyer
    created_at: datetime
    in_process_at: datetime
    shipment_date: datetime
    shipment_date_without_delay: datetime
    delivery_begin: datetime
    delivery_end: datetime
    warehouse_id: int
    status: str = "awaiting_packaging"
    substatus: str = "posting_created"
    previous_substatus: str = ""
    status_changed_at: datetime | None = None
    tracking_number: str = ""
    upper_barcode: str = ""
    lower_barcode: str = ""
    scanit: str = ""
    """The third code, of an invented form; the API tells it where the posting's label is drawn with it."""
    parent: str = ""
    related: list[str] = field(default_factory=list)
    requirements: dict[str, list[int]] = field(default_factory=dict)
    exemplars: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """SKU -> what was set of its pieces, as the API writes it; ids as soon as somebody asked for them."""
    exemplars_checked_at: datetime | None = None
    """When the check of what was set is over; None while nothing was set."""
    refused_marks: dict[str, str] = field(default_factory=dict)
    """Mark -> the error code with which its check ends; the codes are invented, as none is published."""
    failing_checks: int = 0
    """So many checks do not end in time."""
    multi_box_qty: int = 1
    multibox: bool = False
    """It holds goods of several boxes: their number is to be told before it is assembled."""
    is_express: bool = False
    settled_in: str = ""
    """The currency of its accruals, where that is another one."""
    unheard: bool = False
    """Of what becomes of it no push arrives."""
    cancellation: Cancellation = field(default_factory=Cancellation)
    ship_accepted_at: datetime | None = None
    ship_in_process: bool = False
    assembled_at: datetime | None = None
    label_ready_at: datetime | None = None
    label_printed: int = 0
    delivering_at: datetime | None = None
    report_in_process: str = ""
    """The report of the seller's own carrier that is being carried out."""
    delivered_at: datetime | None = None
    handed_over_at: datetime | None = None
    cutoff_changes: int = 0
    cutoff_cleared: bool = False
    """The marketplace took the shipping date back and has not named a new one: `shipment_date` is the old one."""
    grace: bool = False
    """The marketplace forgives this posting's errors."""
    history: list[StatusChange] = field(default_factory=list)
    calls: list[AcceptedCall] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.number

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def cutoff(self) -> datetime | None:
        """`shipment_date` as the seller sees it."""
        return None if self.cutoff_cleared else self.shipment_date

    @property
    def without_delay(self) -> datetime | None:
        """`shipment_date_without_delay` as the seller sees it."""
        return None if self.cutoff_cleared else self.shipment_date_without_delay

    @property
    def is_rfbs(self) -> bool:
        return self.scheme == "rFBS"


@dataclass(slots=True)
class RfbsReturn:
    """A buyer's request to return goods of an rFBS posting; its actions move money."""

    id: int
    client_id: str
    posting_number: str
    line: Line
    currency: str
    state: str
    created_at: datetime
    buyer_name: str
    comment: str = ""
    is_defect: bool = False
    rejection_comment: str = ""
    return_tracking: str = ""
    auto_approve_at: datetime | None = None
    actions: list[AcceptedCall] = field(default_factory=list)
    refunded: Decimal = Decimal(0)

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class GoodsReturn:
    """An entry of `/v1/returns/list`: goods on their way back to the seller."""

    id: int
    client_id: str
    posting_number: str
    type: str
    scheme: str
    line: Line
    currency: str
    reason: str
    created_at: datetime
    status_id: int = 1
    status_name: str = "MovingToSeller"
    status_title: str = "Едет к продавцу"
    changed_at: datetime | None = None
    storage: Decimal = Decimal(0)
    scrapped_at: datetime | None = None
    arrived_at: datetime | None = None
    compensation: str = ""
    compensated_at: datetime | None = None

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class CancellationRequest:
    """A buyer's wish to cancel an rFBS posting that the seller may approve or reject."""

    id: int
    client_id: str
    posting_number: str
    created_at: datetime
    auto_approve_at: datetime
    message: str = ""
    state: str = "ON_APPROVAL"
    decided_at: datetime | None = None
    comment: str = ""

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class Message:
    """One chat message; `sender` as in `/v3/chat/history` (Customer, Seller, ...)."""

    id: int
    at: datetime
    sender: str
    text: str
    is_read: bool = False


@dataclass(slots=True)
class Chat:
    """A chat between a buyer and the seller about one posting, or between the marketplace and the seller."""

    id: str
    client_id: str
    posting_number: str
    """Empty where the marketplace speaks."""
    created_at: datetime
    messages: list[Message] = field(default_factory=list)
    type: str = "BUYER_SELLER"
    """As in `/v3/chat/list`."""

    @property
    def key(self) -> str:
        return self.id


@dataclass(slots=True)
class LabelTask:
    """One label job; `printed` and `unprinted` are decided once, when the job ends."""

    id: int
    client_id: str
    type: str
    postings: list[str]
    created_at: datetime
    code: str = "pending"
    printed: list[str] = field(default_factory=list)
    unprinted: dict[str, str] = field(default_factory=dict)
    finished_at: datetime | None = None
    error: str = ""
    bends: dict[str, list[str]] = field(default_factory=dict)
    """Posting number -> faults of its pages, decided when the job ends: every download shows the same file."""
    file_bend: str = ""
    """Fault of the whole file; "" if there is none."""

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class Money:
    """A movement of money. `kind` is an id of `words.ACCRUAL_TYPES`; `amount` is never negative."""

    id: int
    client_id: str
    posting_number: str
    return_id: int | None
    kind: int
    amount: Decimal
    currency: str
    executed_by: str
    paid_to: str
    at: datetime

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class RatingError:
    """An entry of the error index: what it cost, and the index (percent) with it."""

    id: int
    client_id: str
    posting_number: str
    type: str
    at: datetime
    scheme: str
    price: Decimal
    currency: str
    index: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    charge: Decimal = Decimal(0)
    grace: bool = False

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class Due:
    """Something that the engine will do at `at`."""

    id: int
    at: datetime
    kind: str
    target: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class Fault:
    """An armed fault. Empty selectors match everything; `left` < 0 never runs out."""

    id: int
    kind: str
    method: str = ""
    client_id: str = ""
    posting_number: str = ""
    left: int = 1
    status: int = 500
    message: str = ""
    seconds: float = 0.0
    fired: int = 0

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class Counter:
    """A named number: next ids and the tallies of the books."""

    name: str
    value: int = 0

    @property
    def key(self) -> str:
        return self.name
