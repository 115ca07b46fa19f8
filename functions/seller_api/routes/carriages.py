"""Close the day: carriages, scanning parcels into them, approval, papers and the three-way difference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

from functions.seller_api.operations import Call, Operation, read
from shipby.application.carriages import closing_the_day as carriages
from shipby.application.carriages import scans as carriage_scans
from shipby.application.shared.idempotency import Answer
from shipby.contracts.carriages import (
    ApproveCarriageBody,
    CancelCarriageBody,
    CarriageBody,
    CarriagesQuery,
    CloseDayBody,
    ContainersBody,
    ParcelScanBody,
    as_day,
)
from shipby.domain.errors import InvalidInputError


def _day(text: str) -> date:
    found = as_day(text)
    if found is None:
        raise InvalidInputError("there is no such day", errors=[("departure", "write it like 2026-11-22")])
    return found


def request_carriage(call: Call) -> Answer:
    body = call.body_as(CarriageBody)
    return carriages.request_carriage(
        call.seller,
        body.delivery_method_id,
        _day(body.departure),
        body.posting_numbers,
        call.actor,
        call.remember,
        store=call.store,
        clock=call.clock,
    )


def close_day(call: Call) -> Answer:
    wanted = call.body_as(CloseDayBody).departure
    day = _day(wanted) if wanted else None
    return carriages.close_day(call.seller, day, call.actor, call.remember, store=call.store, clock=call.clock)


def list_carriages(call: Call) -> Mapping[str, object]:
    query = call.query_as(CarriagesQuery)
    return carriages.list_carriages(
        call.seller, open_only=query.open, limit=query.limit, cursor=query.cursor, store=call.store
    )


def get_carriage(call: Call) -> Mapping[str, object]:
    return carriages.get_carriage(call.seller, call.path["id"], store=call.store, documents=call.documents)


def get_difference(call: Call) -> Mapping[str, object]:
    return carriages.get_difference(call.seller, call.path["id"], store=call.store)


def scan_parcel(call: Call) -> Answer:
    code = call.body_as(ParcelScanBody).code
    return carriage_scans.scan_parcel(
        call.seller, call.path["id"], code, call.actor, call.remember, store=call.store, clock=call.clock
    )


def approve_carriage(call: Call) -> Answer:
    body = call.body_as(ApproveCarriageBody)
    wish = carriages.Approval(
        seller=call.seller,
        id=call.path["id"],
        actor=call.actor,
        accept_difference=body.accept_difference,
        reason=body.reason,
        use_scans=body.use_scans,
    )
    return carriages.approve_carriage(wish, call.remember, store=call.store, clock=call.clock)


def cancel_carriage(call: Call) -> Answer:
    reason = call.body_as(CancelCarriageBody).reason
    return carriages.cancel_carriage(
        call.seller, call.path["id"], reason, call.actor, call.remember, store=call.store, clock=call.clock
    )


def set_containers(call: Call) -> Answer:
    count = call.body_as(ContainersBody).count
    return carriages.set_containers(
        call.seller, call.path["id"], count, call.actor, call.remember, store=call.store, clock=call.clock
    )


_post = partial(Operation, method="POST")

OPERATIONS: tuple[Operation, ...] = (
    _post(
        id="requestCarriage",
        path="/v1/carriages",
        summary="Begin the carriage of a delivery method and day",
        run=request_carriage,
        answers="CarriageView",
        body=CarriageBody,
        status=202,
        description="Made at the marketplace within seconds. One may be open per delivery method and day.",
    ),
    _post(
        id="closeDay",
        path="/v1/carriages/close-day",
        summary="Begin a carriage for every delivery method that has packed postings",
        run=close_day,
        answers="CloseDayView",
        body=CloseDayBody,
        status=202,
        description="Each holds exactly the packed postings of its method. Approval stays a step of its own.",
    ),
    read(
        "/v1/carriages",
        list_carriages,
        id="listCarriages",
        summary="Carriages with something left to do, oldest first",
        answers="Listing[CarriageView]",
        query=CarriagesQuery,
    ),
    read(
        "/v1/carriages/{id}",
        get_carriage,
        id="getCarriage",
        summary="A carriage with its postings, barcode and papers",
        answers="CarriageDetailView",
        etag=True,
    ),
    read(
        "/v1/carriages/{id}/difference",
        get_difference,
        id="getCarriageDifference",
        summary="Our scans, the act and the carrier's first scans, held against each other",
        answers="CarriageDifferenceView",
        description="As our records have it now. The marketplace is asked one hour after approval, then daily for "
        "three days while something differs; a difference also opens a case.",
    ),
    _post(
        id="scanParcel",
        path="/v1/carriages/{id}/scans",
        summary="Scan a parcel into the hand-over",
        run=scan_parcel,
        answers="CarriageScanView",
        body=ParcelScanBody,
        etag=True,
        description="Refused with the reason if it must not leave: cancelled, expired, not packed, of another delivery "
        "method, with a void label, or scanned already.",
    ),
    _post(
        id="approveCarriage",
        path="/v1/carriages/{id}/approve",
        summary="Close the carriage: its act and barcode are made; this cannot be taken back",
        run=approve_carriage,
        answers="CarriageView",
        body=ApproveCarriageBody,
        status=202,
        etag=False,
        description="If scans and carriage differ, `errors` of the refusal names each posting and what to do.",
    ),
    _post(
        id="cancelCarriage",
        path="/v1/carriages/{id}/cancel",
        summary="Delete a carriage that is not approved yet",
        run=cancel_carriage,
        answers="CarriageView",
        body=CancelCarriageBody,
        status=202,
    ),
    _post(
        id="setCarriageContainers",
        path="/v1/carriages/{id}/containers",
        summary="Hand it over in cargo places; their labels come with its papers",
        run=set_containers,
        answers="CarriageView",
        body=ContainersBody,
        etag=True,
        description="Only for warehouses with trusted acceptance, and before approval.",
    ),
)
