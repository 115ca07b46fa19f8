"""All operations of the API, by area."""

from __future__ import annotations

from functions.seller_api.operations import Operation
from functions.seller_api.routes import (
    account,
    bench,
    carriages,
    cases,
    clocks,
    deadlines,
    guard,
    labels,
    marketplace,
    money,
    picking,
    postings,
    products,
    refused_pages,
    returns,
    service,
    waves,
)

OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *postings.OPERATIONS,
    *bench.OPERATIONS,
    *picking.OPERATIONS,
    *products.OPERATIONS,
    *marketplace.OPERATIONS,
    *refused_pages.OPERATIONS,
    *labels.OPERATIONS,
    *returns.OPERATIONS,
    *money.OPERATIONS,
    *deadlines.OPERATIONS,
    *clocks.OPERATIONS,
    *guard.OPERATIONS,
    *cases.OPERATIONS,
    *carriages.OPERATIONS,
    *waves.OPERATIONS,
    *account.OPERATIONS,
)
