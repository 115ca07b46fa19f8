"""The money of one posting: what was paid, what is reserved by intents, what was given back.

The marketplace pays the buyer back by itself after a cancel; only rFBS return actions move money by our call.
`reserved + refunded <= paid` holds in total and per line at every version of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shipby.domain.errors import InvalidInputError, OverRefundError
from shipby.domain.money import Money


class EntryState(StrEnum):
    """Whether an amount is set aside, given back to the buyer, or free again."""

    RESERVED = "reserved"
    REFUNDED = "refunded"
    RELEASED = "released"


class ExecutedBy(StrEnum):
    """Who moved the money."""

    MARKETPLACE = "marketplace"
    SELLER = "seller"


class CostBorneBy(StrEnum):
    """Whose money it was in the end, as far as it is known."""

    MARKETPLACE = "marketplace"
    SELLER = "seller"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement. Its key in the ledger is the intent's id, or `observed:<what>` for the marketplace's own."""

    minor: int
    state: EntryState
    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBalance:
    """What was paid for one product line, and what of it is set aside or given back; minor units."""

    paid: int
    reserved: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLedger:
    """All amounts are minor units of `currency`."""

    seller: str
    number: str
    version: int
    currency: str
    paid: int
    reserved: int = 0
    refunded: int = 0
    lines: Mapping[str, LineBalance] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def available(self) -> int:
        return self.paid - self.reserved - self.refunded

    def reserve(self, key: str, amount: Money, *, lines: Mapping[str, int] | None = None) -> MoneyLedger:
        """Set an amount aside for an intent.

        Raises OverRefundError if less than that is left, InvalidInputError on another currency or a used key.
        """
        if amount.currency != self.currency:
            raise InvalidInputError(f"posting {self.number} was paid in {self.currency}, not {amount.currency}")
        if amount.minor <= 0:
            raise InvalidInputError("an amount to refund is more than zero")
        if key in self.entries:
            raise InvalidInputError(f"{key} already has an entry in the ledger of {self.number}")
        if amount.minor > self.available:
            raise OverRefundError(
                f"{amount} is more than what is left of posting {self.number}: paid {Money(self.paid, self.currency)}, "
                f"reserved {Money(self.reserved, self.currency)}, refunded {Money(self.refunded, self.currency)}"
            )
        balances = dict(self.lines)
        for sku, minor in (lines or {}).items():
            line = balances.get(sku)
            if line is None:
                raise InvalidInputError(f"posting {self.number} has no line with SKU {sku}")
            if minor > line.paid - line.reserved - line.refunded:
                raise OverRefundError(
                    f"line {sku} of posting {self.number} has less than {Money(minor, self.currency)} left"
                )
            balances[sku] = replace(line, reserved=line.reserved + minor)
        entry = Entry(
            minor=amount.minor,
            state=EntryState.RESERVED,
            executed_by=ExecutedBy.SELLER,
            cost_borne_by=CostBorneBy.SELLER,
            lines=dict(lines or {}),
        )
        return replace(
            self,
            version=self.version + 1,
            reserved=self.reserved + amount.minor,
            lines=balances,
            entries={**self.entries, key: entry},
        )

    def confirm(self, key: str) -> MoneyLedger:
        """Turn a reservation into a refund."""
        return self._finish(key, EntryState.REFUNDED)

    def release(self, key: str) -> MoneyLedger:
        """Give a reservation free again."""
        return self._finish(key, EntryState.RELEASED)

    def _finish(self, key: str, state: EntryState) -> MoneyLedger:
        entry = self.entries.get(key)
        if entry is None or entry.state is not EntryState.RESERVED:
            raise InvalidInputError(f"{key} has no open reservation in the ledger of {self.number}")
        balances = dict(self.lines)
        refunded = state is EntryState.REFUNDED
        for sku, minor in entry.lines.items():
            line = balances[sku]
            balances[sku] = replace(
                line, reserved=line.reserved - minor, refunded=line.refunded + (minor if refunded else 0)
            )
        return replace(
            self,
            version=self.version + 1,
            reserved=self.reserved - entry.minor,
            refunded=self.refunded + (entry.minor if refunded else 0),
            lines=balances,
            entries={**self.entries, key: replace(entry, state=state)},
        )

    def observe(self, key: str, minor: int, *, borne_by: CostBorneBy) -> MoneyLedger:
        """Book what the marketplace did by itself (after a cancel it pays the buyer back)."""
        if key in self.entries:
            return self
        minor = min(minor, self.available)
        entry = Entry(
            minor=minor, state=EntryState.REFUNDED, executed_by=ExecutedBy.MARKETPLACE, cost_borne_by=borne_by
        )
        return replace(
            self, version=self.version + 1, refunded=self.refunded + minor, entries={**self.entries, key: entry}
        )
