"""What an automatic action would have done while it was only watched: the seller reads it before switching it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipby.domain.events import Ref
from shipby.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDecision:
    """One decision that was not carried out. `id` is the event's id: the same decision is never noted twice."""

    seller: str
    id: str
    at: datetime
    ref: Ref
    posting_number: str
    action: str
    """cancel, move_date, ask_buyer, return_action, cancel_request …"""
    would: str
    """What it would have done, in words."""
    reason: str
    policy_version: int
    """Version of the seller's settings that decided."""
    data: Mapping[str, Json] = field(default_factory=dict)
