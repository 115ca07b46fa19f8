"""Marks that a seller has ready for pieces of a product: uploaded once, each used once, free again after a cancel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipby.domain.packing.marks import GS


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMark:
    """One mark of a pool. `posting_number` is whose it is; "" while it is free."""

    seller: str
    sku: str
    code: str
    """The whole mark in its one form."""
    at: datetime
    """When it was uploaded."""
    by: str
    posting_number: str = ""

    @property
    def identity(self) -> str:
        """GTIN and serial."""
        return self.code.partition(GS)[0]
