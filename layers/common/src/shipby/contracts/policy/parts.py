"""Parts of the seller's policy: who is told, own labels, returns of a product type."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shipby.contracts.base import Request, View
from shipby.domain.deadlines.policy import Move
from shipby.domain.errors import ShipbyError
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction
from shipby.domain.labels.options import LabelFormat, LabelSize, MatrixCode
from shipby.domain.money import Money


def sane(length: timedelta) -> timedelta:
    if not timedelta(0) < length <= timedelta(days=365):
        raise ValueError("must be more than nothing and at most 365 days")
    return length


def lengths_named_once(lengths: list[timedelta]) -> list[timedelta]:
    if len(set(lengths)) != len(lengths):
        raise ValueError("names the same length twice")
    return [sane(length) for length in lengths]


TimeOfDay = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$", examples=["09:00"])]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^#/\s]+$")]


class RecipientBody(Request):
    """Somebody who is told things: on which channels, in which shift, about what. Empty means all."""

    name: Name
    channels: Annotated[
        list[Name], Field(default_factory=list, max_length=20, description="Names in the seller's channel list.")
    ]
    language: Literal["", "ru", "zh", "en"] = ""
    events: Annotated[list[EventType], Field(default_factory=list, max_length=100)]
    warehouses: Annotated[list[Annotated[str, Field(max_length=40)]], Field(default_factory=list, max_length=100)]
    weekdays: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]],
        Field(default_factory=list, max_length=7, description="1 = Monday, in your time zone."),
    ]
    shift_from: TimeOfDay = ""
    shift_to: TimeOfDay = ""
    urgent_any_time: bool = True

    @model_validator(mode="after")
    def _whole_shift(self) -> Self:
        if bool(self.shift_from) != bool(self.shift_to) or (self.shift_from and self.shift_from == self.shift_to):
            raise ValueError("a shift has a beginning and another end: set both shift_from and shift_to, or neither")
        return self


class OwnLabelBody(Request):
    """How your own labels look where a print wish does not say otherwise."""

    size: LabelSize = LabelSize.MM75X120
    format: Annotated[LabelFormat, Field(description="pdf, zpl (label printers) or png.")] = LabelFormat.PDF
    dpi: Annotated[Literal[203, 300], Field(description="Of your label printer.")] = 203
    matrix: MatrixCode = MatrixCode.QR
    sender_name: Annotated[str, Field(max_length=200, description="Your own, printed on the label.")] = ""
    sender_address: Annotated[str, Field(max_length=500)] = ""
    sender_phone: Annotated[str, Field(max_length=40)] = ""


Duration = Annotated[timedelta, AfterValidator(sane), Field(description="ISO 8601", examples=["PT2H"])]


CappedAction = Literal[
    IntentAction.SHIP,
    IntentAction.CANCEL,
    IntentAction.CANCEL_ITEMS,
    IntentAction.SET_TRACKING,
    IntentAction.REPORT_DELIVERING,
    IntentAction.REPORT_LAST_MILE,
    IntentAction.REPORT_DELIVERED,
    IntentAction.SET_CUT_OFF,
    IntentAction.RETURN_ACTION,
    IntentAction.CANCEL_REQUEST,
    Move.ASK_BUYER,
]
"""What a daily cap can be set for: every irreversible call, and the question to the buyer."""


class ReturnPolicyBody(Request):
    """Your rules for one kind of product; `*` is for all that have no rules of their own."""

    product_type: Annotated[str, Field(min_length=1, max_length=60, examples=["*", "electronics"])]
    window_days: Annotated[
        int, Field(ge=0, le=3650, description="After delivery, goods of good quality; 0: never.")
    ] = 14
    defect_window_days: Annotated[int, Field(ge=0, le=3650, description="After delivery, defective goods.")] = 730
    unopened_only: bool = False
    keep_goods_below: Annotated[
        int, Field(ge=0, le=10**12, description="Minor units, as it was paid: goods below it the buyer may keep.")
    ] = 0
    compensate_percent: Annotated[
        int, Field(ge=1, le=100, description="Of the price, where the buyer keeps the goods.")
    ] = 30
    inspect: Annotated[bool, Field(description="Whether goods are looked at before money is given back.")] = True
    exchange: bool = False
    conditions: Annotated[str, Field(max_length=1000, description="In your own words, for people.")] = ""


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["RUB"])]
Minor = Annotated[int, Field(ge=0, le=10**12, description="Minor units, such as kopecks.")]
Decimals = Annotated[str, Field(examples=["1000.00"], description="An amount, written as everywhere else.")]
_DECIMALS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?", re.ASCII)


def _in_minor(limits: object) -> object:
    """Decimals as minor units of their currency; what is no limit is left to the model."""
    if not isinstance(limits, dict):
        return limits
    try:
        return {
            currency: Money.parse(limit, currency).minor
            if isinstance(limit, str) and _DECIMALS.fullmatch(limit)
            else limit
            for currency, limit in limits.items()
        }
    except ShipbyError as error:
        raise ValueError(str(error)) from error


Limits = Annotated[
    dict[Currency, Minor], BeforeValidator(_in_minor, json_schema_input_type=dict[Currency, Decimals | Minor])
]
"""Per currency."""


def policies_named_once(policies: list[ReturnPolicyBody]) -> list[ReturnPolicyBody]:
    names = [policy.product_type for policy in policies]
    if len(set(names)) != len(names):
        raise ValueError("names the same product_type twice")
    return policies


class RecipientView(View):
    """Somebody who is told things; empty lists mean all."""

    name: str
    channels: list[str]
    language: str
    events: list[str]
    warehouses: list[str]
    weekdays: list[int]
    shift_from: str
    shift_to: str
    urgent_any_time: bool


class OwnLabelView(View):
    size: LabelSize
    format: LabelFormat
    dpi: int
    matrix: MatrixCode
    sender_name: str
    sender_address: str
    sender_phone: str


class ReturnPolicyView(View):
    """Your rules for one kind of product."""

    product_type: str
    window_days: int
    defect_window_days: int
    unopened_only: bool
    keep_goods_below: int
    compensate_percent: int
    inspect: bool
    exchange: bool
    conditions: str
