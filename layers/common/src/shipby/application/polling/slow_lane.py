"""Open postings that the marketplace's lists do not show any more are read again once a day.

The lists go back `reconcile.LOOK_BACK`; a parcel may be on its way for longer, and a late one may wait for longer. If
the push that would tell its end is lost, nothing else would ever read it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Reports
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, Stage

UNREAD_FOR = timedelta(hours=24)
REPORT = "slow-lane"
"""One row a day: how far the walk through the boards has come. One that did not end goes on the next day."""
A_VISIT = 1_000
"""Rows of the boards that one visit looks at: 288 visits a day reach 288,000 open postings of a seller."""
MOST_ASKED = 200
"""Postings that one visit asks for; the walk waits there."""
_STAGES = tuple(stage for stage in Stage if stage not in FINAL)


class _Store(PostingReads, Reports, Protocol):
    """What the walk reads and notes."""


def unlisted(seller: str, listed: Collection[str], *, store: _Store, now: datetime) -> list[str]:
    """Numbers to read: open postings that are in none of the lists and were not read for a day. A part of the boards a
    visit."""
    row = store.report(seller, REPORT, now.date()) or {}
    if row.get("done"):
        return []
    if not row:
        before = store.report(seller, REPORT, (now - timedelta(days=1)).date()) or {}
        row = {} if before.get("done") else before
    at, cursor = int(str(row.get("stage", 0))), row.get("cursor")
    wanted: list[str] = []
    left = A_VISIT
    while at < len(_STAGES) and left > 0 and len(wanted) < MOST_ASKED:
        page = store.worklist(seller, _STAGES[at], limit=min(left, 100), cursor=str(cursor) if cursor else None)
        left -= max(1, len(page.items))
        for item in page.items:
            if item.number in listed:
                continue
            known = store.posting(seller, item.number)
            if known is not None and known.stage not in FINAL and now - known.synced_at >= UNREAD_FOR:
                wanted.append(item.number)
        cursor = page.cursor
        at += cursor is None
    progress: Mapping[str, Json] = {"stage": at, "cursor": cursor, "done": at >= len(_STAGES)}
    store.save_report(seller, REPORT, now.date(), progress)
    return wanted
