"""A posting (отправление): what the marketplace says of it and where it stands in our own work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shipby.domain.money import Money

OWN_CARRIER = "non_integrated"
"""`tpl_integration_type` of what the seller's own carrier brings."""
AWAITS_SHIPPING = "awaiting_deliver"
"""The status in which the marketplace waits to hear that the parcel is on its way."""
BY_SPLIT = "split"
INSPECTION_FAILED = "inspection failed: "
"""What the reason of a block by a failed inspection begins with."""
"""`Posting.cancelled_by` where the marketplace ended it because it was divided into others."""
NO_ADDRESS = "-"
"""`MarketplacePosting.address` where the marketplace names a buyer and gives no address."""
CANCELLED = "cancelled"
"""Its status once it is cancelled for good: the marketplace pays the buyer back."""
SPLIT = "cancelled_from_split_pending"
"""A posting ended because others were made of all its goods."""


class StockMark(StrEnum):
    """What a posting has of the stock that is kept; none of these where its goods are not kept."""

    PENDING = "pending"
    """Too many reserved the same goods at the same moment: it is tried again at once."""
    RESERVED = "reserved"
    SHORT = "short"
    """Pieces that it wants are not there."""
    CONSUMED = "consumed"
    RELEASED = "released"


class Scheme(StrEnum):
    """Who delivers: FBS = the marketplace, rFBS = the seller or their carrier."""

    FBS = "FBS"
    RFBS = "rFBS"


class Stage(StrEnum):
    """Our own workflow. The marketplace's status is kept beside it, never mixed in."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    PICKED = "picked"
    INSPECTED = "inspected"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    CLOSED = "closed"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


MAIN_LINE: tuple[Stage, ...] = (
    Stage.RECEIVED,
    Stage.CONFIRMED,
    Stage.PICKED,
    Stage.INSPECTED,
    Stage.PACKED,
    Stage.HANDED_OVER,
    Stage.IN_TRANSIT,
    Stage.DELIVERED,
    Stage.CLOSED,
)
FINAL: frozenset[Stage] = frozenset({Stage.CLOSED, Stage.CANCELLED})
BEFORE_HAND_OVER: frozenset[Stage] = frozenset(MAIN_LINE[:5])
BEFORE_PACKED: frozenset[Stage] = frozenset(MAIN_LINE[:4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One product line; `price` is what the buyer paid for one piece, None where it could not be read."""

    sku: str
    offer_id: str
    name: str
    quantity: int
    price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffStep:
    """One step of `tariffication_steps`: until `until` the marketplace charges `rate` percent, at least `minimum`.

    Source: ozon Seller API, /v3/posting/fbs/get; the last step ends at 9999-12-31.
    """

    until: datetime
    rate: Decimal
    minimum: Money
    charge: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """The marketplace's own `cancellation` block."""

    reason_id: int
    reason: str
    type: str
    """seller, client, customer, ozon, system or delivery."""
    after_ship: bool
    affects_rating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplacePosting:
    """What one read of the marketplace says, allow-listed: no name, phone, address or chat text is in it.

    Times are aware UTC; a date the marketplace leaves empty (or writes as year 0001) is None.
    """

    number: str
    order_number: str
    status: str
    substatus: str
    scheme: Scheme
    integration: str
    """`tpl_integration_type`: ozon, 3pl_tracking, non_integrated, aggregator, hybryd (sic)."""
    read_at: datetime
    """When the read STARTED: an older read never overwrites a newer one."""
    warehouse_id: str = ""
    delivery_method_id: str = ""
    """Postings of one method leave together; empty in rows of older releases until the next read."""
    in_process_at: datetime | None = None
    shipment_date: datetime | None = None
    without_delay: datetime | None = None
    """`shipment_date_without_delay`: later than this counts as late."""
    delivering_date: datetime | None = None
    delivered_at: datetime | None = None
    delivery_by: datetime | None = None
    tariff_steps: tuple[TariffStep, ...] = ()
    actions: tuple[str, ...] = ()
    """`available_actions`, sorted; unknown values are kept."""
    tracking_number: str = ""
    carrier: str = ""
    barcodes: tuple[str, ...] = ()
    scanit: str = ""
    """A third code of its label, since September 2026; it may be the only one there. "" says nothing."""
    delivery_schema: str = field(default="", compare=False)
    """SDS, FBO, FBS, Crossborder by the description, `fbs` in its example; only lists tell it, so that it makes no
    difference between two reads."""
    flow: str = ""
    """`integration_type_flow`: as `integration`, with hybrid_aggregator …, click_and_collect and FBP beside."""
    legal: bool = False
    """The buyer is a legal entity: goods are reserved before they are paid, and a country of origin is wanted."""
    optional_marks: tuple[str, ...] = ()
    """SKUs that may carry a mark: `optional.products_with_possible_mandatory_mark`."""
    traceable: bool = False
    """Goods that Belarus traces: `require_blr_traceable_attrs`."""
    multibox: bool = False
    """It holds goods of several boxes, and how many is to be told before it is assembled: `is_multibox`."""
    boxes: int = 0
    """In how many boxes it is packed, as the marketplace shows it (`multi_box_qty`); 0 where it says one or nothing."""
    code_verified_at: datetime | None = None
    """When the courier's code was found right: `pickup_code_verified_at`."""
    lines: tuple[Line, ...] = ()
    requirements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Unmet `requirements.products_requiring_*`: requirement -> SKUs."""
    cancellation: Cancellation | None = None
    parent_number: str = ""
    related_numbers: tuple[str, ...] = ()
    address: str = ""
    """A check of 16 bits on the buyer's address, which tells that it was changed and nothing else; NO_ADDRESS where it
    is empty, "" where the read says nothing of it."""
    odd: tuple[str, ...] = ()
    """Names of fields above (and PRICES) that this read could not make out; see `shipby.domain.postings.odd_reads`."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that the marketplace names for this posting: what a label may carry and people may scan."""
        return tuple(dict.fromkeys(code for code in (*self.barcodes, self.scanit) if code))

    @property
    def paid(self) -> Money | None:
        """What the buyer paid for all lines. None when there are none, and while the price of any is unknown: then no
        sum is right."""
        return paid_for(self.lines)


