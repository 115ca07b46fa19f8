"""The buyer asks to cancel a posting that is on its way (rFBS): the seller agrees or refuses until a time.

Source: /v2/conditional-cancellation/{list,approve,reject}. Nobody's answer counts as yes at `auto_approve_date`; a
refused request leaves the posting as it is, and it must be delivered. The buyer's own words are never kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings

APPROVE = "approve"
REJECT = "reject"


class CancelRequestState(StrEnum):
    """The marketplace's words."""

    ON_APPROVAL = "ON_APPROVAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    OTHER = "OTHER"
    """A state that the description does not know, or gone from the marketplace; `state_name` has its text."""


GONE = "gone"
"""`state_name` of a request that the marketplace does not list any more: its buyer has withdrawn it."""


class DecidedBy(StrEnum):
    """Who ended a request, as far as its dates and our own calls tell."""

    SELLER = "seller"
    """Our call."""
    CLOCK = "clock"
    """Nobody answered in time, and the marketplace approved it."""
    ELSEWHERE = "elsewhere"
    """A person in the marketplace's cabinet, or the marketplace itself before the time."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceCancelRequest:
    """What one read of the marketplace says of a request."""

    id: str
    posting_number: str
    state: CancelRequestState
    read_at: datetime
    state_name: str = ""
    initiator: str = ""
    """Who asks, in the marketplace's words."""
    reason_id: int = 0
    reason: str = ""
    """The reason's name from the marketplace's list, never the buyer's own comment."""
    requested_at: datetime | None = None
    auto_approve_at: datetime | None = None
    decided_at: datetime | None = None
    comment: str = ""
    """The seller's own words with the answer; they tell our answer from another person's."""
    integration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """Our record of a request. `version` counts its changes."""

    seller: str
    id: str
    version: int
    posting_number: str
    state: CancelRequestState
    requested_at: datetime
    synced_at: datetime
    state_name: str = ""
    initiator: str = ""
    reason_id: int = 0
    reason: str = ""
    auto_approve_at: datetime | None = None
    decided_at: datetime | None = None
    linked: bool = True
    """False while the posting is not in the store."""
    suggestion: str = ""
    """approve or reject, as the policy sees it; empty: a person has to look."""
    suggestion_reason: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)
    """What the suggestion was worked out from."""
    policy_version: int = 0
    """Version of the seller's settings that the suggestion comes from."""
    decision: str = ""
    """approve or reject, once we asked for it; empty again if that came to nothing."""
    decided_by: str = ""
    """A DecidedBy once it is closed."""
    automated: str = ""
    """The suggestion that the automatic answer has dealt with: carried out, held, or shown in shadow mode."""
    intent_count: int = 0
    open_intent: str = ""
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.state is CancelRequestState.ON_APPROVAL

    def clock_over(self, at: datetime) -> bool:
        """Whether the marketplace approves it by itself from now on."""
        return self.auto_approve_at is not None and at >= self.auto_approve_at


def cancel_request_alarm(request: CancelRequest, settings: SellerSettings, now: datetime) -> Alarm | None:
    """Remind before the marketplace approves by itself, then ring when it does; none without a time.

    A time that has passed already is due at once: being overdue is told, never skipped.
    """
    if not request.open or request.auto_approve_at is None:
        return None
    remind = request.auto_approve_at - settings.remind_cancel_request_before
    if now < remind:
        return Alarm(due=remind, kind=RungKind.CANCEL_REQUEST_REMIND)
    return Alarm(due=request.auto_approve_at, kind=RungKind.CANCEL_REQUEST_BY)


def decided_by(request: CancelRequest, found: MarketplaceCancelRequest, *, sent: bool) -> DecidedBy:
    """Who ended the request that was open until this read; `sent`: whether an answer of ours may have reached it.

    An approval at or after its time is the clock's. What we had sent is ours until its intent ends otherwise.
    """
    if found.state is CancelRequestState.OTHER:
        return DecidedBy.WITHDRAWN if found.state_name == GONE else DecidedBy.ELSEWHERE
    if by_the_clock(found):
        return DecidedBy.CLOCK
    asked = {APPROVE: CancelRequestState.APPROVED, REJECT: CancelRequestState.REJECTED}.get(request.decision)
    return DecidedBy.SELLER if sent and asked is found.state else DecidedBy.ELSEWHERE


def by_the_clock(found: MarketplaceCancelRequest) -> bool:
    """Whether the marketplace approved it because its time was over."""
    return (
        found.state is CancelRequestState.APPROVED
        and found.auto_approve_at is not None
        and (found.decided_at or found.read_at) >= found.auto_approve_at
    )
