"""Moves of a ledger that hang on more than the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import OBSERVED_CANCEL, EntryKind, MoneyLedger
from shipby.domain.refunds.payers import circumstances, who_pays


def released(
    ledger: MoneyLedger, intent: str, posting: Posting | None, detail: MarketplacePosting | None, *, at: datetime
) -> MoneyLedger:
    """The ledger without the reservation; of a posting cancelled meanwhile it is the marketplace's that pays it."""
    free = ledger.release(intent, at=at)
    # Where everything was set aside when it was cancelled, nothing was left to book then.
    cancelled = OBSERVED_CANCEL in ledger.entries or (posting is not None and posting.status == "cancelled")
    if posting is None or not cancelled or free.available <= 0:
        return free
    rule = who_pays(circumstances(EntryKind.OBSERVED, posting, detail))
    booked = free.observe(
        f"{OBSERVED_CANCEL}:{intent}",
        free.available,
        borne_by=rule.cost_borne_by,
        lines=free.left_of_lines(),
        at=at,
        rule=rule.id,
    )
    return replace(booked, version=free.version)
