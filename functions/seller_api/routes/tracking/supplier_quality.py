"""Supplier quality, as figures and as a table."""

from __future__ import annotations

from datetime import date

from functions.seller_api.operations import Call, Download, Operation, separator_for
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.supplier_report import QualityWanted, supplier_csv, supplier_report
from shipby.contracts.tracking.supplier_quality import SuppliersQuery

_DAYS = 30
"""Of a report whose first day is left out."""


def get_suppliers(call: Call) -> Answer:
    query = call.query_as(SuppliersQuery)
    last = query.last or call.clock.now().date()
    first = query.first or date.fromordinal(max(1, last.toordinal() - _DAYS + 1))
    wanted = QualityWanted(first=first, last=last, by=query.cuts)
    if query.format == "csv":
        separator = separator_for(call, query.separator)
        text = supplier_csv(call.seller, wanted, store=call.store, clock=call.clock, separator=separator)
        return Download(200, {}, text=text, name=f"supplier-quality-{first}-{last}.csv")
    return Answer(200, supplier_report(call.seller, wanted, store=call.store, clock=call.clock))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getSupplierQuality",
        method="GET",
        path="/v1/reports/suppliers",
        summary="Failed inspections and defect returns per 1,000 by supplier, product and month, with 95 % intervals",
        run=get_suppliers,
        answers="SupplierQualityView",
        query=SuppliersQuery,
        csv=True,
        description="At most 92 days, by the day on which orders were first seen. The supplier is the one on the "
        "product card. Groups of fewer than 20 samples are shown with their interval, not ranked.",
    ),
)
