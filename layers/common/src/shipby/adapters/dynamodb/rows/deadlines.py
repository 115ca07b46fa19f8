"""Outcomes of postings."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.deadlines.outcome import Outcome


@functools.cache
def outcomes() -> Kind[Outcome]:
    return Kind("OUTCOME", Record(Outcome))
