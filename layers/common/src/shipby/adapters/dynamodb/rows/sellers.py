"""Settings, counted automatic actions, remembered answers."""

import functools
from datetime import timedelta

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item
from shipby.domain.remembered import RememberedResponse
from shipby.domain.sellers.settings import SellerSettings

CAP_KEPT = timedelta(days=7)


@functools.cache
def settings() -> Kind[SellerSettings]:
    return Kind("SETTINGS", Record(SellerSettings, as_told=("policy", "market")))


@functools.cache
def responses() -> Kind[RememberedResponse]:
    return Kind("IDEM", Record(RememberedResponse))


def response_item(response: RememberedResponse) -> Item:
    key = keys.remembered(response.seller, response.key)
    return responses().item(key, response, {"ttl": ttl(response.expires_at)})
