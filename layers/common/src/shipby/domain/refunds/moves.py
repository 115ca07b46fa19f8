"""Moves of a ledger that hang on more than the ledger: on its posting, or on another ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import (
    OBSERVED_CANCEL,
    OBSERVED_ITEMS,
    AccrualState,
    EntryKind,
    EntryState,
    LineBalance,
    MoneyLedger,
)
from shipby.domain.refunds.payers import circumstances, who_pays


def left_of_own(ledger: MoneyLedger, facts: MarketplacePosting | None, *, parts_unread: bool) -> dict[str, int] | None:
    """SKU -> minor units that are left of the goods that a posting still holds; None: of all that its ledger has.

    While parts that a split made are not read, their money is still in the ledger: it is theirs, whatever becomes of
    the rest.
    """
    if not parts_unread or facts is None or any(line.price is None for line in facts.lines):
        return None
    worth: dict[str, int] = {}
    for line in facts.lines:
        if line.price is not None:
            worth[line.sku] = worth.get(line.sku, 0) + (line.price * line.quantity).minor
    left = ledger.left_of_lines()
    return {sku: min(minor, left[sku]) for sku, minor in worth.items() if left.get(sku)}


def released(
    ledger: MoneyLedger,
    intent: str,
    posting: Posting | None,
    detail: MarketplacePosting | None,
    *,
    at: datetime,
    parts_unread: bool = False,
) -> MoneyLedger:
    """The ledger without the reservation; of a posting cancelled meanwhile it is the marketplace's that pays it."""
    free = ledger.release(intent, at=at)
    # Where everything was set aside when it was cancelled, nothing was left to book then.
    cancelled = OBSERVED_CANCEL in ledger.entries or (posting is not None and posting.status == "cancelled")
    if posting is None or not cancelled or free.available <= 0:
        return free
    rule = who_pays(circumstances(EntryKind.OBSERVED, posting, detail))
    own = left_of_own(free, detail, parts_unread=parts_unread)
    booked = free.observe(
        f"{OBSERVED_CANCEL}:{intent}",
        free.available if own is None else sum(own.values()),
        borne_by=rule.cost_borne_by,
        lines=free.left_of_lines() if own is None else own,
        at=at,
        rule=rule.id,
    )
    return replace(booked, version=free.version)


