"""All operations of the API, by area."""

from __future__ import annotations

from functions.seller_api.operations import Operation
from functions.seller_api.routes import (
    account,
    bench,
    cancel_requests,
    carriages,
    cases,
    claims,
    clocks,
    deadlines,
    evidence,
    guard,
    labels,
    marketplace,
    money,
    picking,
    postings,
    products,
    reports,
    returns,
    service,
    shadow,
    tracking,
)

OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *postings.OPERATIONS,
    *bench.OPERATIONS,
    *picking.OPERATIONS,
    *products.OPERATIONS,
    *marketplace.OPERATIONS,
    *tracking.OPERATIONS,
    *labels.OPERATIONS,
    *returns.OPERATIONS,
    *evidence.OPERATIONS,
    *cancel_requests.OPERATIONS,
    *money.OPERATIONS,
    *deadlines.OPERATIONS,
    *clocks.OPERATIONS,
    *guard.OPERATIONS,
    *cases.OPERATIONS,
    *claims.OPERATIONS,
    *reports.OPERATIONS,
    *shadow.OPERATIONS,
    *carriages.OPERATIONS,
    *account.OPERATIONS,
)
