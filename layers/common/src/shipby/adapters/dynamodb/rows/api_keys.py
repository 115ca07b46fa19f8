"""Keys of the sellers' API: all that the authorizer reads."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.sellers.keys import ApiKey


@functools.cache
def api_keys() -> Kind[ApiKey]:
    return Kind("APIKEY", Record(ApiKey))
