"""All operations of the API, a module an area. Nothing is imported here: a call loads the one area it belongs to."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions.seller_api.operations import Operation

    OPERATIONS: tuple[Operation, ...]
    """All of them, for the document and the tests; every area is loaded."""

AREAS = (
    "service",
    "postings",
    "overview.search",
    "overview.figures",
    "bench",
    "picking",
    "products",
    "availability.offers",
    "availability.counts",
    "availability.supply",
    "packing.marks",
    "marketplace",
    "validation.checks",
    "shapes.splits",
    "tracking.reports",
    "tracking.numbers",
    "tracking.jobs",
    "tracking.options",
    "tracking.replacements",
    "tracking.exceptions",
    "tracking.ways",
    "tracking.purchases",
    "tracking.supplier_quality",
    "tracking.scorecards",
    "tracking.choice",
    "tracking.carriers",
    "stock.goods",
    "stock.postings",
    "labels",
    "returns",
    "evidence",
    "cancel_requests",
    "money",
    "deadlines",
    "clocks",
    "guard",
    "cases",
    "claims",
    "reports",
    "shadow",
    "carriages",
    "account",
    "webhooks.endpoints",
    "people.people",
    "people.keys",
    "people.sessions",
)
"""In the order of the document. A new one: its name here, then `python -m tools.openapi`."""


def __getattr__(name: str) -> Any:
    if name != "OPERATIONS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(each for area in AREAS for each in import_module(f"{__name__}.{area}").OPERATIONS)
