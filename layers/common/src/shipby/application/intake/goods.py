"""What a read of a posting does to the goods that it wants, in the transaction of the read; nothing where none are
kept. A posting that lacks pieces has a case until it lacks them no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.cases.opening import closing, opening
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.domain.actors import STOCK
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.fold import Folded
from shipby.domain.events import Event
from shipby.domain.postings.posting import MarketplacePosting, Posting, StockMark
from shipby.domain.proof.open_orders import owner_of
from shipby.domain.sellers.settings import SellerSettings


@dataclass(frozen=True, slots=True)
class Goods:
    """The mark that the posting gets, what is told, and writes of the same transaction."""

    mark: StockMark | None
    events: tuple[Event, ...]
    writes: tuple[Write, ...]


def goods_of(
    known: Posting | None,
    folded: Folded | None,
    facts: MarketplacePosting,
    before: MarketplacePosting | None,
    settings: SellerSettings,
    *,
    store: Store,
    now: datetime,
    later: bool = False,
) -> Goods | None:
    """What becomes of the goods of a posting that was just read; None where nothing does.

    `folded`: what the read makes of the posting, None where it changes nothing; `before`: what was said of it so far.
    `later`: many want the same goods at this moment, so they are left to the next read, which follows at once.
    """
    posting = folded.posting if folded is not None else known
    if posting is None or (posting.stock is None and not settings.stock_pools):
        return None
    if folded is None and facts.read_at < posting.synced_at:
        return None
    from shipby.application.stock.reserving import Change, settle_goods  # only where stock is kept: cold starts

    same = before is not None and before.lines == facts.lines and not facts.related_numbers
    settled = settle_goods(
        Change(before=known, after=posting, at=now, actor=STOCK),
        facts,
        settings.stock_pools,
        store=store,
        same=same,
        later=later,
    )
    if settled is None:
        return None
    lacking = {line.sku: line.short for line in settled.reservation.lines if line.short} if settled.reservation else {}
    case = short_case(settled.posting, known, lacking, settings, store=store, now=now)
    return Goods(settled.posting.stock, settled.events, (*settled.writes, *case))


def with_mark(folded: Folded, goods: Goods | None) -> Folded:
    """The folded posting with its mark, and with what is told of its goods behind everything else."""
    if goods is None:
        return folded
    posting = replace(folded.posting, stock=goods.mark)
    return replace(folded, posting=posting, events=(*folded.events, *goods.events))


def short_case(
    posting: Posting,
    known: Posting | None,
    lacking: dict[str, int],
    settings: SellerSettings,
    *,
    store: Store,
    now: datetime,
    actor: str = STOCK,
) -> list[Write]:
    """What opens the case of a posting that lacks pieces, or closes it."""
    was = known is not None and known.stock is StockMark.SHORT
    seller, kind, subject = posting.seller, CaseKind.STOCK_SHORT, posting.number
    if posting.stock is StockMark.SHORT:
        if was:
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
    if not was:
        return []
    resolution = f"it lacks nothing any more: its goods are {posting.stock or 'not kept'}"
    return closing(store, seller=seller, kind=kind, subject=subject, resolution=resolution, now=now, actor=actor)
