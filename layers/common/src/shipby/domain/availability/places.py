"""Where stock is offered, how many, and what kind of refusal a number met."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

STOCK_LIMIT = 1_000_000
"""A stock is below it. Source: STOCK_TOO_BIG of /v2/products/stocks."""
OFFER_SIGNS = 100
"""Ours: a longer text is no article. Keys are made of them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One article (`offer_id`) in one warehouse of the marketplace: the pair that a stock is set for."""

    warehouse: str
    offer: str


class Refusal(StrEnum):
    """What helps against the refusal of one pair."""

    TOO_SOON = "too_soon"
    """The pair was told less than 30 seconds ago: the same again, later."""
    NOT_YET = "not_yet"
    """The marketplace has not finished the product: the same again, much later."""
    PERSON = "person"
    """The same again is refused again: somebody has to change the article, the warehouse or the number."""
