"""The backstop for lost pushes: hold the marketplace's own lists against the store and ask for what differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.application.poll_returns import poll_returns
from shipby.application.ports import Clock, Marketplace, Page, Store, WorkQueue
from shipby.application.route_events import sync_message
from shipby.domain.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting, Stage
from shipby.domain.skew import times_ahead

LOOK_BACK = timedelta(days=14)
READ_AGAIN = timedelta(hours=12)
"""After this long a posting in the house is read whole again, even if the lists show nothing new of it."""
AHEAD = timedelta(days=30)
"""Cut-offs of unfulfilled postings lie at most this far ahead."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one round saw: postings listed, postings that differed and were queued, rFBS returns and goods folded."""

    listed: int
    queued: int
    returns: int
    goods: int | None = 0
    """Entries of /v1/returns/list; None where the key may not read them."""


def is_stale(known: Posting | None, now: datetime) -> bool:
    """Whether a posting that is still in the house was last read whole so long ago that it is read again unasked, or
    any posting has times that lie ahead: a read puts them right.

    The lists name neither the offered actions nor every date; the audit of open orders expects a read a day.
    """
    if known is not None and times_ahead(known, now):
        return True
    if known is None or now - known.synced_at < READ_AGAIN:
        return False
    return known.stage in BEFORE_HAND_OVER or known.stage in (Stage.BLOCKED, Stage.EXPIRED)


def differs(known: Posting | None, facts: MarketplacePosting) -> bool:
    """Whether the list shows something of a posting that the store does not know."""
    return (
        known is None
        or known.status != facts.status
        or known.substatus != facts.substatus
        or (facts.shipment_date is not None and known.shipment_date != facts.shipment_date)
        or bool(facts.tracking_number and known.tracking_number != facts.tracking_number)
    )


def reconcile(
    seller: str,
    *,
    store: Store,
    marketplace: Marketplace,
    queue: WorkQueue,
    clock: Clock,
    look_back: timedelta = LOOK_BACK,
) -> Reconciled:
    """One polling round of a seller. Postings are only queued here: they are read one by one by the sync worker."""
    now = clock.now()
    queued = 0
    seen: set[str] = set()

    def look(page: Page[MarketplacePosting]) -> None:
        """Queue what differs at once: a round that is cut short later has still mended what it saw."""
        nonlocal queued
        fresh = {facts.number: facts for facts in page.items if facts.number not in seen}
        seen.update(fresh)
        known = {number: store.posting(seller, number) for number in fresh}
        different = [
            number for number, facts in fresh.items() if differs(known[number], facts) or is_stale(known[number], now)
        ]
        queue.send(sync_message(seller, number, hinted_at=now, why="poll") for number in different)
        queued += len(different)

    # First what still has to be sent, which is what a deadline hangs on; then everything else.
    cursor = ""
    while True:
        page = marketplace.unfulfilled(cutoff_from=now - look_back, cutoff_to=now + AHEAD, cursor=cursor)
        look(page)
        if page.cursor is None:
            break
        cursor = page.cursor
    cursor = ""
    while True:
        page = marketplace.postings(since=now - look_back, to=now, cursor=cursor)
        look(page)
        if page.cursor is None:
            break
        cursor = page.cursor
    polled = poll_returns(seller, store=store, marketplace=marketplace, queue=queue, clock=clock)
    return Reconciled(len(seen), queued, polled.rfbs, polled.goods)
