"""Intents: the row written BEFORE an irreversible call to the marketplace.

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
from shipby.domain.posting import Alarm, Posting


class IntentAction(StrEnum):
    """The irreversible calls the product makes."""

    SHIP = "ship"
    CANCEL = "cancel"
    SET_TRACKING = "set_tracking"
    SET_CUT_OFF = "set_cut_off"
    RETURN_ACTION = "return_action"


class IntentState(StrEnum):
    """Where an intent stands. UNKNOWN: it was sent and no answer came; reading the marketplace settles it."""

    PENDING = "PENDING"
    SENT = "SENT"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


OPEN_STATES: frozenset[IntentState] = frozenset({IntentState.PENDING, IntentState.SENT, IntentState.UNKNOWN})
_ALLOWED: Mapping[IntentState, frozenset[IntentState]] = {
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
    previously_refunded: int | None = None
    """Minor units refunded when this was asked; if that changed, the call is refused (compare-and-set)."""
    attempts: int = 0
    outcome: str = ""
    """Why it ended as it did, in words and with the marketplace's own text."""
    read_back: Mapping[str, Json] = field(default_factory=dict)
    next_alarm: Alarm | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    def move(self, state: IntentState, *, at: datetime, **changes: object) -> Intent:
        """The intent in another state, one version on.

        Raises StageMismatchError if the state machine has no such step.
        """
        if state not in _ALLOWED[self.state]:
            raise StageMismatchError(f"intent {self.id} is {self.state} and cannot become {state}")
        return replace(self, state=state, version=self.version + 1, updated_at=at, **changes)  # type: ignore[arg-type]  # replace() is typed per field


def intent_id(ref: Ref, action: IntentAction, sequence: int) -> str:
    """A readable id that names its aggregate: `p.24219509-0020-2.cancel.1`."""
    return f"{'p' if ref.kind is AggregateKind.POSTING else 'r'}.{ref.id}.{action}.{sequence}"


def intent_owner(identifier: str) -> Ref:
    """The aggregate whose partition holds an intent.

    Raises InvalidInputError if the text is not an intent id.
    """
    parts = identifier.split(".")
    kinds = {"p": AggregateKind.POSTING, "r": AggregateKind.RETURN}
    if len(parts) != 4 or parts[0] not in kinds or not parts[1] or parts[2] not in set(IntentAction):
        raise InvalidInputError(f"{identifier!r} is not an intent id; they look like p.24219509-0020-2.cancel.1")
    return Ref(kinds[parts[0]], parts[1])


def request_hash(request: Mapping[str, Json]) -> str:
    """sha256 of the canonical JSON of a request."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def open_of(posting: Posting, action: IntentAction) -> tuple[str, ...]:
    """Ids of the posting's open intents of one action: an id names its action."""
    return tuple(intent for intent in posting.open_intents if f".{action}." in intent)
