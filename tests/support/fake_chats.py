"""Chats at the marketplace in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shipby.application.ports.chats import ChatMessage, ListedChat, is_newer
from shipby.application.ports.clock import Clock
from shipby.application.ports.pages import Page
from shipby.domain.errors import NotFoundError

SUPPORT = "SELLER_SUPPORT"
BUYER = "BUYER_SELLER"
_PAGE = 2
"""Small, so that every test with three chats turns a page."""


@dataclass(slots=True)
class HeldChat:
    """A chat in the marketplace's books."""

    id: str
    type: str
    messages: list[ChatMessage] = field(default_factory=list)
    read_until: str = ""


class FakeChats:
    """`books` is what the marketplace has; ids of messages grow over all chats."""

    def __init__(self, begin: Callable[[str], Any], clock: Clock) -> None:
        self._begin, self._clock = begin, clock
        self.books: dict[str, HeldChat] = {}
        self._next = 30_000_000_001_280_042_740

    def say(
        self, chat_id: str, text: str, *, type: str = SUPPORT, sender: str = "Support", at: datetime | None = None
    ) -> str:
        """Somebody writes; the chat is opened if there is none. The message's id."""
        chat = self.books.setdefault(chat_id, HeldChat(chat_id, type))
        self._next += 1
        chat.messages.append(ChatMessage(id=str(self._next), at=at or self._clock.now(), sender=sender, text=text))
        return str(self._next)

    def listed(self, *, unread_only: bool = False, cursor: str = "") -> Page[ListedChat]:
        self._begin("chats.listed")
        found = [
            ListedChat(id=chat.id, type=chat.type, status="OPENED", last_message_id=chat.messages[-1].id)
            for chat in self.books.values()
            if not unread_only or is_newer(chat.messages[-1].id, chat.read_until)
        ]
        start = int(cursor or "0")
        return Page(tuple(found[start : start + _PAGE]), str(start + _PAGE) if len(found) > start + _PAGE else None)

    def messages(self, chat_id: str, *, after: str, since: datetime) -> Sequence[ChatMessage]:
        self._begin("chats.messages")
        if chat_id not in self.books:
            raise NotFoundError(f"CHAT_NOT_FOUND: {chat_id}")
        return [one for one in self.books[chat_id].messages if is_newer(one.id, after) and one.at >= since]
