"""Read a posting from the marketplace and fold what it says into the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.book_outcome import book_outcome
from shipby.application.cancel_items import price_of_items, quantities
from shipby.application.label_voiding import void_labels
from shipby.application.ports import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    Clock,
    Marketplace,
    SaveDetail,
    SaveMoney,
    SavePosting,
    Store,
    Write,
)
from shipby.application.retry import decide_anew
from shipby.domain.errors import NotFoundError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.fold import MARKETPLACE, Folded, fold, open_ledger, receive
from shipby.domain.inbox import PushState
from shipby.domain.json_types import Json
from shipby.domain.ladder import rewind
from shipby.domain.ledger import EntryKind
from shipby.domain.payers import circumstances, who_pays
from shipby.domain.posting import MarketplacePosting, Posting
from shipby.domain.records import SellerSettings

SKEW = timedelta(seconds=1)
"""How far the clocks of two of our own workers may lie apart."""
TRACKING = "tracking"
"""Kind of the pointer from a tracking number to its posting."""
OBSERVED_CANCEL = "observed:cancel"
"""Key of the ledger entry for the money the marketplace paid back after a cancel."""
OBSERVED_ITEMS = "observed:items"
"""The same for a cancel of some items, with the posting's version behind it."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did: created, changed, unchanged, coalesced, or unknown to the marketplace."""

    outcome: str
    posting: Posting | None = None
    related: tuple[str, ...] = ()
    """Numbers the marketplace relates to this posting (a split) that are not known yet."""


def sync_posting(
    seller: str, number: str, *, hinted_at: datetime | None, store: Store, marketplace: Marketplace, clock: Clock
) -> Synced:
    """Re-read one posting and apply the facts.

    Skipped (coalesced) if the posting was read after the hint came. A number the marketplace does not know
    quarantines the pushes that named it.
    """
    known = store.posting(seller, number)
    if known is not None and hinted_at is not None and known.synced_at > hinted_at + SKEW:
        return Synced("coalesced", known)
    try:
        facts = marketplace.posting(number)
    except NotFoundError:
        if known is not None:
            raise
        _quarantine(seller, number, hinted_at, store=store)
        return Synced("unknown")
    return apply_facts(seller, facts, store=store, clock=clock)


def apply_facts(seller: str, facts: MarketplacePosting, *, store: Store, clock: Clock) -> Synced:
    """Fold one read of the marketplace into the store, whoever made it."""
    settings = store.settings(seller) or SellerSettings(seller=seller)

    def once() -> Synced:
        known = store.posting(seller, facts.number)
        now = clock.now()
        if known is None:
            folded: Folded | None = receive(facts, seller=seller, settings=settings, at=now)
        else:
            folded = fold(known, facts, settings, at=now) or _details_moved(known, facts, store, at=now)
        if folded is None:
            assert known is not None  # noqa: S101  # only fold() returns None
            if facts.read_at > known.synced_at:
                store.mark_synced(seller, facts.number, facts.read_at)
            return Synced("unchanged", known)
        posting, voided, void = void_labels(folded.posting, facts, store=store, now=now, actor=MARKETPLACE)
        folded = replace(folded, posting=posting, events=(*folded.events, *voided))
        writes = [*_writes(seller, folded, facts, first=known is None, store=store), *void]
        if known is not None:
            # The marketplace saw it leave where nobody scanned it.
            writes += book_outcome(known, folded.posting, now, tariff=facts.tariff_steps)
        store.commit(writes)
        return Synced("created" if known is None else "changed", folded.posting)

    synced = decide_anew(once)
    related = tuple(number for number in facts.related_numbers if store.posting(seller, number) is None)
    return Synced(synced.outcome, synced.posting, related)


def _details_moved(known: Posting, facts: MarketplacePosting, store: Store, *, at: datetime) -> Folded | None:
    """What is offered or required may change while status and dates stand: people and intents decide from it."""
    if facts.read_at < known.synced_at:
        return None
    detail = store.detail(known.seller, known.number)
    if detail is not None and replace(detail, read_at=facts.read_at) == facts:
        return None
    data: dict[str, Json] = {"status": facts.status, "substatus": facts.substatus}
    event = Event(type=EventType.POSTING_CHANGED, at=at, actor=MARKETPLACE, reason="details", data=data)
    changed = rewind(replace(known, version=known.version + 1, synced_at=facts.read_at))
    return Folded(changed, (event,))


def _writes(seller: str, folded: Folded, facts: MarketplacePosting, *, first: bool, store: Store) -> list[Write]:
    posting = folded.posting
    writes: list[Write] = [
        SavePosting(posting),
        SaveDetail(seller, facts),
        AppendEvents(seller, posting_ref(posting.number), posting.version, folded.events),
    ]
    kept = None if first else store.money(seller, posting.number)
    # The first read may come without products: the ledger opens with the first read that has them.
    ledger = kept or open_ledger(facts, seller=seller)
    gone = {} if first or ledger is None or folded.cancelled else _cancelled_lines(seller, facts, store)
    if ledger is not None and (folded.cancelled or gone) and ledger.available > 0:
        rule = who_pays(circumstances(EntryKind.OBSERVED, posting, facts))
        booked = ledger.observe(
            OBSERVED_CANCEL if folded.cancelled else f"{OBSERVED_ITEMS}.{posting.version}",
            ledger.available if folded.cancelled else sum(gone.values()),
            borne_by=rule.cost_borne_by,
            lines=ledger.left_of_lines() if folded.cancelled else gone,
            at=facts.read_at,
            rule=rule.id,
        )
        # A ledger that is born and booked in one transaction is still its first version.
        writes.append(SaveMoney(booked if kept else replace(booked, version=1)))
    elif ledger is not None and kept is None:
        writes.append(SaveMoney(ledger))
    elif kept is not None and folded.cancelled:
        # Nothing is left to book. Saved all the same: what an intent frees meanwhile is booked by whoever comes second.
        writes.append(SaveMoney(replace(kept, version=kept.version + 1)))
    if folded.tracking is not None:
        writes.append(AppendTracking(folded.tracking))
        # Several postings may travel in one parcel: the marketplace may repeat a number, we may not.
        if store.find(seller, TRACKING, folded.tracking.new) in (None, posting.number):
            writes.append(ClaimPointer(seller, TRACKING, folded.tracking.new, posting.number))
    return writes


def _cancelled_lines(seller: str, facts: MarketplacePosting, store: Store) -> dict[str, int]:
    """SKU -> what was paid for the pieces that are gone from a posting: cancelled, so paid back by the marketplace.

    Pieces that moved into another posting (a split) are not gone.
    """
    before = store.detail(seller, facts.number)
    if before is None or not facts.lines or not set(facts.related_numbers) <= set(before.related_numbers):
        return {}
    had, have = quantities(before), quantities(facts)
    fewer = {sku: count - have.get(sku, 0) for sku, count in had.items() if have.get(sku, 0) < count}
    prices = {sku: price_of_items(before, {sku: count}) for sku, count in fewer.items()}
    return {sku: price.minor for sku, price in prices.items() if price is not None}


def _quarantine(seller: str, number: str, hinted_at: datetime | None, *, store: Store) -> None:
    if hinted_at is None:
        return
    cursor: str | None = None
    while True:
        page = store.pushes_on(seller, hinted_at.date(), cursor=cursor)
        for push in page.items:
            if push.posting_number == number and push.state is PushState.RECEIVED:
                store.quarantine_push(push, "the marketplace does not know this posting number")
        cursor = page.cursor
        if cursor is None:
            return
