"""The money of one posting: what was paid, what is reserved by intents, what was given back.

The marketplace pays the buyer back by itself after a cancel; only rFBS return actions move money by our call.
`reserved + refunded <= paid` holds in total and per line at every version of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from shipby.domain.errors import InvalidInputError, OverRefundError
from shipby.domain.money import Money

OBSERVED_CANCEL = "observed:cancel"
"""Key of the ledger entry for the money the marketplace paid back after a cancel; stored."""
OBSERVED_ITEMS = "observed:items"
"""Key of the entry for money paid back after a cancel of items, with the posting's version behind it; stored."""


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


class EntryKind(StrEnum):
    """What an amount is for."""

    REFUND = "refund"
    COMPENSATION = "compensation"
    """The buyer keeps the goods and gets a part of the price."""
    POSTAGE = "postage"
    """The buyer's costs of sending goods back: on top of the price, so it does not count against what was paid."""
    OBSERVED = "observed"
    """The marketplace paid by itself."""


class AccrualState(StrEnum):
    """Whether the marketplace's own accruals bear an entry out."""

    NONE = ""
    """Not compared yet."""
    MATCHES = "matches"
    DIFFERS = "differs"
    MISSING = "missing"
    """No accrual came within the time it takes."""
    AMBIGUOUS = "ambiguous"
    """An accrual may be of it, and of another refund as well: equal amounts are no proof."""
    NOT_COMPARABLE = "not_comparable"
    """What was charged is in another currency."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Who moves an amount, whose money it is, and which row of `shipby.domain.refunds.payers` says so."""

    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy
    rule: str = ""