def paid_for(lines: Sequence[Line]) -> Money | None:
    """The sum of lines, as `MarketplacePosting.paid` says it."""
    prices = [line.price * line.quantity for line in lines if line.price is not None]
    if not prices or len(prices) < len(lines) or len({price.currency for price in prices}) > 1:
        return None
    return Money(sum(price.minor for price in prices), prices[0].currency)


class RungKind(StrEnum):
    """What a clock of a posting, return or intent asks for when it rings."""

    CONFIRM_BY = "confirm_by"
    ESCALATE_AT = "escalate_at"
    """Nobody has confirmed it: a second person hears of it."""
    REMIND_AT = "remind_at"
    LABEL_BY = "label_by"
    SHIPMENT_DATE = "shipment_date"
    TARIFF_STEP = "tariff_step"
    WITHOUT_DELAY = "without_delay"
    AUTO_CANCEL_ESTIMATE = "auto_cancel_estimate"
    GIVE_UP_AT = "give_up_at"
    DELIVERY_BY = "delivery_by"
    CLOSE_AT = "close_at"
    MOVE_DATE_AT = "move_date_at"
    """Time to ask the marketplace for a later date, where it offers `set_cutoff`."""
    HAND_OVER_BY = "hand_over_by"
    """When a packed posting should be with the courier."""
    ASK_BUYER_AT = "ask_buyer_at"
    """Time to ask the buyer whether the order is still wanted."""
    PASSPORT_BY = "passport_by"
    """The buyer must give passport data by then, or the marketplace cancels."""
    ANSWER_TRACKING_BY = "answer_tracking_by"
    """The marketplace asked for another tracking number; without an answer it cancels."""
    NOT_ACCEPTED_BY = "not_accepted_by"
    """The sorting centre did not find it; unchanged until then, the marketplace cancels it."""
    REPORT_BY = "report_by"
    """The seller's own carrier has the parcel, and the marketplace waits to hear of it."""
    GOODS_BY = "goods_by"
    """A step of the purchase that brings its goods was expected by then."""
    LOOK_AGAIN = "look_again"
    """Nothing else rings for an open posting: it is read again and brought to mind."""
    DECIDE_REMIND = "decide_remind"
    DECIDE_RETURN_BY = "decide_return_by"
    SETTLE_INTENT = "settle_intent"
    DIGEST_DUE = "digest_due"
    """The notices collected for somebody are to be told as one message."""
    WEBHOOK_DUE = "webhook_due"
    """What waits for an endpoint of an integrator is to be tried again."""
    KEY_EXPIRES = "key_expires"
    PUSH_UNHEALTHY = "push_unhealthy"
    CASE_DUE = "case_due"
    DECIDE_AGAIN = "decide_again"
    """Every held decision of a seller is taken again: a fact that they wait for may be here."""
    EXPIRE_AT = "expire_at"
    """A printed file that shows a person is to be deleted."""
    CARRIAGE_CHECK = "carriage_check"
    """Time to look at a carriage again."""
    CANCEL_REQUEST_REMIND = "cancel_request_remind"
    CANCEL_REQUEST_BY = "cancel_request_by"
    """From then on the marketplace approves a buyer's wish to cancel by itself."""
    CLAIM_REMIND = "claim_remind"
    CLAIM_BY = "claim_by"
    """The answer to a claim is due."""
    FETCH_RETURN = "fetch_return"
    """Returned goods wait to be fetched: storage may cost, and after a time they are scrapped."""


