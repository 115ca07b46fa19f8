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
    inserts_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language -> what goes into the parcel of a buyer who reads it, instead of `inserts`."""
    note: str = ""
    """Told to the packer, such as how to wrap it."""
    product_type: str = ""
    """Which return policy holds for it."""
    supplier: str = ""
    """Who delivered it, for figures by supplier."""
    offer_id: str = ""
    """The seller's own article, where an order is to be held against it."""
    weight_g: int = 0
    """Of one piece as it is packed; 0 where nobody has said it."""
    sides_mm: tuple[int, ...] = ()
    """Its three sides, the longest first; () where nobody has said them."""

    def inserts_for(self, language: str) -> tuple[str, ...]:
        """What goes into the parcel of a buyer who reads this language."""
        return self.inserts_in.get(language, self.inserts)


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
    marks: tuple[str, ...] = ()
    """GTIN and serial of each piece whose mark was scanned in."""
    waits: str = ""
    """SKU of the piece whose mark is the next scan."""
    ask_marks: bool = False
    """Pieces are known by their marks here: entries that stand already are no reason not to ask for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """What is entered of one piece, as the marketplace is told it; "" where nothing is."""

    mark: str = ""
    """The whole mark, with its separators."""
    imei: tuple[str, ...] = ()
    uin: str = ""
    """The number of a piece of jewellery (УИН)."""
    gtd: str = ""
    """The number of its customs declaration (ГТД)."""
    gtd_absent: bool = False
    """It has none, and the seller says so."""
    rnpt: str = ""
    """The number of its batch (РНПТ)."""
    rnpt_absent: bool = False
    weight: str = ""
    """A decimal, in the unit in which the marketplace names its limits; it does not say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemplarSheet:
    """What is entered of the pieces of a posting; it has a row only once something is."""

    seller: str
    posting_number: str
    version: int
    pieces: Mapping[str, tuple[Exemplar, ...]] = field(default_factory=dict)
    """SKU -> its pieces, in the order in which they were entered."""
    intent: str = ""
    """The call that tells the marketplace of these entries; "" while they are not whole."""
    accepted: bool = False
    """The marketplace has checked these entries and lets the posting ship."""
    problem: str = ""
    """Why it did not, in its own words and codes."""
    by: str = ""
