"""Postings, what the marketplace says of them, and their tracking numbers."""

import functools

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.postings.posting import MarketplacePosting, Posting, with_newest
from shipby.domain.postings.tracking import TrackingChange

__all__ = ["details", "posting_item", "postings", "tracking_changes", "with_newest"]


@functools.cache
def postings() -> Kind[Posting]:
    renamed = {"number": "posting_number", "shipment_date": "cut_off"}
    return Kind("POSTING", Record(Posting, rename=renamed, flat_alarm=True))


@functools.cache
def details() -> Kind[MarketplacePosting]:
    return Kind("DETAIL", Record(MarketplacePosting))


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
