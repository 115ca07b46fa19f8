"""Whether a buyer is to be written to: by the seller's switch, and where the marketplace offers a chat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shipby.application.shared.shadowing import under_policy
from shipby.domain import actors
from shipby.domain.deadlines.policy import CHAT_OFFER
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.sellers.settings import Automation, SellerSettings

TELL_BUYER = "tell_buyer"
"""Name of the action in notes of what would have been done."""


def letter_due(
    about: str,
    facts: MarketplacePosting,
    switch: Automation,
    settings: SellerSettings,
    *,
    now: datetime,
    codes: Sequence[Json] = (),
) -> tuple[Event, ...]:
    """The event that has the buyer written to, or the note that it would; nothing where it is off or no chat is
    offered. Cap and kill switch are held against it right before it is sent."""
    if switch is Automation.OFF or settings.kill_switch or not settings.buyer_chat or CHAT_OFFER not in facts.actions:
        return ()
    data: dict[str, Json] = {"about": about, "codes": list(codes)}
    kind = EventType.BUYER_TELL_DUE
    if switch is Automation.SHADOW:
        kind, data = EventType.AUTOMATION_SHADOWED, data | {"action": TELL_BUYER}
    return (under_policy(Event(type=kind, at=now, actor=actors.CHECKS, data=data), settings.version),)
