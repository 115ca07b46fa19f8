"""Returns of both lists of the marketplace: requests of rFBS, whose decisions move money, and goods on their way back.

Source: Ozon Seller API /v2/returns/rfbs/{list,get}, /v1/returns/rfbs/action/set, /v1/returns/list. The set of an rFBS
return's `state` values is not published, so it is kept as text and never decided on; decisions come from
`available_actions`. Its words only keep a call from being believed done (`shipby.domain.returns.actions`). The states
of the second list are published: `shipby.domain.returns.goods_returns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipby.domain.money import Money
from shipby.domain.postings.posting import Alarm


class ReturnStage(StrEnum):
    """Our own workflow of a return."""

    OPENED = "opened"
    RECEIVED = "received"
    INSPECTED = "inspected"
    DECIDED = "decided"
    CLOSED = "closed"


class ReturnSource(StrEnum):
    """Which of the marketplace's two lists a return is in; ids of the second one begin with `fbs-` here."""

    RFBS = "rfbs"
    """/v2/returns/rfbs/list: requests that are decided by our call."""
    FBS = "fbs"
    """/v1/returns/list: goods on their way back; a request is decided in the cabinet only."""


class Disposition(StrEnum):
    """What becomes of returned goods after they were looked at."""

    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    SCRAP = "scrap"
    SUPPLIER = "supplier"
    """Back to the supplier."""


class Condition(StrEnum):
    """What an inspection may find."""

    NEW = "new"
    OPENED = "opened"
    USED = "used"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"
    WRONG_ITEM = "wrong_item"
    EMPTY_BOX = "empty_box"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedAction:
    """One of `available_actions`: ids other than -1, -10 and 1020 are undocumented, so they are matched by name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionReason:
    """A reason that the marketplace takes for rejecting a return; some want a comment."""

    id: int
    name: str
    needs_comment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceReturn:
    """What one read of the marketplace says of a return; no buyer's name, phone, photo or free text is in it."""

    id: str
    number: str
    """Return number as people see it."""
    posting_number: str
    state: str
    read_at: datetime
    state_name: str = ""
    opened_at: datetime | None = None
    sku: str = ""
    offer_id: str = ""
    quantity: int = 1
    price: Money | None = None
    reason_id: int = 0
    reason: str = ""
    is_defect: bool = False
    actions: tuple[OfferedAction, ...] = ()
    rejection_reasons: tuple[RejectionReason, ...] = ()
    rejected: bool = False
    """Whether it carries a comment on a rejection, by whomever. The comment itself is not kept."""
    tracking_number: str = ""
    source: ReturnSource = ReturnSource.RFBS
    barcode: str = ""
    """What is scanned when the goods come back."""
    kind: str = ""
    """/v1/returns/list: Cancellation, FullReturn, PartialReturn, ClientReturn, Unknown."""
    place: str = ""
    """Name of the warehouse where the goods are or wait."""
    storage: Money | None = None
    """What their storage has cost so far."""
    arrived_at: datetime | None = None
    """When they were ready to be fetched."""
    storage_since: datetime | None = None
    """When their storage began to count (`tariffication_start_date`)."""
    storage_charged_since: datetime | None = None
    """The first day that is charged (`tariffication_first_date`)."""
    compensation_status: str = ""
    """The marketplace's own compensation for a lost or spoilt return: Sent, Received, Canceled, DecompensationSent."""
    compensation_changed_at: datetime | None = None
    target_place: str = ""
    """Name of the warehouse where they go."""
    scrapped_at: datetime | None = None
    """When the marketplace means to scrap them."""
    changed_at: datetime | None = None
    """When its state changed last, where the list says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCase:
    """Our record of a return."""

    seller: str
    id: str
    version: int
    stage: ReturnStage
    number: str
    posting_number: str
    state: str
    state_name: str
    opened_at: datetime
    synced_at: datetime
    decide_by: datetime | None = None
    sku: str = ""
    quantity: int = 1
    price: Money | None = None
    reason: str = ""
    is_defect: bool = False
    actions: tuple[OfferedAction, ...] = ()
    rejection_reasons: tuple[RejectionReason, ...] = ()
    source: ReturnSource = ReturnSource.RFBS
    linked: bool = True
    """False while its posting is not in the store."""
    offer_id: str = ""
    barcode: str = ""
    tracking_number: str = ""
    kind: str = ""
    place: str = ""
    target_place: str = ""
    storage: Money | None = None
    arrived_at: datetime | None = None
    storage_since: datetime | None = None
    storage_charged_since: datetime | None = None
    compensation_status: str = ""
    compensation_changed_at: datetime | None = None
    scrapped_at: datetime | None = None
    received_at: datetime | None = None
    condition: str = ""
    """What the inspection found."""
    note: str = ""
    evidence: tuple[str, ...] = ()
    """Ids of the posting's evidence that shows what came back."""
    inspected_at: datetime | None = None
    disposition: str = ""
    """One of Disposition, once it is decided what becomes of the goods."""
    exchange: str = ""
    """Number of the posting that goes to the buyer instead."""
    suggestion: str = ""
    """Name of the option that the policy suggests."""
    suggestion_reason: str = ""
    policy_version: int = 0
    """Version of the seller's settings that the suggestion comes from."""
    automated: str = ""
    """The suggestion that was last carried out, shadowed or held by itself: each one once."""
    decision: str = ""
    intent_count: int = 0
    open_intent: str = ""
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.stage not in (ReturnStage.DECIDED, ReturnStage.CLOSED)

    @property
    def in_cabinet(self) -> bool:
        """Whether it waits for a decision that can only be taken in the seller's cabinet."""
        return self.open and self.source is ReturnSource.FBS and self.decide_by is not None

    def clock_over(self, now: datetime) -> bool:
        """Whether the time of the decision that is asked for is over."""
        return self.decide_by is not None and now >= self.decide_by


REJECT_ACTIONS: frozenset[int] = frozenset({-1, -10})
"""Need comment and rejection_reason_id. Source: /v1/returns/rfbs/action/set."""
COMPENSATE_ACTION = 1020
"""Partial refund, the buyer keeps the goods; needs compensation_amount. Source: /v1/returns/rfbs/action/set."""
FBS_PREFIX = "fbs-"
"""Ids of /v1/returns/list begin with it here, so that they never meet those of the rFBS list."""
CABINET_RETURNS = "https://seller.ozon.ru/app/returns"
"""Where people decide what no method decides. No document names the address of a single return: inferred."""
