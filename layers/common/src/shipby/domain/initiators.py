"""Who did something, in the marketplace's words."""

from __future__ import annotations

from typing import Final

_LOOK_ALIKES: Final = str.maketrans("АВЕЗІЈКМНОРЅСТУХаеоросухіјѕ", "ABE3IJKMHOPSCTYXaeopocyxijs")
BUYER: Final = frozenset({"client", "customer", "buyer"})
"""Words for the buyer. Source: Ozon Seller API, `cancellation_type`, `user.type`, `type_id` of cancel reasons."""


def latin(text: str) -> str:
    """A Latin word with Cyrillic letters that look alike as it was meant; any other text as it is.

    The official example of TYPE_NEW_MESSAGE writes `Customer` with a Cyrillic С.
    """
    if text.isascii():
        return text
    meant = text.translate(_LOOK_ALIKES)
    return meant if meant.isascii() else text


def is_buyer(word: str) -> bool:
    """Whether the marketplace's word for who did something means the buyer, in whatever letters."""
    return latin(word).casefold() in BUYER
