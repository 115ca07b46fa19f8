"""The seller's own checks, as settings hold them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from shipby.contracts.base import Request, View
from shipby.domain.sellers.check_rules import BETWEEN, Check, Severity

_MOST = 10**12
_Codes = Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(default_factory=list)]


class CheckRuleBody(Request):
    """One thing that every order is held against; begin with severity shadow, then look what it would have stopped."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^#/\s]+$", examples=["heavy"])]
    check: Annotated[
        Check,
        Field(
            description="card, variant (article of the card), quantity (pieces of a product), pieces (of the posting), "
            "price (minor units), weight (grams), side (longest, millimetres), drop_off (the marketplace's limits), "
            "address, possible_mark."
        ),
    ]
    severity: Annotated[
        Severity, Field(description="shadow and warning stop nothing; at_bench waits for packing; blocking stops work.")
    ] = Severity.SHADOW
    least: Annotated[int | None, Field(ge=0, le=_MOST, description="Inclusive.")] = None
    most: Annotated[int | None, Field(ge=0, le=_MOST, description="Inclusive.")] = None
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$", description="Of a price.")] = ""
    warehouses: Annotated[_Codes, Field(max_length=100, description="Of the marketplace; empty: all.")]
    skus: Annotated[_Codes, Field(max_length=500, description="Empty: all.")]
    ask_buyer: Annotated[
        bool, Field(description="Ask the buyer about it, where auto_ask_buyer and the marketplace allow a chat.")
    ] = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.check in BETWEEN and self.least is None and self.most is None:
            raise ValueError(f"a check of {self.check} needs least or most")
        if self.check not in BETWEEN and (self.least is not None or self.most is not None):
            raise ValueError(f"a check of {self.check} takes neither least nor most")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least is more than most: nothing would fit")
        if (self.check is Check.PRICE) != bool(self.currency):
            raise ValueError("a check of price needs its currency, and no other check takes one")
        return self


class AutoConfirmBody(Request):
    """Which orders are confirmed by themselves; only those of which nothing is amiss."""

    most_pieces: Annotated[int, Field(ge=0, le=100_000, description="0: any number.")] = 0
    most_paid: Annotated[int, Field(ge=0, le=_MOST, description="Minor units of what was paid; 0: any sum.")] = 0
    warehouses: Annotated[_Codes, Field(max_length=100, description="Empty: all.")]


class CheckRuleView(View):
    name: str
    check: Check
    severity: Severity
    least: int | None
    most: int | None
    currency: str
    warehouses: list[str]
    skus: list[str]
    ask_buyer: bool


class AutoConfirmView(View):
    most_pieces: int
    most_paid: int
    warehouses: list[str]


def named_once(rules: list[CheckRuleBody]) -> list[CheckRuleBody]:
    """Rules are told apart by their names. Raises ValueError."""
    if len({rule.name for rule in rules}) != len(rules):
        raise ValueError("names the same rule twice")
    return rules
