"""Past the ramp: what the marketplace is told of a parcel, its number, its carrier and its way."""

from __future__ import annotations

from functions.seller_api.operations import Operation
from functions.seller_api.routes.tracking import carriers, numbers, reports, ways

OPERATIONS: tuple[Operation, ...] = (*reports.OPERATIONS, *numbers.OPERATIONS, *ways.OPERATIONS, *carriers.OPERATIONS)
