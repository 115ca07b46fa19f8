"""A posting that waits for goods."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One SKU that a posting lacks pieces of."""

    seller: str
    """The pool's owner."""
    pool: str
    sku: str
    """A plain one: of a kit, the component that is missing."""
    shop: str
    posting_number: str
