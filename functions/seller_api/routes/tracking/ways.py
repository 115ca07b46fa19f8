"""The way of parcels: carriers' tables in, journeys and silence out."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking import ways
from shipby.application.tracking.note_scans import import_scans
from shipby.contracts.base import Paged
from shipby.contracts.tracking.ways import ScansImportBody


def import_table(call: Call) -> Answer:
    body = call.body_as(ScansImportBody)
    return import_scans(
        call.seller,
        body.csv,
        body.time_zone,
        call.remember,
        dry_run=body.dry_run,
        store=call.store,
        clock=call.clock,
    )


def get_way(call: Call) -> Mapping[str, object]:
    return ways.posting_way(call.seller, call.path["number"], store=call.store, clock=call.clock)


def list_silent(call: Call) -> Mapping[str, object]:
    query = call.query_as(Paged)
    return ways.silent_parcels(call.seller, limit=query.limit, cursor=query.cursor, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/way",
        get_way,
        id="getPostingWay",
        summary="The way of a parcel: every number with its own journeys, ETA, progress, and what its silence says",
        answers="PostingWayView",
    ),
    read(
        "/v1/silent-parcels",
        list_silent,
        id="listSilentParcels",
        summary="Parcels in transit that are not scanned, delayed, lost, held or on their way back",
        answers="Listing[SilentParcelView]",
        query=Paged,
        description="A page may hold fewer items than `limit` although more follow: go on while there is a cursor.",
    ),
    Operation(
        id="importScans",
        method="POST",
        path="/v1/carrier-scans/import",
        summary="Keep what a carrier's table says of your numbers",
        run=import_table,
        answers="ScansImportView",
        body=ScansImportBody,
        description="At most 1000 rows, each judged for itself; the same row again changes nothing.",
    ),
)
