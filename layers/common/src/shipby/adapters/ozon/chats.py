"""Reading chats, as the `Chats` port wants them. Texts pass through memory only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.reading.answers import Node, following, unreadable
from shipby.adapters.ozon.reading.entries import entries, name_of, nodes_of, or_noted, set_aside
from shipby.adapters.ozon.transport import Transport
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.chats import ChatMessage, ListedChat, is_newer
from shipby.application.ports.pages import Page
from shipby.domain.errors import UnreadableAnswerError
from shipby.domain.initiators import latin


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
        items = entries(
            answer, "chats", Listed.CHAT, _listed, name=lambda entry: entry.node("chat").identifier("chat_id")
        )
        return Page(items, or_noted(Listed.CHAT, answer, lambda: following(answer, cursor), None))

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
            page = _page(answer, chat_id, after, since)
            new = [one for one in page if one.id not in found and is_newer(one.id, after) and one.at >= since]
            found |= {one.id: one for one in new}
            # The first message of a page may be the last one of the page before.
            reached = any(not is_newer(one.id, after) or one.at < since for one in page)
            more = or_noted(Listed.CHAT_MESSAGE, answer, partial(answer.flag, "has_next"), unknown=False)
            if reached or not new or not more:
                return sorted(found.values(), key=lambda one: (len(one.id), one.id))
            start = min(new, key=lambda one: (len(one.id), one.id)).id


def _page(answer: Node, chat_id: str, after: str, since: datetime) -> list[ChatMessage]:
    """The messages that can be read; one that cannot is noted, unless it is known or old already."""
    found: list[ChatMessage] = []
    for node in nodes_of(answer, "messages", Listed.CHAT_MESSAGE):
        try:
            found.append(_message(node))
        except UnreadableAnswerError as error:
            identifier, at = name_of(node, "message_id"), _moment_of(node)
            if (not identifier or is_newer(identifier, after)) and (at is None or at >= since):
                set_aside(Listed.CHAT_MESSAGE, f"{identifier} of chat {chat_id}".strip(), node, error)
    return found


def _moment_of(node: Node) -> datetime | None:
    """When an odd message was written, if it says so."""
    try:
        return node.moment("created_at")
    except UnreadableAnswerError:
        return None


def _listed(node: Node) -> ListedChat:
    chat = node.node("chat")
    last = node.text("last_message_id")
    return ListedChat(
        id=chat.identifier("chat_id"),
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
    return ChatMessage(
        id=identifier, at=at, sender=latin(node.node("user").text("type")), text="\n".join(node.texts("data"))
    )