ONCE = frozenset({RungKind.MOVE_DATE_AT, RungKind.ASK_BUYER_AT})
"""Moves that are tried once in a posting's life, wherever its date moves afterwards and whatever clock rang them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One dated clock. `price` is what passing it adds to the cost of leaving, where the marketplace says so."""

    kind: RungKind
    due: datetime
    price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The next rung of an item: exactly one per item, or none when nothing is left to watch."""

    due: datetime
    kind: RungKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The hot record of a posting. `version` counts its changes: 1 is its birth, and each has its event rows."""

    seller: str
    number: str
    version: int
    stage: Stage
    status: str
    substatus: str
    scheme: Scheme
    integration: str
    received_at: datetime
    synced_at: datetime
    """Start of the newest read of the marketplace that was folded in."""
    warehouse_id: str = ""
    shipment_date: datetime | None = None
    without_delay: datetime | None = None
    delivery_by: datetime | None = None
    rungs: tuple[Rung, ...] = ()
    fired: Mapping[RungKind, datetime] = field(default_factory=dict)
    """Rung kind -> the due time it last fired for; a moved clock rings again."""
    next_alarm: Alarm | None = None
    assembled_at: datetime | None = None
    label_ready_at: datetime | None = None
    printed_at: datetime | None = None
    packed_at: datetime | None = None
    handed_over_at: datetime | None = None
    delivered_at: datetime | None = None
    late: bool = False
    """The cut-off (`shipment_date`) has passed: from here on the tariff charges."""
    overdue: bool = False
    """`shipment_date_without_delay` has passed: it counts as a delay in the error index."""
    at_risk: Money | None = None
    """What missing the next priced step adds."""
    passport_since: datetime | None = None
    """Since when the buyer's passport data is missing (substatus posting_awaiting_passport_data)."""
    not_accepted_since: datetime | None = None
    """Since when the sorting centre misses it (status not_accepted, substatus posting_not_in_sort_center)."""
    tracking_asked_at: datetime | None = None
    """When the marketplace asked for another tracking number; entered by hand, no event of the API tells it."""
    late_price: Money | None = None
    """What the steps from the cut-off on have added so far."""
    blocked_from: Stage | None = None
    blocked_reason: str = ""
    expired_reason: str = ""
    override_reason: str = ""
    reinspect: bool = False
    """A unit failed its inspection: nothing is packed before an inspection passes."""
    cancelled_by: str = ""
    """The marketplace's word for who did it (seller, client, customer, ozon, system, delivery), or `BY_SPLIT`."""
    tracking_number: str = ""
    delivery_schema: str = ""
    """Beside the integration: what the lists told last."""
    tracking_count: int = 0
    intent_count: int = 0
    open_intents: tuple[str, ...] = ()
    parent_number: str = ""
    split_stage: Stage | None = None
    """Where the work stood when a split ended it: its children begin there."""
    split_block: str = ""
    """Why work on it had been stopped by us then."""
    boxes: int = 0
    """How many boxes the marketplace was told; 0 while it was told none."""
    qc_passed: int = 0
    """Inspections of its goods that they passed, and those that they failed; nothing of both in rows of older
    releases."""
    qc_failed: int = 0
    purchases: tuple[str, ...] = ()
    """Ids of the purchases that bring its goods."""
    goods_by: tuple[datetime, ...] = ()
    """When the steps of those purchases that are still to come are expected, earliest first."""
    offered: str = ""
    """`offered_text` of what the marketplace offers since the newest read; empty in rows of older releases."""
    holds: tuple[str, ...] = ()
    """Codes of what stops work on it before it is cured or allowed; see `shipby.domain.validation`."""
    checked: str = ""
    """Mark of the verdict that was told last: `Verdict.mark`, "" where everything fits."""
    allowed: str = ""
    """Mark of the verdict with which a person lets it go on."""
    amended: int = 0
    """The version that changed what people had begun to work on, until somebody says they have seen it; 0: none."""

    goods: str = ""
    """`goods_text` of its lines; empty in rows of older releases until something changes."""
    delivery_method_id: str = ""
    entries_wanted: bool = False
    """Whether the marketplace wants marks and the like of its pieces."""

    stock: StockMark | None = None
    """Where its goods are kept in a pool: whether they are reserved."""

    @property
    def own_carrier(self) -> bool:
        """Whether the seller's own carrier brings it: then nobody but the seller tells the marketplace of its way."""
        return self.integration == OWN_CARRIER

    @property
    def unreported(self) -> bool:
        """Whether it has left the house and the marketplace, which only we can tell so, still waits for it."""
        return self.own_carrier and self.stage is Stage.HANDED_OVER and self.status == AWAITS_SHIPPING

    @property
    def cut_off(self) -> datetime | None:
        """The date people work against: `shipment_date`."""
        return self.shipment_date


