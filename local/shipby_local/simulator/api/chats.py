"""Chats with buyers and the marketplace. Reading needs no subscription; starting, sending and marking as read do."""

from __future__ import annotations

from datetime import timedelta

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.desks.chats import open_chat, say
from shipby_local.simulator.errors import forbidden, invalid, not_found
from shipby_local.simulator.model import Chat, Message
from shipby_local.simulator.words import Json, stamp


def list_chats(call: Call) -> Json:
    filters, limit = call.body.part("filter"), call.body.limit(100, 30)
    unread_only, status = filters.flag("unread_only"), filters.text("chat_status", "ALL")
    own = [chat for chat in call.world.chats.all() if chat.client_id == call.seller.client_id]
    found = [chat for chat in own if (not unread_only or _unread(chat)) and status.upper() in {"ALL", "OPENED"}]
    cursor = call.body.text("cursor", "") or "0"
    if not cursor.isdigit():
        raise invalid("Request validation error: invalid Cursor")
    start = int(cursor)
    page = found[start : start + limit]
    more = start + limit < len(found)
    return {
        "chats": [
            {
                "chat": {
                    "created_at": stamp(chat.created_at),
                    "chat_id": chat.id,
                    "chat_status": "OPENED",
                    "chat_type": chat.type,
                },
                "first_unread_message_id": _unread(chat)[0].id if _unread(chat) else 0,
                "last_message_id": chat.messages[-1].id if chat.messages else 0,
                "unread_count": len(_unread(chat)),
            }
            for chat in page
        ],
        "total_unread_count": sum(len(_unread(chat)) for chat in own),
        "cursor": str(start + limit) if more else "",
        "has_next": more,
    }


def history(call: Call) -> Json:
    chat = _own(call)
    limit, start = call.body.limit(1000, 50), call.body.integer("from_message_id", 0)
    direction = call.body.text("direction", "Backward")
    wanted = set(call.body.part("filter").integers("message_ids"))
    messages = [message for message in chat.messages if not wanted or message.id in wanted]
    if direction == "Forward":
        if not start:
            raise invalid("Request validation error: from_message_id is required for direction Forward")
        messages = [message for message in messages if message.id >= start]
    else:
        messages = [message for message in reversed(messages) if not start or message.id <= start]
    posting = call.world.postings.get(chat.posting_number)
    return {
        "has_next": len(messages) > limit,
        "messages": [
            {
                "message_id": message.id,
                "user": {"id": chat.client_id if message.sender == "Seller" else "115568", "type": message.sender},
                "created_at": stamp(message.at),
                "is_read": message.is_read,
                "data": [message.text],
                "is_image": False,
                "context": {
                    "order_number": posting.order_number if posting else "",
                    "sku": str(posting.lines[0].sku) if posting and posting.lines else "",
                },
            }
            for message in messages[:limit]
        ],
    }


def start(call: Call) -> Json:
    _need_subscription(call)
    posting = call.posting(call.body.text("posting_number"))
    window = timedelta(seconds=call.world.settings.chat_window_seconds)
    if call.world.now() > (posting.delivered_at or posting.in_process_at) + window:
        raise forbidden("CHAT_IS_NOT_AVAILABLE: more than 72 hours after payment or delivery")
    call.market.note(posting, call.path)
    return {"result": {"chat_id": open_chat(call.market, posting).id}}


def send(call: Call) -> Json:
    _need_subscription(call)
    chat, text = _own(call), call.body.text("text")
    if not 1 <= len(text) <= 1000:
        raise invalid("Request validation error: invalid Text: value length must be between 1 and 1000 runes")
    if not _may_write(call, chat):
        raise forbidden("CHAT_IS_NOT_AVAILABLE: the time for messages is over")
    say(call.market, chat, "Seller", text, push=False)
    return {"result": "success"}


def read(call: Call) -> Json:
    _need_subscription(call)
    chat, until = _own(call), call.body.integer("from_message_id", 0)
    for message in chat.messages:
        if not until or message.id <= until:
            message.is_read = True
    call.world.chats.put(chat)
    return {"unread_count": len(_unread(chat))}


def _need_subscription(call: Call) -> None:
    if not call.seller.chat_subscription:
        raise forbidden(words.NO_SUBSCRIPTION)


def _may_write(call: Call, chat: Chat) -> bool:
    if not chat.posting_number:
        return True
    settings, now = call.world.settings, call.world.now()
    posting = call.posting(chat.posting_number)
    if posting.delivered_at is None or now <= posting.delivered_at + timedelta(seconds=settings.chat_window_seconds):
        return True
    heard = [message.at for message in chat.messages if message.sender == "Customer"]
    return bool(heard) and now <= heard[-1] + timedelta(seconds=settings.chat_reply_seconds)


def _own(call: Call) -> Chat:
    chat = call.world.chats.get(call.body.text("chat_id"))
    if chat is None or chat.client_id != call.seller.client_id:
        raise not_found("CHAT_NOT_FOUND")
    return chat


def _unread(chat: Chat) -> list[Message]:
    return [message for message in chat.messages if message.sender != "Seller" and not message.is_read]


METHODS: dict[str, Method] = {
    "/v3/chat/list": list_chats,
    "/v3/chat/history": history,
    "/v1/chat/start": start,
    "/v1/chat/send/message": send,
    "/v2/chat/read": read,
}
