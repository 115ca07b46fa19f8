"""Chats of one seller's account as the use cases need them: read only, and nothing of them is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shipby.application.ports.pages import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChat:
    """One chat without its words. Ids of messages are text: they are larger than 64 bits in official examples."""

    id: str
    type: str
    """SELLER_SUPPORT, BUYER_SELLER, … as the marketplace writes it."""
    status: str
    last_message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message. Its text may be personal data: it is out of the repr, and never stored or logged."""

    id: str
    at: datetime
    sender: str
    """`user.type`: Customer, Seller, Crm, Courier, Support, NotificationUser."""
    text: str = field(default="", repr=False)


def is_newer(identifier: str, than: str) -> bool:
    """Whether a message id is greater: numbers of any length, an empty one before all."""
    return (len(identifier), identifier) > (len(than), than)


class Chats(Protocol):
    """The seller's chats. Errors as `Marketplace`; neither method needs a subscription by its description."""

    def listed(self, *, unread_only: bool = False, cursor: str = "") -> Page[ListedChat]: ...
    def messages(self, chat_id: str, *, after: str, since: datetime) -> Sequence[ChatMessage]:
        """Messages with an id after `after` (empty: any) and not older than `since`, oldest first."""
