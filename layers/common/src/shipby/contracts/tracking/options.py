"""The option card of a posting without a tracking number that the marketplace takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import MoneyView, Query, Reason, Request, Time, View
from shipby.domain.tracking.way_out import WayOut

_INT64 = 2**63 - 1
Grams = Annotated[int, Field(ge=1, le=1_000_000, description="Left out: as the parcel was weighed last.")]
Lane = Annotated[str, Field(max_length=20, description="Such as CN-RU: price lists of that lane go first.")]


class NumberOptionsQuery(Query):
    grams: Grams | None = None
    lane: Lane = ""


class NumberChoiceBody(Request):
    """A person's choice among the ways of the card."""

    way: WayOut
    reason: Reason
    until: Annotated[Time | None, Field(description="wait: until when; left out: a day, or the last moment.")] = None
    carrier: Annotated[str, Field(max_length=100, description="other_carrier: its code, name or alias.")] = ""
    reason_id: Annotated[
        int, Field(ge=0, le=_INT64, description="cancel: one the marketplace offers for this posting.")
    ] = 0
    accept_forecast: Annotated[
        bool, Field(description="cancel: you have seen the forecast of the error index. Owners and managers only.")
    ] = False


class CarrierQuoteView(View):
    carrier: str
    price: Annotated[MoneyView | None, Field(description="By its newest list valid today; null: not known.")]
    contacts: dict[str, str]
    pickup_times: list[str]


class NumberOptionView(View):
    """One way with its price and its clock, or why there is none."""

    way: WayOut
    offered: bool
    why_not: str | None
    price: Annotated[
        MoneyView | None,
        Field(description="wait: what lateness has cost so far. other_carrier: the cheapest. cancel: its highest fee."),
    ]
    next_price: Annotated[MoneyView | None, Field(description="What passing `next_at` adds.")]
    next_at: Time | None
    until: Annotated[Time | None, Field(description="The last moment for it.")]
    until_is: Annotated[str | None, Field(description="Which clock that is.")]
    note: str | None
    carriers: list[CarrierQuoteView]


class NumberOptionsView(View):
    """What can be done where no number is to be had; a person chooses."""

    posting_number: str
    version: int
    tracking_number: str | None
    grams: int | None
    case: Annotated[str | None, Field(description="The open case about it.")]
    options: list[NumberOptionView]


class NumberChoiceView(View):
    posting_number: str
    way: WayOut
    until: Annotated[Time | None, Field(description="When the case is told again.")]
    carrier: str | None
    case: str | None
    intent: Annotated[str | None, Field(description="The cancel that was asked for.")]
