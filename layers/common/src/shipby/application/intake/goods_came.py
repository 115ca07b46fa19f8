"""Goods became free: postings that wait for them are read again, the one that leaves first before all others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from shipby.application.ports.store import Store
from shipby.application.ports.writes import NoteWaiting
from shipby.domain.errors import ShipbyError
from shipby.domain.postings.posting import StockMark

MOST_AT_ONCE = 50
"""Postings of one wake. Who is left over is woken by the next movement, or by any read of its own."""
_NEVER = datetime.max.replace(tzinfo=UTC)


def goods_came(owner: str, pool: str, sku: str, *, store: Store, read: Callable[[str, str], object]) -> str:
    """Have the postings that wait for an SKU read, as long as any of it is free; `read` takes shop and number.

    One that fails takes none of the others with it; the first failure is raised at the end, so that the message comes
    again for it.
    """
    waiting = store.waiting(owner, pool, sku, limit=MOST_AT_ONCE)
    postings = {one: store.posting(one.shop, one.posting_number) for one in waiting}
    failures: list[ShipbyError] = []
    woken = 0
    in_order = sorted(postings.items(), key=lambda pair: (pair[1] and pair[1].cut_off) or _NEVER)
    for one, posting in in_order:
        item = store.stock_items(owner, pool, [sku]).get(sku)
        if item is None or item.free <= 0:
            break
        if posting is None or posting.stock not in (StockMark.SHORT, StockMark.PENDING):
            store.commit([NoteWaiting(one, over=True)])
            continue
        try:
            read(one.shop, one.posting_number)
            woken += 1
        except ShipbyError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return "woken" if woken else "nobody_waits"
