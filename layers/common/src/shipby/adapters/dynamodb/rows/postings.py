"""Postings, what the marketplace says of them, and their tracking numbers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.postings.posting import MarketplacePosting, Posting, with_newest
from shipby.domain.postings.tracking import TrackingChange

if TYPE_CHECKING:
    from shipby.domain.deadlines.priority import OpenPosting, StatedPrices

__all__ = ["details", "posting_item", "postings", "tracking_changes", "with_newest"]


@functools.cache
def postings() -> Kind[Posting]:
    renamed = {"number": "posting_number", "shipment_date": "cut_off"}
    return Kind("POSTING", Record(Posting, rename=renamed, flat_alarm=True))


@functools.cache
def details() -> Kind[MarketplacePosting]:
    return Kind("DETAIL", Record(MarketplacePosting))


@functools.cache
def open_postings() -> Kind[OpenPosting]:
    """Part of a posting's item."""
    from shipby.domain.deadlines.priority import OpenPosting

    return Kind("POSTING", Record(OpenPosting, rename={"number": "posting_number"}))


@functools.cache
def stated_prices() -> Kind[StatedPrices]:
    """Part of a detail's item."""
    from shipby.domain.deadlines.priority import StatedPrices

    return Kind("DETAIL", Record(StatedPrices))


@functools.cache
def tracking_changes() -> Kind[TrackingChange]:
    return Kind("TRACKING", Record(TrackingChange))


def posting_item(posting: Posting, shards: int) -> Item:
    key = keys.posting(posting.seller, posting.number)
    columns = (
        index_keys.worklist(posting.seller, posting.stage, posting.cut_off, posting.number)
        | index_keys.received(posting.seller, posting.received_at, posting.number)
        | alarm_columns(key, posting.next_alarm, shards)
    )
    return postings().item(key, posting, columns)
