"""The seller's own rules for returns, per kind of product: what people and machines are told before they decide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """Rules for one kind of product (`ProductCard.product_type`); the one named `*` is for everything else.

    They bind our suggestions, not the marketplace: its own rules and the law come first.
    """

    product_type: str
    window_days: int = 14
    """Days after delivery within which goods of good quality are taken back. 0: never."""
    defect_window_days: int = 730
    """The same for defective goods."""
    unopened_only: bool = False
    keep_goods_below: int = 0
    """Minor units of the currency that the posting was paid in: below this price the goods are not worth their way
    back, and the buyer may keep them."""
    compensate_percent: int = 30
    """What is offered where the buyer keeps the goods, in percent of the price."""
    inspect: bool = True
    """Whether goods are looked at before money is given back."""
    exchange: bool = False
    conditions: str = ""
    """In the seller's own words, for people."""
