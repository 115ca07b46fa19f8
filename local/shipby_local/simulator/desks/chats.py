"""Chats: opening one for a posting or for the marketplace itself, and writing into it from either side."""

from __future__ import annotations

import uuid

from shipby_local.simulator.market import Market
from shipby_local.simulator.model import Chat, Message, Posting
from shipby_local.simulator.pushes.planning import hash_number


def open_chat(market: Market, posting: Posting) -> Chat:
    """The chat about a posting; made if there is none."""
    seed = hash_number(f"{market.world.settings.seed}:chat:{posting.number}")
    key = str(uuid.UUID(int=seed << 64 | seed, version=4))
    found = market.world.chats.get(key)
    return found or market.world.chats.put(Chat(key, posting.client_id, posting.number, market.world.now()))


SUPPORT = "SELLER_SUPPORT"
OF_MARKETPLACE = (SUPPORT, "SELLER_NOTIFICATION_LOGISTICS", "SELLER_API_NOTIFICATIONS")
"""Types of chats in which the marketplace writes to the seller."""


def open_own_chat(market: Market, client_id: str, kind: str) -> Chat:
    """The marketplace's own chat of a kind with a seller; made if there is none."""
    seed = hash_number(f"{market.world.settings.seed}:chat:{client_id}:{kind}")
    key = str(uuid.UUID(int=seed << 64 | seed, version=4))
    found = market.world.chats.get(key)
    return found or market.world.chats.put(Chat(key, client_id, "", market.world.now(), type=kind))


def say(market: Market, chat: Chat, sender: str, text: str, *, push: bool = True) -> Message:
    """Adds a message; the buyer's ones are pushed to the seller."""
    number = market.world.next_id("message", 3_000_000_000_817_031_942)
    message = Message(number, market.world.now(), sender, text)
    chat.messages.append(message)
    market.world.chats.put(chat)
    if push:
        market.outbox.new_message(chat, message)
    return message
