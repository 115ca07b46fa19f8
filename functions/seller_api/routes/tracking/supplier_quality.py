"""Supplier quality, as figures and as a table."""

from __future__ import annotations

from functions.seller_api.operations import Call, Operation
from functions.seller_api.routes.tracking.tables import answer, days_of
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.supplier_report import QualityWanted, supplier_csv, supplier_report
from shipby.contracts.tracking.supplier_quality import SuppliersQuery


def get_suppliers(call: Call) -> Answer:
    query = call.query_as(SuppliersQuery)
    first, last = days_of(call, query)
    wanted = QualityWanted(first=first, last=last, by=query.cuts)
    return answer(
        call,
        query,
        "supplier-quality",
        figures=lambda: supplier_report(call.seller, wanted, store=call.store, clock=call.clock),
        table=lambda sign: supplier_csv(call.seller, wanted, store=call.store, clock=call.clock, separator=sign),
    )


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
