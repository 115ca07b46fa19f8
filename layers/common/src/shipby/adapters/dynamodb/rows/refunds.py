"""The ledger of a posting's money."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.refunds.ledger import MoneyLedger


@functools.cache
def ledgers() -> Kind[MoneyLedger]:
    return Kind("MONEY", Record(MoneyLedger))
