"""What a seller wants checked of every order before work on it begins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a mismatch does."""

    SHADOW = "shadow"
    """Only noted, as long as a rule is on trial."""
    WARNING = "warning"
    """Shown; stops nothing."""
    AT_BENCH = "at_bench"
    """Work may begin; packing waits for it."""
    BLOCKING = "blocking"
    """Work does not begin: confirm, pick, pack and ship are refused."""


class Check(StrEnum):
    """What a rule looks at."""

    CARD = "card"
    """Every product has a card here."""
    VARIANT = "variant"
    """The article of each line is the one of its card."""
    QUANTITY = "quantity"
    """Pieces of one product."""
    PIECES = "pieces"
    """Pieces of the whole posting."""
    PRICE = "price"
    """What the buyer pays for one piece, in minor units of `currency`."""
    WEIGHT = "weight"
    """Weight of the goods, in grams, by their cards."""
    SIDE = "side"
    """Longest side of any of the goods, in millimetres, by their cards."""
    DROP_OFF = "drop_off"
    """The limits of the drop-off that the marketplace names, for weight, sides and price."""
    ADDRESS = "address"
    """Where the marketplace gives the buyer's address, it is not empty."""
    POSSIBLE_MARK = "possible_mark"
    """Products that may carry a mark, although the marketplace does not insist."""


BETWEEN = frozenset({Check.QUANTITY, Check.PIECES, Check.PRICE, Check.WEIGHT, Check.SIDE})
"""Checks that need `least` or `most`."""
OF_CARDS = frozenset({Check.CARD, Check.VARIANT, Check.WEIGHT, Check.SIDE, Check.DROP_OFF})
"""Checks that read product cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """One rule. Empty lists mean all; `least` and `most` are inclusive, None is no limit."""

    name: str
    check: Check
    severity: Severity = Severity.SHADOW
    least: int | None = None
    most: int | None = None
    currency: str = ""
    warehouses: tuple[str, ...] = ()
    """Of the marketplace's warehouses."""
    skus: tuple[str, ...] = ()
    ask_buyer: bool = False
    """Whether the buyer is asked about it, where a chat is lawful and the policy asks buyers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoConfirm:
    """Which orders are confirmed by themselves; only those of which nothing is amiss."""

    most_pieces: int = 0
    """0: any number."""
    most_paid: int = 0
    """Minor units of what was paid; 0: any sum."""
    warehouses: tuple[str, ...] = ()
    """Empty: all."""