_NOTHING, _LONG = "-", "="
_SHORT: Mapping[str, str] = {
    "arbitration": "ar",
    "awaiting_delivery": "aw",
    "can_create_chat": "ch",
    "cancel": "ca",
    "click_track_number": "ct",
    "customer_phone_available": "ph",
    "has_barcode_for_printing": "bc",
    "has_weight_products": "we",
    "hide_region_and_city": "hi",
    "invoice_get": "ig",
    "invoice_send": "is",
    "invoice_update": "iu",
    "label_download": "ld",
    "label_download_big": "lb",
    "label_download_small": "ls",
    "non_int_delivered": "nd",
    "non_int_delivering": "ni",
    "non_int_last_mile": "nl",
    "product_cancel": "pc",
    "set_cutoff": "cu",
    "set_timeslot": "ti",
    "set_track_number": "tr",
    "ship": "sh",
    "ship_async": "sa",
    "ship_async_in_process": "sp",
    "ship_async_retry": "sr",
    "ship_with_additional_info": "si",
    "update_cis": "ci",
}
"""Source: `available_actions` in the official description of /v4/posting/fbs/list; others are kept in full."""
_IN_FULL: Mapping[str, str] = {short: action for action, short in _SHORT.items()}


def offered_text(actions: Sequence[str]) -> str:
    """What the marketplace offers in few bytes: a posting's item must stay within one write unit."""
    return " ".join(_SHORT.get(action, f"{_LONG}{action}") for action in actions) or _NOTHING


def offered_actions(text: str) -> tuple[str, ...]:
    """The actions of `offered_text`, in its order."""
    words = text.split(" ") if text != _NOTHING else ()
    return tuple(word.removeprefix(_LONG) if word.startswith(_LONG) else _IN_FULL.get(word, word) for word in words)


def with_newest(detail: MarketplacePosting, posting: Posting | None) -> MarketplacePosting:
    """What the marketplace says, with what moves at every step as its posting has it: that alone is written then."""
    if posting is None or not posting.offered:
        return detail
    return replace(
        detail,
        status=posting.status,
        substatus=posting.substatus,
        actions=offered_actions(posting.offered),
        read_at=posting.synced_at,
    )


def moves_only(detail: MarketplacePosting, facts: MarketplacePosting) -> bool:
    """Whether nothing differs between two reads but what a posting's own item keeps; see `with_newest`."""
    same = replace(detail, status=facts.status, substatus=facts.substatus, actions=facts.actions, read_at=facts.read_at)
    return same == facts
