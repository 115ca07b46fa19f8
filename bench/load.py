"""The postings of a burst: all with one cut-off, each with the longest ladder a busy posting has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.adapters.dynamodb.rows import sellers as seller_rows
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.postings.posting import Alarm, Posting, RungKind
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a

VERSION = 6
"""Of a posting before the burst; its events are those of versions 1 to 6."""
SHARDS = 4


def seller_of(number: int, sellers: int) -> str:
    """Which seller has the posting with this number."""
    return f"seller-{number % sellers:03d}"


def name_of(number: int) -> str:
    """A posting number in the marketplace's form."""
    return f"{24_000_000 + number:08d}-0020-1"


def posting(number: int, cut_off: datetime, *, sellers: int) -> Posting:
    """A packed posting whose next alarm is its cut-off; after it come three priced steps and three more rungs."""
    base = a.full_posting()
    shift = cut_off - a.CUT_OFF
    return replace(
        base,
        seller=seller_of(number, sellers),
        number=name_of(number),
        version=VERSION,
        received_at=base.received_at + shift,
        synced_at=base.synced_at + shift,
        shipment_date=cut_off,
        without_delay=cut_off + timedelta(hours=24),
        delivery_by=cut_off + timedelta(days=6),
        rungs=tuple(replace(rung, due=rung.due + shift) for rung in base.rungs),
        fired={
            RungKind.CONFIRM_BY: a.NOW + timedelta(hours=2) + shift,
            RungKind.REMIND_AT: cut_off - timedelta(hours=4),
        },
        next_alarm=Alarm(due=cut_off, kind=RungKind.SHIPMENT_DATE),
        assembled_at=a.NOW + timedelta(hours=1, microseconds=1) + shift,
        label_ready_at=a.NOW + timedelta(hours=1, minutes=1, microseconds=123456) + shift,
        printed_at=a.NOW + timedelta(hours=3) + shift,
        late=False,
        tracking_number="",
        tracking_count=0,
        intent_count=1,
        open_intents=(),
    )


def posting_items(count: int, cut_off: datetime, *, sellers: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """The rows of postings `first` and following, as the real store writes them."""
    template = posting(0, cut_off, sellers=sellers)
    for number in range(first, first + count):
        one = replace(template, seller=seller_of(number, sellers), number=name_of(number))
        yield posting_rows.posting_item(one, SHARDS)


def settings_items(sellers: int) -> Iterator[dict[str, Any]]:
    """The settings rows of all sellers."""
    for number in range(sellers):
        settings = SellerSettings(seller=seller_of(number, sellers))
        yield seller_rows.settings().item(keys.settings(settings.seller), settings)


def event_item(one: Posting, at: datetime) -> dict[str, Any]:
    """The event row that a hand-written claim would put beside its update."""
    event = Event(
        type=EventType.POSTING_LATE,
        at=at,
        actor="system:alarm_worker",
        data={"rung": "shipment_date", "due": at.isoformat(), "cut_off": at.isoformat()},
    )
    return event_rows.event_item(one.seller, posting_ref(one.number), one.version + 1, 0, event, count=1)