def split_off(parent: MoneyLedger, child: MoneyLedger) -> tuple[MoneyLedger, MoneyLedger]:
    """Both ledgers after the goods of `child` have left `parent`: what was paid for them goes along, once.

    What is set aside or given back already stays with the parent: the child has only what is left of its goods and of
    the whole, so the family never gives back more than was paid. Goods that the parent's ledger does not know were
    never part of it. In another currency nothing can be moved.
    """
    if child.number in parent.family or child.currency != parent.currency:
        return parent, child
    left, had, has = parent.left_of_lines(), dict(parent.lines), dict(child.lines)
    # What was given back without a line is nobody's: the lines together may have more left than the whole.
    whole = max(parent.available, 0)
    for sku, line in child.lines.items():
        if sku not in had:
            continue
        free = child.left_of_lines().get(sku, 0)
        moved = min(free, left.get(sku, 0), whole)
        whole -= moved
        had[sku] = replace(had[sku], paid=had[sku].paid - moved)
        has[sku] = replace(line, paid=line.paid - free + moved)
    paid = parent.paid - sum(line.paid for line in parent.lines.values()) + sum(line.paid for line in had.values())
    return (
        replace(
            parent,
            version=parent.version + 1,
            paid=paid,
            lines={sku: line for sku, line in had.items() if line != LineBalance(paid=0)},
            family=tuple(sorted({*parent.family, child.number})),
        ),
        child
        if has == child.lines
        else replace(child, version=child.version + 1, paid=sum(line.paid for line in has.values()), lines=has),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A posting of a family: its ledger, and what the goods cost that it holds. `worth` None: nobody can tell."""

    ledger: MoneyLedger
    worth: Mapping[str, int] | None

    @property
    def spare(self) -> dict[str, int]:
        """SKU -> minor units that are left beyond what its goods cost: of goods that went elsewhere."""
        whole = max(self.ledger.available, 0)
        if self.worth is None:
            return {}
        over = {sku: left - self.worth.get(sku, 0) for sku, left in self.ledger.left_of_lines().items()}
        return {sku: min(minor, whole) for sku, minor in over.items() if min(minor, whole) > 0}

    @property
    def lacks(self) -> dict[str, int]:
        """SKU -> minor units of goods that it holds and has no money of."""
        paid = self.ledger.lines
        lacking = {sku: minor - (paid[sku].paid if sku in paid else 0) for sku, minor in (self.worth or {}).items()}
        return {sku: minor for sku, minor in lacking.items() if minor > 0}

    def plus(self, sku: str, minor: int, *, told_of: str = "") -> Relative:
        """With so much more paid for a line (less, where it is negative); `told_of` is accounted with from now on."""
        ledger = self.ledger
        line = ledger.lines.get(sku, LineBalance(paid=0))
        lines = {**ledger.lines, sku: replace(line, paid=line.paid + minor)}
        family = tuple(sorted({*ledger.family, *([told_of] if told_of else [])}))
        kept = {each: balance for each, balance in lines.items() if balance != LineBalance(paid=0)}
        return replace(self, ledger=replace(ledger, paid=ledger.paid + minor, lines=kept, family=family))


def claimed(
    own: Relative, relatives: Mapping[str, Relative], *, given: Collection[str], together: Collection[str]
) -> tuple[Relative, dict[str, Relative]]:
    """A ledger that was opened just now, and those of its relatives, with its money in one of them only.

    What a relative has beyond its goods is the new one's. Where that is not enough, a relative that is not accounted
    with the new one was read before the goods left it: then it gives, and the new one has no more than it gets.
    `given`: SKUs whose money its parent has handed over. `together`: relatives that were split off beside it.
    """
    found, number = dict(relatives), own.ledger.number
    for sku, free in own.ledger.left_of_lines().items():
        wanted = 0 if sku in given else free
        # Who is accounted with the new one already never had its money: it was read after the goods had left it.
        unaware = [name for name, each in relatives.items() if number not in each.ledger.family]
        for name in unaware:
            if moved := min(wanted, found[name].spare.get(sku, 0)):
                found[name], wanted = found[name].plus(sku, -moved, told_of=number), wanted - moved
        before = [name for name in unaware if name not in together and sku in found[name].ledger.lines]
        for name in before:
            ledger = found[name].ledger
            if moved := min(wanted, ledger.left_of_lines().get(sku, 0), max(ledger.available, 0)):
                found[name], wanted = found[name].plus(sku, -moved, told_of=number), wanted - moved
        if before and wanted:
            own = own.plus(sku, -wanted)
    return own, found


def evened(own: Relative, relatives: Mapping[str, Relative]) -> tuple[Relative, dict[str, Relative]]:
    """A family after one of it was read: what one has beyond its goods goes to who holds those goods without money."""
    own, found = _not_gone(own), dict(relatives)
    for name in relatives:
        for sku, lacking in own.lacks.items():
            if moved := min(lacking, found[name].spare.get(sku, 0)):
                own, found[name] = own.plus(sku, moved), found[name].plus(sku, -moved, told_of=own.ledger.number)
        for sku, lacking in found[name].lacks.items():
            if moved := min(lacking, own.spare.get(sku, 0)):
                own, found[name] = own.plus(sku, -moved, told_of=name), found[name].plus(sku, moved)
    return own, found


def _not_gone(own: Relative) -> Relative:
    """Without what was booked as paid back for pieces that only moved: they turned up in a part, with their money.

    That shows where a posting holds more than its money and what was booked so allow. What the marketplace charged is
    no mistake of ours.
    """
    ledger = own.ledger
    for key, entry in ledger.entries.items():
        if not key.startswith(OBSERVED_ITEMS) or entry.state is not EntryState.REFUNDED or len(entry.lines) != 1:
            continue
        sku, minor = next(iter(entry.lines.items()))
        line = ledger.lines.get(sku)
        if line is None or entry.accrual is not AccrualState.NONE or line.refunded < minor:
            continue
        if (own.worth or {}).get(sku, 0) - (line.paid - _items_gone(ledger, sku)) >= minor:
            ledger = replace(
                ledger,
                refunded=ledger.refunded - minor,
                lines={**ledger.lines, sku: replace(line, refunded=line.refunded - minor)},
                entries={**ledger.entries, key: replace(entry, state=EntryState.RELEASED)},
            )
    return replace(own, ledger=ledger)


def _items_gone(ledger: MoneyLedger, sku: str) -> int:
    """What is booked as paid back for pieces of an SKU that are gone from the posting."""
    gone = [
        entry.lines.get(sku, 0)
        for key, entry in ledger.entries.items()
        if key.startswith(OBSERVED_ITEMS) and entry.state is EntryState.REFUNDED
    ]
    return sum(gone)