BY_SELLER = Paid(ExecutedBy.SELLER, CostBorneBy.SELLER)
_POSTAGE = ":postage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement.

    Its key in the ledger is the intent's id (with `:postage` behind it for the postage), or `observed:<what>` for the
    marketplace's own.
    """

    minor: int
    state: EntryState
    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy
    lines: Mapping[str, int] = field(default_factory=dict)
    kind: EntryKind = EntryKind.REFUND
    at: datetime | None = None
    rule: str = ""
    """Which row of the table of who pays decided `executed_by` and `cost_borne_by`."""
    accrual: AccrualState = AccrualState.NONE
    accrued: int = 0
    """What the marketplace charged the seller for it, minor units; negative where it was a credit."""

    @property
    def charge_known(self) -> bool:
        """Whether `accrued` says something: it was compared, and could be."""
        return self.accrual not in (AccrualState.NONE, AccrualState.AMBIGUOUS, AccrualState.NOT_COMPARABLE)


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
    postage_reserved: int = 0
    """Return postage stands beside the price: it is limited by the seller's settings, not by what was paid."""
    postage: int = 0
    """Return postage given back."""
    lines: Mapping[str, LineBalance] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    family: tuple[str, ...] = ()
    """Postings split off from this one whose goods are not, or no longer, among what was paid here; sorted."""
    opened_at: datetime | None = None
    """When its first read was stored: what is read later lies after the split that made it. None in older rows."""
    without: tuple[str, ...] = ()
    """Relatives that its first read named: their goods, and what was paid for them, were never here."""

    @property
    def available(self) -> int:
        return self.paid - self.reserved - self.refunded

    def left_of_lines(self) -> dict[str, int]:
        """SKU -> minor units that are neither set aside nor given back, for the lines that have any."""
        left = {sku: line.paid - line.reserved - line.refunded for sku, line in self.lines.items()}
        return {sku: minor for sku, minor in left.items() if minor > 0}

    def reserve(
        self,
        key: str,
        amount: Money,
        *,
        lines: Mapping[str, int] | None = None,
        kind: EntryKind = EntryKind.REFUND,
        at: datetime | None = None,
        paid_by: Paid = BY_SELLER,
        postage: Money | None = None,
        postage_paid_by: Paid = BY_SELLER,
    ) -> MoneyLedger:
        """Set an amount aside for an intent, and the buyer's return postage beside it.

        Raises OverRefundError if less than that is left in total or of a line, InvalidInputError on another currency,
        on an amount that is not more than zero, on lines that are not the amount, or on a used key.
        """
        for one in (amount, *([postage] if postage else [])):
            if one.currency != self.currency:
                raise InvalidInputError(f"posting {self.number} was paid in {self.currency}, not {one.currency}")
            if one.minor <= 0:
                raise InvalidInputError("an amount to refund is more than zero")
        if key in self.entries or postage_key(key) in self.entries:
            raise InvalidInputError(f"{key} already has an entry in the ledger of {self.number}")
        if amount.minor > self.available:
            raise OverRefundError(
                f"{amount} is more than what is left of posting {self.number}: paid {Money(self.paid, self.currency)}, "
                f"reserved {Money(self.reserved, self.currency)}, refunded {Money(self.refunded, self.currency)}"
            )
        wanted = dict(lines or {})
        if wanted and (min(wanted.values()) <= 0 or sum(wanted.values()) != amount.minor):
            raise InvalidInputError(f"the lines of a refund are more than zero each and {amount} together")
        balances = dict(self.lines)
        for sku, minor in wanted.items():
            line = balances.get(sku)
            if line is None:
                raise InvalidInputError(f"posting {self.number} has no line with SKU {sku}")
            if minor > line.paid - line.reserved - line.refunded:
                raise OverRefundError(
                    f"line {sku} of posting {self.number} has less than {Money(minor, self.currency)} left"
                )
            balances[sku] = replace(line, reserved=line.reserved + minor)
        entries = {**self.entries, key: _entry(amount, kind, EntryState.RESERVED, paid_by, at, wanted)}
        if postage is not None:
            entries[postage_key(key)] = _entry(
                postage, EntryKind.POSTAGE, EntryState.RESERVED, postage_paid_by, at, lines={}
            )
        return replace(
            self,
            version=self.version + 1,
            reserved=self.reserved + amount.minor,
            postage_reserved=self.postage_reserved + (postage.minor if postage else 0),
            lines=balances,
            entries=entries,
        )

    def confirm(self, key: str, *, at: datetime | None = None) -> MoneyLedger:
        """Turn a reservation into a refund, with the postage beside it."""
        return self._finish(key, EntryState.REFUNDED, at)

    def release(self, key: str, *, at: datetime | None = None) -> MoneyLedger:
        """Give a reservation free again, with the postage beside it."""
        return self._finish(key, EntryState.RELEASED, at)

    def _finish(self, key: str, state: EntryState, at: datetime | None) -> MoneyLedger:
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
        entries = {**self.entries, key: replace(entry, state=state, at=at or entry.at)}
        beside = self.entries.get(postage_key(key))
        postage = 0
        if beside is not None:
            postage = beside.minor
            entries[postage_key(key)] = replace(beside, state=state, at=at or beside.at)
        return replace(
            self,
            version=self.version + 1,
            reserved=self.reserved - entry.minor,
            refunded=self.refunded + (entry.minor if refunded else 0),
            postage_reserved=self.postage_reserved - postage,
            postage=self.postage + (postage if refunded else 0),
            lines=balances,
            entries=entries,
        )

    def observe(
        self,
        key: str,
        minor: int,
        *,
        borne_by: CostBorneBy,
        lines: Mapping[str, int] | None = None,
        at: datetime | None = None,
        rule: str = "",
    ) -> MoneyLedger:
        """Book what the marketplace did by itself (after a cancel it pays the buyer back).

        Never more than what is left: an amount that is set aside for an intent is that intent's until it ends. `lines`
        count as far as something is left of them and only where they are the whole amount.
        """
        if key in self.entries:
            return self
        minor = min(minor, self.available)
        left = self.left_of_lines()
        booked = {sku: min(wanted, left.get(sku, 0)) for sku, wanted in (lines or {}).items()}
        booked = {sku: part for sku, part in booked.items() if part > 0}
        if sum(booked.values()) != minor:
            booked = {}
        balances = dict(self.lines)
        for sku, part in booked.items():
            balances[sku] = replace(balances[sku], refunded=balances[sku].refunded + part)
        entry = Entry(
            minor=minor,
            state=EntryState.REFUNDED,
            executed_by=ExecutedBy.MARKETPLACE,
            cost_borne_by=borne_by,
            lines=booked,
            kind=EntryKind.OBSERVED,
            at=at,
            rule=rule,
        )
        return replace(
            self,
            version=self.version + 1,
            refunded=self.refunded + minor,
            lines=balances,
            entries={**self.entries, key: entry},
        )


def postage_key(key: str) -> str:
    """Where the return postage that goes with an entry is booked."""
    return f"{key}{_POSTAGE}"


def intent_of(key: str) -> str:
    """The intent that an entry belongs to; of the marketplace's own the key itself."""
    return key.removesuffix(_POSTAGE)


def _entry(
    amount: Money, kind: EntryKind, state: EntryState, paid_by: Paid, at: datetime | None, lines: Mapping[str, int]
) -> Entry:
    return Entry(
        minor=amount.minor,
        state=state,
        executed_by=paid_by.executed_by,
        cost_borne_by=paid_by.cost_borne_by,
        lines=lines,
        kind=kind,
        at=at,
        rule=paid_by.rule,
    )
