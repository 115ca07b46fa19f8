"""Splits, partial assembly and boxes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Request, Text, View

Pieces = Annotated[int, Field(ge=1, le=10_000)]
Products = Annotated[
    dict[str, Pieces], Field(min_length=1, max_length=200, description="SKU -> pieces.", examples=[{"149123456": 2}])
]


class SplitQuestionBody(Request):
    """What a parcel may be. What is left out limits nothing; weights and sizes come from the product cards."""

    max_weight_g: Annotated[int | None, Field(ge=1, le=10_000_000, description="Grams of one parcel.")] = None
    max_sides_mm: Annotated[
        list[Annotated[int, Field(ge=1, le=100_000)]] | None,
        Field(min_length=3, max_length=3, description="Its three sides in millimetres, in any order."),
    ] = None
    max_pieces: Annotated[int | None, Field(ge=1, le=10_000)] = None
    in_stock: Annotated[
        dict[str, Annotated[int, Field(ge=0, le=1_000_000)]],
        Field(
            default_factory=dict,
            max_length=200,
            description="SKU -> pieces that are there. What is not there goes into parcels of its own; of a SKU that "
            "is not named there is what the posting has reserved, or all of it where no stock is kept.",
        ),
    ]


class SplitBody(Request):
    parcels: Annotated[
        list[Products],
        Field(
            min_length=2,
            max_length=100,
            description="What goes into which parcel; every piece of the posting stands in exactly one.",
            examples=[[{"149123456": 1}, {"149123456": 1}]],
        ),
    ]
    reason: Annotated[Text, Field(description="Why; kept in the history.")] = ""


class ShipPartBody(Request):
    products: Annotated[Products, Field(description="What is assembled now: SKU -> pieces. The rest stays.")]
    reason: Annotated[Text, Field(description="Why; kept in the history.")] = ""


class BoxesBody(Request):
    boxes: Annotated[int, Field(ge=1, le=100, description="In how many boxes the goods are packed.")]


class SplitParcelView(View):
    products: Annotated[dict[str, int], Field(description="SKU -> pieces.")]
    weight_g: Annotated[int | None, Field(description="Null where the weight of a piece is not known.")]
    sides_mm: Annotated[
        list[int] | None,
        Field(description="Of its goods laid on each other, the longest first; null where the sides are not known."),
    ]
    waits: Annotated[bool, Field(description="True: its goods are not there yet.")]


class SplitProblemView(View):
    sku: str | None
    problem: Annotated[str, Field(description="What is wrong, and what to do.")]


class SplitProposalView(View):
    """Parcels that hold every piece once. Nothing was done: send them with POST …/split, or with …/ship."""

    posting_number: str
    version: Annotated[int, Field(description="Also the ETag: as If-Match it keeps the split from other goods.")]
    parcels: Annotated[list[SplitParcelView], Field(description="Empty where a problem leaves no way to tell.")]
    splits: Annotated[bool, Field(description="False: one parcel is enough.")]
    problems: list[SplitProblemView]
