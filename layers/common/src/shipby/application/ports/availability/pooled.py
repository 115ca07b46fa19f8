"""What is free in pools, and which shops sell from them: all that telling needs of the ledger of stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FreeStock(Protocol):
    """Pools are named by their owner and id; an SKU of a pool is the article (`offer_id`) that shops sell."""

    def shops(self, owner: str, pool: str) -> Mapping[str, Sequence[str]]:
        """Shop -> its warehouses that sell from the pool, by the marketplace's ids; "*" is each that is not named."""

    def named(self, shop: str) -> Sequence[str]:
        """The warehouses of a shop that sell from a pool by name, whichever pool."""

    def with_kits(self, owner: str, pool: str, sku: str) -> Sequence[str]:
        """The SKU, and the kits that it is in: all whose free number a movement of it changes."""

    def free(self, owner: str, pool: str, skus: Sequence[str]) -> Mapping[str, int]:
        """SKU -> what may still be promised; those that the pool does not keep are missing."""

    def reserved(self, owner: str, pool: str, skus: Sequence[str]) -> Mapping[str, int]:
        """SKU -> pieces promised to postings of all shops, those within kits among them; kits are missing."""

    def pools_of(self, shop: str) -> Sequence[tuple[str, str]]:
        """The pools (owner, id) that a shop sells from."""

    def skus(self, owner: str, pool: str) -> Sequence[str]:
        """All that a pool keeps, kits included."""
