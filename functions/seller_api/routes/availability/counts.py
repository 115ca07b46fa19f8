"""Counts from a file, CSV or Excel."""

from __future__ import annotations

from functions.seller_api.operations import Call, Operation
from shipby.adapters.workbooks import lines_of_base64
from shipby.application.availability.count_files import CountFile
from shipby.application.availability.count_files import import_counts as book
from shipby.application.shared.idempotency import Answer
from shipby.application.shared.tables import csv_lines
from shipby.contracts.availability.counts import CountFileBody


def import_counts(call: Call) -> Answer:
    body = call.body_as(CountFileBody)
    file = CountFile(
        shop=call.seller,
        pool=body.pool,
        lines=csv_lines(body.csv) if body.csv else lines_of_base64(body.xlsx),
        field="csv" if body.csv else "xlsx",
        actor=call.actor,
        reason=body.reason,
        dry_run=body.dry_run,
    )
    return book(file, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="importStockCounts",
        method="POST",
        path="/v1/stock-counts",
        summary="Counts from a file, CSV or Excel: every row is judged, and all are booked if none is refused",
        run=import_counts,
        answers="CountFileView",
        body=CountFileBody,
        description="At most 500 rows. `dry_run` (the default) books nothing. What a spreadsheet did to a cell is told "
        "in its row: rounded, a formula, a date. Two rows of one article are both refused. Sent again it goes on.",
    ),
)
