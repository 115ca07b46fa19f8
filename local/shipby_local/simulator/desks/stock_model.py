"""What the marketplace knows of a seller's own stock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


def pair_key(client_id: str, warehouse_id: int, offer_id: str) -> str:
    """One article in one warehouse."""
    return f"{client_id}:{warehouse_id}:{offer_id}"


@dataclass(slots=True)
class Product:
    """An article of a seller. Stock can be set of those whose `refused_as` is empty."""

    client_id: str
    offer_id: str
    sku: int
    product_id: int
    refused_as: str = ""
    """The published code that setting its stock ends with, such as PRODUCT_IS_ARCHIVED."""

    @property
    def key(self) -> str:
        return f"{self.client_id}:{self.offer_id}"


@dataclass(slots=True)
class Stock:
    """What a warehouse has of an article: `present` with what is reserved."""

    client_id: str
    warehouse_id: int
    offer_id: str
    sku: int
    product_id: int
    updated_at: datetime
    present: int = 0
    reserved: int = 0
    set_at: datetime | None = None
    """When its seller last set it."""

    @property
    def key(self) -> str:
        return pair_key(self.client_id, self.warehouse_id, self.offer_id)

    @property
    def free(self) -> int:
        return max(0, self.present - self.reserved)


@dataclass(slots=True)
class Hold:
    """What a posting takes of stock: article -> pieces reserved. Once it has left, nothing is reserved any more."""

    number: str
    pieces: dict[str, int] = field(default_factory=dict)
    left: bool = False

    @property
    def key(self) -> str:
        return self.number
