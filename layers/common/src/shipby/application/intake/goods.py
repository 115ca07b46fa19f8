"""What a read of a posting does to the goods that it wants, in the transaction of the read; nothing where none are
kept. A posting that lacks pieces has a case until it lacks them no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.cases.opening import closing, opening
from shipby.application.ports.matters import Cases
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.domain.actors import STOCK
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.fold import Folded
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import PermanentError
from shipby.domain.postings.posting import MarketplacePosting, Posting, StockMark
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings


def with_goods(
    folded: Folded | None,
    known: Posting | None,
    facts: MarketplacePosting,
    before: MarketplacePosting | None,
    settings: SellerSettings,
    *,
    store: Store,
    now: datetime,
    later: bool,
) -> tuple[Folded | None, tuple[Write, ...]]:
    """What a read makes of the posting that was `known` (None: nothing) with what becomes of its goods, and the writes
    of that.

    `before`: what was said of it so far. `later`: many want the same goods at this moment; they are left to the next
    read, which follows at once.
    """
    posting = folded.posting if folded is not None else known
    if posting is None or (posting.stock is None and not settings.stock_pools):
        return folded, ()
    if folded is None and facts.read_at < posting.synced_at:
        return None, ()
    from shipby.application.stock.reserving import Change, settle_goods  # only where stock is kept: cold starts

    same = before is not None and before.lines == facts.lines and not facts.related_numbers
    change = Change(before=known, after=posting, at=now, actor=STOCK)
    try:
        settled = settle_goods(change, facts, settings, store=store, same=same, later=later)
    except PermanentError as error:
        # Books that do not agree are a person's matter; the posting is stored all the same.
        return folded, _not_settled(posting, error, settings, store=store, now=now) if folded is not None else ()
    if settled is None:
        return folded, ()
    lacking = {line.sku: line.short for line in settled.reservation.lines if line.short} if settled.reservation else {}
    case = short_case(settled.posting, known, lacking, settings, store=store, now=now)
    base = folded or Folded(rewind(replace(posting, version=posting.version + 1, synced_at=facts.read_at)), ())
    marked = replace(base.posting, stock=settled.posting.stock)
    return replace(base, posting=marked, events=(*base.events, *settled.events)), (*settled.writes, *case)


def _not_settled(
    posting: Posting, error: PermanentError, settings: SellerSettings, *, store: Cases, now: datetime
) -> tuple[Write, ...]:
    _, writes = opening(
        store,
        seller=posting.seller,
        kind=CaseKind.STOCK_SHORT,
        subject=f"{posting.number} books",
        reason=f"the goods of posting {posting.number} could not be settled: {error}. Count them",
        owner=owner_of(posting, settings),
        now=now,
        actor=STOCK,
    )
    return tuple(writes)


def short_case(
    posting: Posting,
    known: Posting | None,
    lacking: dict[str, int],
    settings: SellerSettings,
    *,
    store: Cases,
    now: datetime,
    actor: str = STOCK,
) -> list[Write]:
    """What opens the case of a posting that lacks pieces, or closes it."""
    was = known.stock if known is not None else None
    seller, kind, subject = posting.seller, CaseKind.STOCK_SHORT, posting.number
    if posting.stock is StockMark.SHORT:
        if was is StockMark.SHORT:
            return []
        missing = ", ".join(f"{count} of {sku}" for sku, count in sorted(lacking.items()))
        reason = (
            f"posting {posting.number} lacks {missing}: the pool has no more. GET /v1/postings/{posting.number}/stock "
            "shows what may be done: send a part, wait until goods come (they are reserved by themselves), or cancel, "
            "with its price"
        )
        owner = owner_of(posting, settings)
        return opening(
            store, seller=seller, kind=kind, subject=subject, reason=reason, owner=owner, now=now, actor=actor
        )[1]
    # Unsettled for a moment: it may have been short before.
    if was not in (StockMark.SHORT, StockMark.PENDING):
        return []
    if posting.stock is StockMark.PENDING:
        return []
    resolution = f"it lacks nothing any more: its goods are {posting.stock or 'not kept'}"
    return closing(store, seller=seller, kind=kind, subject=subject, resolution=resolution, now=now, actor=actor)
