"""Pools and what they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import ActorName, MoneyView, Paged, Query, Request, Text, View

StockSku = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^/#]+$",
        description="Your article (offer_id), or the marketplace's SKU; without '/' and '#'.",
        examples=["TEA-CUP-02"],
    ),
]
PoolId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["main"])]
PoolName = Annotated[
    str,
    Field(
        max_length=100,
        description="A pool of your own, or `shop:pool` of another shop that has opened its pool to you.",
        examples=["main", "other-shop:main"],
    ),
]


class OfPool(Query):
    pool: PoolName = "main"


class MovementsQuery(Paged):
    pool: PoolName = "main"


class StockQuery(Paged):
    """Which SKUs are listed; a page may show fewer than its limit, and is the last one only without next_cursor."""

    pool: PoolName = "main"
    free_at_most: Annotated[int | None, Field(ge=0, description="Only SKUs of which no more than that are free.")] = (
        None
    )
    quarantined: Annotated[bool | None, Field(description="Only SKUs with, or without, pieces set aside.")] = None
    kits: Annotated[bool | None, Field(description="Only kits, or only what is none.")] = None


class MovementBody(Request):
    """Goods that a person moves."""

    kind: Annotated[
        Literal["receipt", "correction", "write_off", "quarantine", "unquarantine", "stock_take"],
        Field(
            description="stock_take: `quantity` is what was counted on the shelf, picked pieces not among them, and "
            "If-Match is the version that was counted."
        ),
    ]
    quantity: Annotated[
        int,
        Field(ge=-10_000_000, le=10_000_000, description="Whole pieces; only a correction may be negative."),
    ]
    reason: Annotated[Text, Field(description="Why; a receipt and a stock-take may do without.")] = ""
    from_quarantine: Annotated[bool, Field(description="Of a write-off: the pieces are in quarantine.")] = False


class KitBody(Request):
    """What a kit is made of; nothing: it is no kit any more."""

    components: Annotated[
        dict[StockSku, Annotated[int, Field(ge=1, le=1000)]],
        Field(max_length=50, description="SKU -> pieces in one kit.", examples=[{"CUP-1": 1, "SPOON-1": 2}]),
    ]


class PoolBody(Request):
    name: Annotated[Text, Field(max_length=100)] = ""
    shops: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60)]],
        Field(
            default_factory=list,
            max_length=50,
            description="Other shops that may sell from it and move its goods, once their settings name it too.",
        ),
    ]


class PoolView(View):
    """Goods that shops sell from."""

    pool: Annotated[str, Field(description="How this shop names it.")]
    owner: str
    own: bool
    version: int
    name: str
    shops: Annotated[list[str], Field(description="Told to the owner only.")]


class StockItemView(View):
    """What a pool holds of an SKU."""

    sku: str
    pool: str
    owner: str
    version: Annotated[int, Field(description="Counts movements; also the ETag.")]
    on_hand: Annotated[int, Field(description="Pieces in the house that may be sold, reserved ones among them.")]
    reserved: Annotated[int, Field(description="Promised to postings.")]
    picked: Annotated[int, Field(description="Of those reserved, off their shelf.")]
    on_shelf: Annotated[int, Field(description="What a stock-take finds.")]
    free: Annotated[int, Field(description="What may still be promised; of a kit, what its components make.")]
    quarantine: Annotated[int, Field(description="Set aside, beside those on hand.")]
    components: Annotated[dict[str, int], Field(description="Of a kit; empty of anything else.")]


class MovementView(View):
    """One movement; numbers that did not change are left out of `change`."""

    number: int
    kind: str | None
    at: datetime
    actor: str
    actor_name: ActorName = None
    reason: str | None
    shop: str | None
    posting_number: str | None
    cause: str | None
    change: dict[str, int]
    after: dict[str, int]
    free_before: int | None
    free: int | None
    components: dict[str, int] | None


class GoodsLineView(View):
    sku: str
    wanted: int
    reserved: int
    picked: int
    sent: int
    short: int
    parts: Annotated[dict[str, int], Field(description="What one is made of; of what is no kit, itself.")]


class GoodsChoiceView(View):
    """One way on for a posting that lacks pieces."""

    move: Literal["send_part", "wait", "cancel"]
    offered: bool
    how: str
    costs: MoneyView | None
    until: datetime | None
    note: str | None


class PostingGoodsView(View):
    """What a posting has of the stock that is kept."""

    posting_number: str
    version: int
    stock: Annotated[
        Literal["pending", "reserved", "short", "consumed", "released"] | None,
        Field(description="null: its goods are not kept."),
    ]
    pool: str | None
    lines: list[GoodsLineView]
    choices: Annotated[list[GoodsChoiceView], Field(description="Only while it is short.")]


class MissingBody(Request):
    """Pieces that are reserved for a posting and cannot be sent."""

    kind: Annotated[
        Literal["missing", "defective"],
        Field(description="missing: not there, written off. defective: set aside in quarantine."),
    ]
    sku: Annotated[StockSku, Field(description="The piece itself: of a kit, its component.")]
    quantity: Annotated[int, Field(ge=1, le=10_000)]
    reason: Annotated[Text, Field(min_length=1, description="What was found; kept in the history.")]
