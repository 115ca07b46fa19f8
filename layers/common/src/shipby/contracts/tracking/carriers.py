"""The directory of carriers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from shipby.contracts.base import MoneyBody, MoneyView, Request, Text, View


def _date(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("write it like 2026-11-30") from error


Day = Annotated[date, BeforeValidator(_date, json_schema_input_type=date)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Pattern = Annotated[
    str,
    Field(
        min_length=5,
        max_length=40,
        pattern=r"^[A-Z0-9#@*-]+$",
        description="`#` is a digit, `@` a letter, `*` either; everything else stands for itself.",
        examples=["VAN########"],
    ),
]


class PriceBandBody(Request):
    up_to_grams: Annotated[int, Field(ge=1, le=1_000_000)]
    price: MoneyBody


class PriceListBody(Request):
    """One dated version of a carrier's prices; older ones are kept beside it."""

    valid_from: Day
    announced_on: Annotated[Day, Field(description="When the carrier told it; later than valid_from is retroactive.")]
    source: Annotated[str, Field(min_length=1, max_length=300)]
    lane: Annotated[str, Field(max_length=20, description="Such as CN-RU; empty: every lane.")] = ""
    bands: Annotated[list[PriceBandBody], Field(min_length=1, max_length=50)]


class CarrierBody(Request):
    """A carrier of your own; one with a preset's code stands instead of it."""

    names: Annotated[dict[Annotated[str, Field(pattern=r"^(ru|zh|en)$")], Name], Field(min_length=1)]
    aliases: Annotated[list[Name], Field(default_factory=list, max_length=20)]
    services: Annotated[list[Name], Field(default_factory=list, max_length=20)]
    contacts: Annotated[dict[Name, Text], Field(default_factory=dict, max_length=20)]
    tracking_url: Annotated[str, Field(max_length=300, pattern=r"^(https://.*\{number\}.*)?$")] = ""
    patterns: Annotated[list[Pattern], Field(default_factory=list, max_length=10)]
    pickup_times: Annotated[
        list[Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]], Field(default_factory=list, max_length=20)
    ]
    prices: Annotated[list[PriceListBody], Field(default_factory=list, max_length=50)]
    max_grams: Annotated[int, Field(ge=0, le=10_000_000, description="Heaviest parcel; 0: not known.")] = 0
    max_sides_mm: Annotated[
        list[Annotated[int, Field(ge=1, le=100_000)]],
        Field(default_factory=list, max_length=3, description="Largest sides of a parcel, in any order."),
    ]
    source: Annotated[str, Field(max_length=300)] = ""
    retired_on: Day | None = None


class JudgeBody(Request):
    """Numbers to look at before they are used; nothing is changed."""

    numbers: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=200)]
    carrier: Annotated[str, Field(max_length=100, description="Whose they are said to be; empty: unknown.")] = ""


class FormatView(View):
    id: str
    check_digit: str | None
    certain: Annotated[bool, Field(description="False: no official word confirms it.")]
    source: str


class PriceBandView(View):
    up_to_grams: int
    price: MoneyView


class PriceListView(View):
    valid_from: date
    announced_on: date
    retroactive: bool
    source: str
    lane: str
    bands: list[PriceBandView]


class CarrierView(View):
    """A carrier of the directory."""

    code: str
    own: bool
    version: Annotated[int, Field(description="0: a preset.")]
    names: dict[str, str]
    aliases: list[str]
    services: list[str]
    contacts: dict[str, str]
    tracking_url: str | None
    patterns: list[str]
    formats: list[FormatView]
    pickup_times: list[str]
    prices: list[PriceListView]
    max_grams: int
    max_sides_mm: list[int]
    source: str | None
    retired_on: date | None


class NumberProblemView(View):
    kind: Annotated[
        str,
        Field(description="not_a_number, spreadsheet, look_alike, check_digit, other_carrier, retired_carrier, …"),
    ]
    text: str


class JudgedView(View):
    """What is to be thought of a number."""

    sent: str
    number: str | None
    verdict: Annotated[str, Field(description="good, doubtful (a second person has to agree) or refused")]
    carrier: str | None
    format: str | None
    check_digit: Annotated[str, Field(description="right, wrong, or none: the format has none that is published")]
    problems: list[NumberProblemView]
    others: Annotated[list[str], Field(description="Other carriers whose format it fits.")]
    tracking_page: str | None


class JudgedNumbersView(View):
    items: list[JudgedView]
