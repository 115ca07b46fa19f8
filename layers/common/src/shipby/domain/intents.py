"""Intents: the row written BEFORE an irreversible call to the marketplace.

    PROPOSED --a second person--> PENDING | REJECTED
    PENDING --claim--> SENT --answer--> CONFIRMED | REJECTED
       ^                 ├--no answer--> UNKNOWN --read back--> CONFIRMED | REJECTED
       └--never sent-----┘  (a refused connection, 429: the caller knows that the marketplace did nothing)

An intent is carried out at most once. What happened to a call without an answer is settled by reading the marketplace.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import AggregateKind, Ref
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.postings.posting import Alarm, Posting


class IntentAction(StrEnum):
    """The irreversible calls the product makes."""

    SHIP = "ship"
    SPLIT = "split"
    """Its goods into several postings, none of them assembled."""
    SHIP_PART = "ship_part"
    """Some of its goods assembled as a posting of their own; the rest stays."""
    SET_BOXES = "set_boxes"
    """In how many boxes its goods are packed."""
    CANCEL = "cancel"
    CANCEL_ITEMS = "cancel_items"
    """Some products or pieces of a posting."""
    SET_TRACKING = "set_tracking"
    REPORT_DELIVERING = "report_delivering"
    """The seller's own carrier has it."""
    REPORT_LAST_MILE = "report_last_mile"
    REPORT_DELIVERED = "report_delivered"
    SET_CUT_OFF = "set_cut_off"
    SET_EXEMPLARS = "set_exemplars"
    """What is known of the pieces: marks, declarations, numbers of devices."""
    RETURN_ACTION = "return_action"
    """A decision on a return: refund, compensation, the buyer's postage, rejection, asking for the goods."""
    CANCEL_REQUEST = "cancel_request"
    """Our answer to a buyer's wish to cancel."""


class IntentState(StrEnum):
    """Where an intent stands.

    PROPOSED: its amount needs a second person's word; it is reserved, and nothing is sent. UNKNOWN: it was sent and no
    answer came; reading the marketplace settles it.
    """

    PROPOSED = "PROPOSED"
    PENDING = "PENDING"
    SENT = "SENT"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


