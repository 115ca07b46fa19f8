"""Stock of one seller's own warehouses at the marketplace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipby.application.ports.pages import Page
    from shipby.domain.availability.places import Place, Refusal

PAIRS_A_CALL = 100
OFFERS_A_READ = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one pair of a call. Without a `refusal` it was taken, unless it is `unknown`."""

    place: Place
    refusal: Refusal | None = None
    code: str = ""
    """The marketplace's, as it came."""
    text: str = ""
    """The code with what it means."""
    unknown: bool = False
    """The answer does not say, or cannot be read: it may have been taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedStock:
    """One pair as the marketplace counts it."""

    place: Place
    present: int
    """All that it counts, reserved ones included."""
    reserved: int
    sku: str = ""
    free: int | None = None
    """`free_stock`: what may still be sold. None where it could not be read."""
    warehouse_name: str = ""

    @property
    def for_sale(self) -> int:
        """What may still be sold."""
        return self.present - self.reserved if self.free is None else self.free


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWarehouse:
    """A warehouse of the seller's, FBS or rFBS."""

    id: str
    name: str = ""
    status: str = ""
    """`created` is a working one."""
    paused: bool = False


class Stocks(Protocol):
    """Errors as `Marketplace`; `tell` raises OutcomeUnknownError where the numbers may have been taken."""

    def tell(self, amounts: Mapping[Place, int]) -> Sequence[Told]:
        """Set what is for sale (on hand without what is reserved) of 1 to PAIRS_A_CALL pairs, an outcome for each.

        The same pair may be told once in 30 seconds. Raises InvalidInputError, with nothing sent, for a number that is
        below 0 or not below STOCK_LIMIT.
        """

    def of_offers(self, offers: Sequence[str], *, cursor: str = "") -> Page[OfferedStock]:
        """Every warehouse that has something of 1 to OFFERS_A_READ articles; unknown articles are missing."""

    def warehouses(self) -> Sequence[OwnWarehouse]:
        """All of the seller's warehouses."""
