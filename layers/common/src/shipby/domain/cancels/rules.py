"""What to answer a buyer who wants to cancel: a suggestion with its reason, from where the parcel is.

Approving gives the buyer the money back at once; a parcel that is under way then has to come back at the seller's cost
(/v2/conditional-cancellation/approve). Rejecting leaves the posting as it is: it must be delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shipby.domain.cancels.requests import APPROVE, REJECT
from shipby.domain.initiators import is_buyer
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import BEFORE_PACKED, Posting, Stage

_UNDER_WAY = frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT})
_CARRIER_HAS_IT = frozenset({"delivering", "driver_pickup"})
"""The marketplace's statuses of a parcel that has left."""


UNKNOWN = "unknown"
NOT_THE_BUYER = "not_the_buyer"
BASES: Mapping[str, tuple[str, str]] = {
    UNKNOWN: ("", "the posting is not known yet"),
    "cancelled": ("", "the posting is cancelled already"),
    "delivered": (REJECT, "it is delivered: the buyer can ask for a return"),
    "under_way": (REJECT, "it is on its way: approving it means paying for its way back"),
    "expired": (APPROVE, "it is expired and will not be sent"),
    "not_packed": (APPROVE, "it is not packed yet: cancelling it costs nothing but the order"),
    "packed": ("", "it is packed and was not scanned at the hand-over: look where the parcel is"),
    NOT_THE_BUYER: ("", "it is not the buyer who asks for it: look at it yourself"),
}
"""Rule -> the answer it speaks for (empty: a person has to look), and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`decision` is approve, reject, or empty: a person has to look."""

    decision: str
    reason: str
    facts: Mapping[str, Json]
    """What was looked at; `basis` in it names the rule of `BASES`."""


def suggest(posting: Posting | None, *, initiator: str) -> Suggestion:
    """The answer that the known facts speak for. `initiator` is the marketplace's word for who asks."""
    facts: dict[str, Json] = {"initiator": initiator}
    if posting is None:
        return _suggestion(UNKNOWN, facts)
    facts |= {
        "stage": posting.stage,
        "status": posting.status,
        "packed": posting.packed_at is not None,
        "handed_over": posting.handed_over_at is not None,
        "tracking_number": bool(posting.tracking_number),
    }
    basis = _basis(posting)
    if BASES[basis][0] and initiator and not is_buyer(initiator):
        basis = NOT_THE_BUYER
    return _suggestion(basis, facts)


def _suggestion(basis: str, facts: Mapping[str, Json]) -> Suggestion:
    decision, reason = BASES[basis]
    return Suggestion(decision=decision, reason=reason, facts={**facts, "basis": basis})


def _basis(posting: Posting) -> str:
    stage = posting.stage
    if stage is Stage.CANCELLED:
        return "cancelled"
    if stage in (Stage.DELIVERED, Stage.CLOSED):
        return "delivered"
    if stage in _UNDER_WAY or posting.handed_over_at is not None or posting.status in _CARRIER_HAS_IT:
        return "under_way"
    if stage is Stage.EXPIRED:
        return "expired"
    if (posting.blocked_from if stage is Stage.BLOCKED else stage) in BEFORE_PACKED and posting.packed_at is None:
        return "not_packed"
    return "packed"
