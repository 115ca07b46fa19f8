"""rFBS returns: the only place where our call moves money.

Source: ozon Seller API /v2/returns/rfbs/{list,get}, /v1/returns/rfbs/action/set. The set of the marketplace's `state`
values is not published, so it is kept as text and never decided on; decisions come from `available_actions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipby.domain.money import Money
from shipby.domain.posting import Alarm


class ReturnStage(StrEnum):
    """Our own workflow of a return."""

    OPENED = "opened"
    RECEIVED = "received"
    INSPECTED = "inspected"
    DECIDED = "decided"
    CLOSED = "closed"


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
    tracking_number: str = ""


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
    condition: str = ""
    """What the inspection found."""
    decision: str = ""
    intent_count: int = 0
    open_intent: str = ""
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.stage not in (ReturnStage.DECIDED, ReturnStage.CLOSED)


REJECT_ACTIONS: frozenset[int] = frozenset({-1, -10})
"""Need comment and rejection_reason_id. Source: /v1/returns/rfbs/action/set."""
COMPENSATE_ACTION = 1020
"""Partial refund, the buyer keeps the goods; needs compensation_amount. Source: /v1/returns/rfbs/action/set."""
