"""Hold the movements of a ledger against the marketplace's accruals of the posting: which accrual is which movement.

An accrual names neither our call nor the return, so it is found by its type and amount. The order: the same kind and
amount, then the amount among all kinds of refund, then the amount among what has no known kind, then all that is left
of a kind together (one refund may be charged in several lines).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.ports.accruals import Accrual
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy, Entry, EntryKind, EntryState, MoneyLedger

DIFFERS_AFTER = timedelta(days=3)
"""Ours: an accrual may come in parts, so another amount is a difference only after that."""
MISSING_AFTER = timedelta(days=10)
"""Ours: the marketplace does not say when it charges; its books of a month are closed in the first days of the next."""

Kinds = Mapping[int, EntryKind | None]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the accruals say of one movement."""

    state: AccrualState
    accrued: int = 0

    def on(self, entry: Entry) -> Entry:
        """The entry with it: whoever was charged bore the cost; the marketplace's own refund without a charge is its
        own money."""
        borne_by = entry.cost_borne_by
        if self.accrued > 0:
            borne_by = CostBorneBy.SELLER
        elif entry.kind is EntryKind.OBSERVED and self.state is AccrualState.MATCHES:
            borne_by = CostBorneBy.MARKETPLACE
        return replace(entry, accrual=self.state, accrued=self.accrued, cost_borne_by=borne_by)


def compare_ledger(
    ledger: MoneyLedger, accruals: Sequence[Accrual], kinds: Kinds, *, now: datetime
) -> dict[str, Compared]:
    """The refunded movements that the accruals decide now; one that is missing here waits for its accrual."""
    pool = _charges(ledger, accruals, kinds)
    entries = {key: entry for key, entry in ledger.entries.items() if entry.state is EntryState.REFUNDED}
    found = _exact(entries, pool, kinds)
    left = {key: entry for key, entry in entries.items() if key not in found}
    for group in {_group(entry) for entry in left.values()}:
        mine = {key: entry for key, entry in left.items() if _group(entry) is group}
        charged = -sum(one.amount.minor for one in pool if kinds.get(one.type_id) is group)
        if charged and charged == sum(entry.minor for entry in mine.values()):
            found |= {key: Compared(AccrualState.MATCHES, entry.minor) for key, entry in mine.items()}
            continue
        for key, entry in mine.items():
            verdict = _late(entry, charged, now)
            if verdict is not None:
                found[key] = verdict
                charged = 0
    return found


def proves(ledger: MoneyLedger, key: str, accruals: Sequence[Accrual], kinds: Kinds) -> bool:
    """Whether an accrual of a known kind is left for a reserved movement once every refunded one has its own."""
    pool = [one for one in _charges(ledger, accruals, kinds) if kinds.get(one.type_id) is not None]
    _exact({k: entry for k, entry in ledger.entries.items() if entry.state is EntryState.REFUNDED}, pool, kinds)
    entry = ledger.entries[key]
    since = entry.at.date() if entry.at else None
    return any(
        -one.amount.minor == entry.minor
        and kinds.get(one.type_id) is _group(entry)
        and (since is None or (one.on is not None and one.on >= since))
        for one in pool
    )


def _group(entry: Entry) -> EntryKind:
    return EntryKind.REFUND if entry.kind is EntryKind.OBSERVED else entry.kind


def _charges(ledger: MoneyLedger, accruals: Sequence[Accrual], kinds: Kinds) -> list[Accrual]:
    """What was charged in the ledger's currency; a charge that was credited again counts for nothing."""
    ours = [one for one in accruals if one.amount.currency == ledger.currency]
    pool = [one for one in ours if one.amount.minor < 0]
    for credit in (one for one in ours if one.amount.minor > 0 and kinds.get(one.type_id) is not None):
        taken_back = next(
            (one for one in pool if one.type_id == credit.type_id and one.amount.minor == -credit.amount.minor), None
        )
        if taken_back is not None:
            pool.remove(taken_back)
    return pool


def _exact(entries: Mapping[str, Entry], pool: list[Accrual], kinds: Kinds) -> dict[str, Compared]:
    """Movements with an accrual of their own; those accruals are taken out of the pool."""
    found: dict[str, Compared] = {}
    rounds: tuple[Callable[[Entry, EntryKind | None], bool], ...] = (
        lambda entry, kind: kind is _group(entry),
        lambda _entry, kind: kind is not None,
        lambda _entry, kind: kind is None,
    )
    for fits in rounds:
        for key, entry in entries.items():
            if key in found:
                continue
            match = next(
                (one for one in pool if -one.amount.minor == entry.minor and fits(entry, kinds.get(one.type_id))),
                None,
            )
            if match is not None:
                pool.remove(match)
                found[key] = Compared(AccrualState.MATCHES, entry.minor)
    return found


def _late(entry: Entry, charged: int, now: datetime) -> Compared | None:
    age = now - entry.at if entry.at else MISSING_AFTER
    if charged and age >= DIFFERS_AFTER:
        return Compared(AccrualState.DIFFERS, charged)
    if age < MISSING_AFTER:
        return None
    # The marketplace's own refund without a charge is no riddle: the seller was not charged.
    observed = entry.kind is EntryKind.OBSERVED
    return Compared(AccrualState.MATCHES if observed else AccrualState.MISSING)
