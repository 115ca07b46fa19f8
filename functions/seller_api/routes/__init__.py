"""All operations of the API, by area."""

from __future__ import annotations

from functions.seller_api.operations import Operation
from functions.seller_api.routes import (
    account,
    bench,
    cases,
    clocks,
    deadlines,
    guard,
    labels,
    marketplace,
    money,
    postings,
    returns,
    service,
)

OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *postings.OPERATIONS,
    *bench.OPERATIONS,
    *marketplace.OPERATIONS,
    *labels.OPERATIONS,
    *returns.OPERATIONS,
    *money.OPERATIONS,
    *deadlines.OPERATIONS,
    *clocks.OPERATIONS,
    *guard.OPERATIONS,
    *cases.OPERATIONS,
    *account.OPERATIONS,
)
