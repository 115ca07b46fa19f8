"""Moves of a ledger that hang on more than the ledger: on its posting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import OBSERVED_CANCEL, EntryKind, MoneyLedger
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
