"""What the bench knows of a product, and what it checked of a posting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipby.domain.labels.options import HandlingMark


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCard:
    """What the warehouse knows of a product: where it lies, what its barcodes are, how it is handled."""

    seller: str
    sku: str
    """The marketplace's SKU."""
    version: int
    bin: str = ""
    barcodes: tuple[str, ...] = ()
    """What a scanner reads off the product (EAN-13 and the like)."""
    marks: tuple[HandlingMark, ...] = ()
    inserts: tuple[str, ...] = ()
    """What goes into the parcel with it: a manual, a card."""
    note: str = ""
    """Told to the packer, such as how to wrap it."""
    product_type: str = ""
    """Which return policy holds for it."""
    supplier: str = ""
    """Who delivered it, for figures by supplier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchCheck:
    """What was scanned into a posting's parcel so far."""

    seller: str
    posting_number: str
    version: int
    scanned: Mapping[str, int] = field(default_factory=dict)
    """SKU -> pieces."""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    by: str = ""
