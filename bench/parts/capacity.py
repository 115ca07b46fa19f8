"""What DynamoDB bills for a read, and how much of an index one request reads, by its published rules.

Sources, all Amazon DynamoDB Developer Guide: "DynamoDB read and write operations" (a Query is one read of the sum of
its items, rounded up to the next 4 KB; an eventually consistent one costs half); "Paginating table query results" (a
request ends at 1 MB, or at `Limit`, before any filter); "DynamoDB item sizes and formats" (bytes of an item).
"""

from __future__ import annotations

READ_UNIT_BYTES = 4096
PAGE_BYTES = 1024 * 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Read units of one request that read `size` bytes; one that read nothing is billed like one of 4 KB."""
    whole = max(1, -(-size // READ_UNIT_BYTES))
    return float(whole) if consistent else whole / 2
