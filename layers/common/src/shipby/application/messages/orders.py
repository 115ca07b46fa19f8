"""Which posting a chat is about: by the letter that began it, or by a number that the buyer names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shipby.domain import pointers
from shipby.domain.messages.triage import numbers_in
from shipby.domain.postings.posting import Posting


class Orders(Protocol):
    """What is read to find an order."""

    def find(self, seller: str, kind: str, value: str) -> str | None: ...
    def posting(self, seller: str, number: str) -> Posting | None: ...


def order_of(seller: str, chat_id: str, texts: Sequence[str], *, store: Orders) -> Posting | None:
    """The one posting that a chat is about; None where it is none, or may be several.

    A number in the words outweighs the chat: a posting's, or a tracking number, a former one too. A wrong one finds
    nothing, and then the chat says it.
    """
    named = {found for text in texts for one in numbers_in(text) if (found := _named(seller, one, store))}
    if len(named) > 1:
        return None
    if named:
        return store.posting(seller, named.pop())
    if store.find(seller, pointers.BUYER_CHATS_SHARED, chat_id):
        return None
    number = store.find(seller, pointers.BUYER_CHAT, chat_id)
    return store.posting(seller, number) if number else None


def _named(seller: str, number: str, store: Orders) -> str | None:
    if "-" in number:
        if number.count("-") > 1:
            return number if store.posting(seller, number) is not None else None
        parts = [part for part in (f"{number}-1", f"{number}-2") if store.posting(seller, part) is not None]
        return parts[0] if len(parts) == 1 else None
    for kind in (pointers.TRACKING, pointers.FORMER_TRACKING):
        if found := store.find(seller, kind, number):
            return found
    return None
