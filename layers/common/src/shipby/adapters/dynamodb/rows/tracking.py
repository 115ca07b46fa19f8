"""What carriers said of tracking numbers."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.tracking.scans import Scan


@functools.cache
def scans() -> Kind[Scan]:
    return Kind("SCAN", Record(Scan))
