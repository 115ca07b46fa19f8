"""The seller's own carriers."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.carriers.carrier import Carrier


@functools.cache
def carriers() -> Kind[Carrier]:
    return Kind("CARRIER", Record(Carrier))