REPORTS: Mapping[IntentAction, DeliveryStage] = {
    IntentAction.REPORT_DELIVERING: DeliveryStage.DELIVERING,
    IntentAction.REPORT_LAST_MILE: DeliveryStage.LAST_MILE,
    IntentAction.REPORT_DELIVERED: DeliveryStage.DELIVERED,
}
"""What each report tells the marketplace."""
MOVES_GOODS: tuple[IntentAction, ...] = (IntentAction.SPLIT, IntentAction.SHIP_PART)
"""They make postings of some of a posting's goods."""
SHAPES: tuple[IntentAction, ...] = (*MOVES_GOODS, IntentAction.SET_BOXES)
"""What is said of the parcels of a posting before, or while, it is assembled."""
TOGETHER: tuple[IntentAction, ...] = (IntentAction.SET_TRACKING, *REPORTS)
"""Actions of which the marketplace takes several postings in one call, in the order in which they make sense."""
NEEDS_PERSON = "needs_person"
"""Key in `read_back` once a person was told of an intent that cannot be settled: they are told once, not every hour."""
REJECTED_BY = "rejected_by"
"""Key in `read_back`: the person who did not let it go to the marketplace."""
OPEN_STATES: frozenset[IntentState] = frozenset(
    {IntentState.PROPOSED, IntentState.PENDING, IntentState.SENT, IntentState.UNKNOWN}
)
_ALLOWED: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.PROPOSED: frozenset({IntentState.PENDING, IntentState.REJECTED}),
    IntentState.PENDING: frozenset({IntentState.SENT, IntentState.CONFIRMED, IntentState.REJECTED}),
    IntentState.SENT: frozenset(
        {IntentState.CONFIRMED, IntentState.REJECTED, IntentState.UNKNOWN, IntentState.PENDING}
    ),
    IntentState.UNKNOWN: frozenset(
        {IntentState.CONFIRMED, IntentState.REJECTED, IntentState.UNKNOWN, IntentState.PENDING}
    ),
    IntentState.CONFIRMED: frozenset(),
    IntentState.REJECTED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One irreversible call, from wish to proof. Its id never changes across retries."""

    id: str
    seller: str
    ref: Ref
    posting_number: str
    action: IntentAction
    state: IntentState
    version: int
    request: Mapping[str, Json]
    created_at: datetime
    updated_at: datetime
    actor: str
    reason: str = ""
    amount: Money | None = None
    postage: Money | None = None
    """The buyer's return postage that is paid on top of `amount`."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """SKU -> minor units of `amount`."""
    request_hash: str = ""
    """`request_hash()` of `request` when it was asked: what was sent is what was approved."""
    policy_version: int = 0
    """Version of the seller's settings under which it was decided."""
    approved_by: str = ""
    """The second person, where the amount needed one."""
    approved_at: datetime | None = None
    previously_refunded: int | None = None
    """Minor units refunded when this was asked; if that changed, the call is refused (compare-and-set)."""
    attempts: int = 0
    sent_at: datetime | None = None
    """When it was claimed, right before its call."""
    untold: bool = False
    """Whether its history does not tell yet that it was sent: its next step does."""
    outcome: str = ""
    """Why it ended as it did, in words and with the marketplace's own text."""
    read_back: Mapping[str, Json] = field(default_factory=dict)
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def let_go_at(self) -> datetime:
        """Since when it may be sent: what waited for a second person is no older than that person's word."""
        return self.approved_at or self.created_at

    @property
    def tampered(self) -> bool:
        """Whether its request is another than the one that was asked for; rows of older releases have no hash."""
        if not self.request_hash:
            return False
        told = [self.request.get(name) for name in ("refund", "compensation") if name in self.request]
        amount_stands = not told or told == [_plain(self.amount)]
        postage_stands = self.request.get("postage") == _plain(self.postage)
        return not (amount_stands and postage_stands) or self.request_hash != request_hash(self.request)

    def move(self, state: IntentState, *, at: datetime, **changes: object) -> Intent:
        """The intent in another state, one version on.

        Raises StageMismatchError if the state machine has no such step.
        """
        if state not in _ALLOWED[self.state]:
            raise StageMismatchError(f"intent {self.id} is {self.state} and cannot become {state}")
        return replace(self, state=state, version=self.version + 1, updated_at=at, **changes)  # type: ignore[arg-type]  # replace() is typed per field


def _plain(money: Money | None) -> Json:
    return {"minor": money.minor, "currency": money.currency} if money else None


_LETTERS: Mapping[AggregateKind, str] = {
    AggregateKind.POSTING: "p",
    AggregateKind.RETURN: "r",
    AggregateKind.CANCEL_REQUEST: "c",
}
_KINDS: Mapping[str, AggregateKind] = {letter: kind for kind, letter in _LETTERS.items()}


def intent_id(ref: Ref, action: IntentAction, sequence: int) -> str:
    """A readable id that names its aggregate: `p.24219509-0020-2.cancel.1`."""
    return f"{_LETTERS[ref.kind]}.{ref.id}.{action}.{sequence}"


def intent_owner(identifier: str) -> Ref:
    """The aggregate whose partition holds an intent.

    Raises InvalidInputError if the text is not an intent id.
    """
    parts = identifier.split(".")
    if len(parts) != 4 or parts[0] not in _KINDS or not parts[1] or parts[2] not in set(IntentAction):
        raise InvalidInputError(f"{identifier!r} is not an intent id; they look like p.24219509-0020-2.cancel.1")
    return Ref(_KINDS[parts[0]], parts[1])


def approval_path(intent: Intent, word: str) -> str:
    """Where a second person says `approve` or `reject`."""
    matter = "tracking-changes" if intent.action is IntentAction.SET_TRACKING else "refunds"
    return f"/v1/{matter}/{intent.id}/{word}"


def request_hash(request: Mapping[str, Json]) -> str:
    """sha256 of the canonical JSON of a request."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def open_of(posting: Posting, action: IntentAction) -> tuple[str, ...]:
    """Ids of the posting's open intents of one action: an id names its action."""
    return tuple(intent for intent in posting.open_intents if f".{action}." in intent)
