"""Moves of a ledger that hang on more than the ledger: on its posting, or on another ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import OBSERVED_CANCEL, EntryKind, LineBalance, MoneyLedger
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
