"""Pools: goods that several shops and warehouses sell from."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.domain.errors import InvalidInputError

ANY_WAREHOUSE = "*"
"""Every warehouse of a shop that is not named by itself."""
_BETWEEN = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Goods of one owner. A shop sells from it where both say so: the owner names the shop here, and the shop names the
    pool in its settings (`stock_pools`)."""

    seller: str
    """The owner: the shop that made it."""
    id: str
    version: int
    name: str = ""
    shops: tuple[str, ...] = ()
    """Other shops that may sell from it."""

    @property
    def ref(self) -> PoolRef:
        return PoolRef(self.seller, self.id)

    def open_to(self, shop: str) -> bool:
        return shop == self.seller or shop in self.shops


@dataclass(frozen=True, slots=True)
class PoolRef:
    """Names one pool of one owner."""

    owner: str
    pool: str

    @property
    def text(self) -> str:
        """As settings and answers write it."""
        return f"{self.owner}{_BETWEEN}{self.pool}"


def pool_ref(text: str, shop: str) -> PoolRef:
    """The pool that a shop names: `main` is its own, `other-shop:main` another shop's. Raises InvalidInputError."""
    owner, between, pool = text.rpartition(_BETWEEN)
    if not pool or (between and not owner):
        raise InvalidInputError(f"{text[:60]!r} names no pool", errors=[("pool", "write it like main, or shop:main")])
    return PoolRef(owner or shop, pool)
