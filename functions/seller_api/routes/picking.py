"""Picking, the check at the bench that unlocks a label, and what is known of single pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.intents import enter_exemplars as enter
from shipby.application.intents.assemble import WaveWish, ship_wave
from shipby.application.packing import bench_checks, pick_lists, share_picking
from shipby.application.packing.pick_lists import PickFilter, wanted_numbers
from shipby.application.shared.idempotency import Answer
from shipby.contracts.picking import (
    BinBody,
    ClaimLinesBody,
    ExemplarBody,
    ExemplarsBody,
    PickingQuery,
    PickListBody,
    ResetScansBody,
    ScanBody,
    WaveBody,
)
from shipby.domain.errors import InvalidInputError
from shipby.domain.packing.cards import Exemplar
from shipby.domain.postings.posting import Stage


def print_pick_list(call: Call) -> Answer:
    body = call.body_as(PickListBody)
    wanted = PickFilter(
        stage=body.stage or Stage.CONFIRMED,
        due_before=body.due_before,
        warehouse_id=body.warehouse_id,
        limit=body.limit,
    )
    wish = pick_lists.PickListWish(
        seller=call.seller,
        actor=call.actor,
        numbers=tuple(body.posting_numbers or ()),
        wanted=None if body.posting_numbers else wanted,
        size=body.size,
        language=body.language,
    )
    return pick_lists.request_pick_list(wish, call.remember, store=call.store, clock=call.clock)


def get_picking(call: Call) -> Mapping[str, object]:
    query = call.query_as(PickingQuery)
    wanted = PickFilter(
        stage=query.stage, due_before=query.due_before, warehouse_id=query.warehouse_id, limit=query.limit
    )
    return pick_lists.get_picking(call.seller, wanted, store=call.store, clock=call.clock)


def claim_lines(call: Call) -> Answer:
    body = call.body_as(ClaimLinesBody)
    wanted = PickFilter(stage=body.stage, due_before=body.due_before, warehouse_id=body.warehouse_id)
    wish = share_picking.LinesWish(seller=call.seller, actor=call.actor, wanted=wanted, most=body.lines)
    return share_picking.claim_lines(wish, call.remember, store=call.store, clock=call.clock)


def release_lines(call: Call) -> Answer:
    return share_picking.release_lines(call.seller, call.actor, call.remember, store=call.store, clock=call.clock)


def report_empty(call: Call) -> Answer:
    sku = call.body_as(BinBody).sku
    return share_picking.report_empty(
        call.seller, sku, call.actor, PickFilter(), call.remember, store=call.store, clock=call.clock
    )


def report_filled(call: Call) -> Answer:
    sku = call.body_as(BinBody).sku
    return share_picking.report_filled(call.seller, sku, call.actor, call.remember, store=call.store, clock=call.clock)


def scan_item(call: Call) -> Answer:
    body = call.body_as(ScanBody)
    scan = bench_checks.Scan(
        seller=call.seller, number=call.path["number"], code=body.code, actor=call.actor, quantity=body.quantity
    )
    return bench_checks.scan_item(
        scan,
        call.remember,
        tell=enter.tell_pieces,
        store=call.store,
        documents=call.documents,
        clock=call.clock,
    )


def get_scans(call: Call) -> Mapping[str, object]:
    return bench_checks.get_check(call.seller, call.path["number"], store=call.store, documents=call.documents)


def reset_scans(call: Call) -> Answer:
    return bench_checks.reset_check(
        call.seller,
        call.path["number"],
        call.body_as(ResetScansBody).reason,
        call.actor,
        call.remember,
        store=call.store,
        documents=call.documents,
        clock=call.clock,
    )


def ship(call: Call) -> Answer:
    body = call.body_as(WaveBody)
    numbers = tuple(body.posting_numbers or ())
    if not numbers:
        wanted = PickFilter(due_before=body.due_before, warehouse_id=body.warehouse_id, limit=body.limit)
        numbers = wanted_numbers(call.seller, wanted, store=call.store)
    wish = WaveWish(seller=call.seller, numbers=numbers, actor=call.actor)
    return ship_wave(wish, call.remember, store=call.store, clock=call.clock)


def _exemplar(body: ExemplarBody) -> Exemplar:
    return Exemplar(
        mark=body.mark,
        imei=tuple(body.imei),
        uin=body.uin,
        gtd=body.gtd,
        gtd_absent=body.gtd_absent,
        rnpt=body.rnpt,
        rnpt_absent=body.rnpt_absent,
        weight=body.weight,
    )


def get_exemplars(call: Call) -> Mapping[str, object]:
    return enter.get_exemplars(call.seller, call.path["number"], store=call.store)


def enter_exemplars(call: Call) -> Answer:
    body = call.body_as(ExemplarsBody)
    twice = [sku for sku, times in Counter(product.sku for product in body.products).items() if times > 1]
    if twice:
        errors = [(f"products/{sku}", "is named twice: put all its pieces into one entry") for sku in twice]
        raise InvalidInputError("a product is named twice", errors=errors)
    entry = enter.Entry(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        pieces={product.sku: tuple(map(_exemplar, product.exemplars)) for product in body.products},
        if_match=call.if_match,
    )
    return enter.enter_exemplars(entry, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="printPickList",
        method="POST",
        path="/v1/pick-lists",
        summary="Make a pick list of these postings, or of those that wait",
        run=print_pick_list,
        answers="PrintJobView",
        body=PickListBody,
        status=202,
        description="Sorted by bin, then cut-off. The job and the link to its file are at /v1/labels/{job}.",
    ),
    read(
        "/v1/picking",
        get_picking,
        id="getPicking",
        summary="The rows of a pick list, for a phone",
        answers="PickingView",
        query=PickingQuery,
    ),
    Operation(
        id="claimLines",
        method="POST",
        path="/v1/picking/claims",
        summary="Take the next lines to fetch; nobody else is sent for them",
        run=claim_lines,
        answers="ClaimedLinesView",
        body=ClaimLinesBody,
        description="Lines are yours for half an hour, or until you give them back; asking again brings the same ones "
        "first, for another half hour.",
    ),
    Operation(
        id="releaseLines",
        method="POST",
        path="/v1/picking/claims/release",
        summary="Give all lines back that you have taken",
        run=release_lines,
        answers="ReleasedLinesView",
    ),
    Operation(
        id="reportEmptyBin",
        method="POST",
        path="/v1/picking/bin-empty",
        summary="A product is not where it should be",
        run=report_empty,
        answers="BinEmptyView",
        body=BinBody,
        description="Your lines of it are given back, nobody is sent there for twelve hours, and a case is open.",
    ),
    Operation(
        id="reportFilledBin",
        method="POST",
        path="/v1/picking/bin-filled",
        summary="The product is there again",
        run=report_filled,
        answers="BinFilledView",
        body=BinBody,
    ),
    Operation(
        id="scanItem",
        method="POST",
        path="/v1/postings/{number}/scans",
        summary="Scan an item into a parcel; the last good scan packs it and unlocks its label",
        run=scan_item,
        answers="CheckView",
        body=ScanBody,
        description="Goods of which each piece needs a mark: the answer `asks` for it, and the next scan is read as "
        "the mark of that piece; or scan the mark alone. Once all are known the marketplace is told. A wrong item, "
        "one too many, or a posting that is not to be sent is refused with 409 and a code of its own (docs/bench.md); "
        "the refusal is kept in the posting's history, and nothing else changes.",
    ),
    read(
        "/v1/postings/{number}/scans",
        get_scans,
        id="getScans",
        summary="What was scanned into a parcel so far, and its label once everything is in",
        answers="CheckView",
    ),
    Operation(
        id="resetScans",
        method="POST",
        path="/v1/postings/{number}/scans/reset",
        summary="Begin the check of a parcel anew",
        run=reset_scans,
        answers="CheckView",
        body=ResetScansBody,
    ),
    Operation(
        id="shipWave",
        method="POST",
        path="/v1/waves",
        summary="Assemble many postings at the marketplace, each in one package",
        run=ship,
        answers="WaveView",
        body=WaveBody,
        status=202,
        description="Their labels are fetched as soon as the marketplace has them. A posting that cannot be shipped is "
        "named with its reason and delays no other. Send the same wave again after a failure: it goes on.",
    ),
    read(
        "/v1/postings/{number}/exemplars",
        get_exemplars,
        id="getExemplars",
        summary="What the marketplace wants of a posting's pieces, what is entered, what is missing",
        answers="ExemplarsView",
    ),
    Operation(
        id="enterExemplars",
        method="PUT",
        path="/v1/postings/{number}/exemplars",
        summary="Enter marks, declarations, IMEI, batch and weight of all pieces",
        run=enter_exemplars,
        answers="ExemplarsView",
        body=ExemplarsBody,
        if_match=IfMatch.OPTIONAL,
        description="Stored at once; each code belongs to one piece of one posting. Once nothing is missing, the "
        "marketplace is told in the background (`intent`) and checks it: ship when `accepted` is true. A refusal is in "
        "`problem` with the marketplace's raw codes; enter it again to try again. After assembly the same call edits.",
    ),
)
