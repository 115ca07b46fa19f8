"""Product cards: where products lie, what their barcodes are, how they are packed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shipby.contracts.base import Request, View
from shipby.domain.labels.options import HandlingMark

Sku = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[0-9A-Za-z._-]+$", examples=["149123456"])]


class ProductBody(Request):
    """The whole card: read it, change it, send all of it back."""

    sku: Annotated[str | None, Field(max_length=60, description="Comes with GET; the address decides.")] = None
    version: Annotated[int | None, Field(description="Comes with GET; not looked at here, If-Match decides.")] = None
    bin: Annotated[
        str, Field(max_length=40, description="Where it lies; sorted as people read it.", examples=["A-2-14"])
    ] = ""
    barcodes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60)]],
        Field(default_factory=list, max_length=20, description="What a scanner reads off the product."),
    ]
    marks: Annotated[list[HandlingMark], Field(default_factory=list, max_length=4)]
    inserts: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=120)]],
        Field(
            default_factory=list,
            max_length=10,
            description="What goes into the parcel with it. No contact data: the marketplace forbids it in inserts.",
        ),
    ]
    inserts_in: Annotated[
        dict[Literal["ru", "zh", "en", "kk"], list[Annotated[str, Field(min_length=1, max_length=120)]]],
        Field(
            default_factory=dict,
            description="Inserts for buyers of a language, in place of `inserts`; insert_language of the settings says "
            "which. No contact data either.",
        ),
    ]
    note: Annotated[str, Field(max_length=300, description="Told to the packer.")] = ""
    product_type: Annotated[str, Field(max_length=60, description="Which return policy holds for it.")] = ""
    supplier: Annotated[str, Field(max_length=100, description="Who delivered it, for figures by supplier.")] = ""
    offer_id: Annotated[
        str, Field(max_length=100, description="Your own article, where orders are to be held against it.")
    ] = ""
    weight_g: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="Grams of one piece as it is packed; null if not known.")
    ] = None
    sides_mm: Annotated[
        list[Annotated[int, Field(ge=1, le=20_000)]] | None,
        Field(min_length=3, max_length=3, description="Its three sides in millimetres, in any order."),
    ] = None


class ProductsBody(Request):
    """Rows of a spreadsheet."""

    cards: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1,
            max_length=500,
            description="Each like the body of PUT with its sku. Each is checked and saved by itself.",
            examples=[[{"sku": "149123456", "bin": "A-2-14", "barcodes": ["4601234567893"]}]],
        ),
    ]


class ProductCardView(View):
    """A product card."""

    sku: str
    version: Annotated[int, Field(description="Counts changes; also the ETag.")]
    bin: str
    barcodes: list[str]
    marks: list[HandlingMark]
    inserts: list[str]
    inserts_in: dict[str, list[str]]
    note: str
    product_type: str
    supplier: str
    offer_id: str
    weight_g: int | None
    sides_mm: Annotated[list[int] | None, Field(description="The longest first.")]


class ImportedCardView(View):
    index: Annotated[int, Field(description="Its place in `cards`, from 0.")]
    sku: str
    result: Literal["saved", "unchanged", "problem"]
    problem: str | None
    version: int | None


class ImportView(View):
    """What became of each card; nothing is half applied."""

    items: list[ImportedCardView]
    saved: int
    unchanged: int
    problems: int
