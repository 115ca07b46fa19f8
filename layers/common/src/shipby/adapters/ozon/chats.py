"""Reading chats, as the `Chats` port wants them. Texts pass through memory only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.answers import Node, unreadable
from shipby.adapters.ozon.transport import Transport
from shipby.application.chats_port import ChatMessage, ListedChat, is_newer
from shipby.application.listing import Page


class OzonChats:
    """Chats of one seller's account."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def listed(self, *, unread_only: bool = False, cursor: str = "") -> Page[ListedChat]:
        """/v3/chat/list, at most 100 a page. It filters by unread and status only, never by type."""
        payload: dict[str, object] = {
            "filter": {"chat_status": "ALL", "unread_only": unread_only},
            "limit": assumptions.CHAT_LIST_LIMIT,
        }
        if cursor:
            payload["cursor"] = cursor
        answer = self._api.read(methods.CHAT_LIST, payload, what="chats")
        following = answer.text("cursor") if answer.flag("has_next") else ""
        return Page(
            tuple(_listed(entry) for entry in answer.nodes("chats")),
            following if following and following != cursor else None,
        )

    def messages(self, chat_id: str, *, after: str, since: datetime) -> Sequence[ChatMessage]:
        """/v3/chat/history from the newest message back, until a known or an old one comes."""
        found: dict[str, ChatMessage] = {}
        start = ""
        while True:
            payload: dict[str, object] = {
                "chat_id": chat_id,
                "direction": "Backward",
                "limit": assumptions.CHAT_HISTORY_LIMIT,
            }
            if start:
                payload["from_message_id"] = int(start)
            answer = self._api.read(methods.CHAT_HISTORY, payload, what=chat_id)
            page = [_message(entry) for entry in answer.nodes("messages")]
            new = [one for one in page if one.id not in found and is_newer(one.id, after) and one.at >= since]
            found |= {one.id: one for one in new}
            # The first message of a page may be the last one of the page before.
            reached = any(not is_newer(one.id, after) or one.at < since for one in page)
            if reached or not new or not answer.flag("has_next"):
                return sorted(found.values(), key=lambda one: (len(one.id), one.id))
            start = min(new, key=lambda one: (len(one.id), one.id)).id


def _listed(node: Node) -> ListedChat:
    chat = node.node("chat")
    last = node.text("last_message_id")
    return ListedChat(
        id=chat.required("chat_id"),
        type=chat.text("chat_type"),
        status=chat.text("chat_status"),
        last_message_id="" if last == "0" else last,
    )


def _message(node: Node) -> ChatMessage:
    at, identifier = node.moment("created_at"), node.required("message_id")
    if at is None:
        raise unreadable(node.at("created_at"), "a time")
    if not (identifier.isascii() and identifier.isdigit()):
        raise unreadable(node.at("message_id"), "a whole number")
    return ChatMessage(id=identifier, at=at, sender=node.node("user").text("type"), text="\n".join(node.texts("data")))
