"""Counts of boards, and the eight figures of the morning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shipby.contracts.base import Href, MoneyView, Time, View


class CountView(View):
    value: Annotated[str, Field(description="What the list is asked for.")]
    count: int
    href: Href


class OtherBoardView(View):
    board: str
    count: int
    href: Href


class BoardsView(View):
    """What is open; a count is as old as its board, a moment."""

    postings: int
    by_stage: list[CountView]
    by_next: list[CountView]
    by_warehouse: list[CountView]
    by_method: list[CountView]
    by_scheme: list[CountView]
    by_late: list[CountView]
    others: list[OtherBoardView]


class WarehouseView(View):
    id: str
    open: int
    late: int
    delivery_methods: list[str]
    href: Href


class DeliveryMethodView(View):
    id: str
    open: int
    late: int
    warehouses: list[str]
    href: Href


class PartView(View):
    """Some of a figure's rows, and the address that lists exactly them."""

    name: str
    count: int
    money: Annotated[list[MoneyView], Field(description="At risk, or to be refunded; per currency.")]
    pieces: Annotated[int | None, Field(description="Of postings.")]
    href: Href


class FigureView(View):
    name: Literal[
        "hand_over_today",
        "money_at_risk",
        "late",
        "error_index",
        "cannot_ship",
        "answer_today",
        "money",
        "awake",
    ]
    count: Annotated[int, Field(description="Rows of all its parts.")]
    money: list[MoneyView]
    yesterday: Annotated[int | None, Field(description="Its count a day before; null where none was kept.")]
    limit: Annotated[int | None, Field(description="Above it somebody should look.")]
    as_of: Annotated[Time | None, Field(description="How fresh it is; null: never read.")]
    definition: str
    parts: list[PartView]
    details: Annotated[dict[str, Any], Field(description="What belongs to this figure alone.")]


class MorningView(View):
    at: Time
    until: Annotated[Time, Field(description="The end of today in the seller's time zone.")]
    yesterday_at: Time | None
    figures: list[FigureView]
