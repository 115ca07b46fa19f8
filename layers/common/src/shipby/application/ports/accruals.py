"""What the marketplace charged or credited per posting, as the comparison of the ledgers needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shipby.domain.money import Money
    from shipby.domain.refunds.ledger import EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """One line of a posting's accruals. A negative amount was charged to the seller, a positive one credited."""

    type_id: int
    amount: Money
    on: date | None = None
    sku: str = ""
    quantity: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualType:
    """A kind of accrual, and which movement of our ledger it is, as far as its name tells."""

    id: int
    name: str
    kind: EntryKind | None = None
    """REFUND (ours or the marketplace's own), COMPENSATION or POSTAGE; None: something else, or unknown."""


class Accruals(Protocol):
    """Reads of one seller's account. Errors are those of `Marketplace`."""

    def postings(self, numbers: Sequence[str]) -> Mapping[str, tuple[Accrual, ...]]:
        """Posting number -> its accruals; a posting without any is missing."""

    def types(self) -> tuple[AccrualType, ...]: ...
