"""Shipping a wave: many postings at once, so that their labels are there before they are packed."""

from __future__ import annotations

from functions.seller_api.access import OFFICE
from functions.seller_api.operations import Call, Operation
from shipby.application.intents.assemble import WaveWish, ship_wave
from shipby.application.packing.pick_lists import PickFilter, wanted_numbers
from shipby.application.shared.idempotency import Answer
from shipby.contracts.waves import WaveBody


def ship(call: Call) -> Answer:
    body = call.body_as(WaveBody)
    numbers = tuple(body.posting_numbers or ())
    if not numbers:
        wanted = PickFilter(due_before=body.due_before, warehouse_id=body.warehouse_id, limit=body.limit)
        numbers = wanted_numbers(call.seller, wanted, store=call.store)
    wish = WaveWish(seller=call.seller, numbers=numbers, actor=call.actor)
    return ship_wave(wish, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="shipWave",
        method="POST",
        path="/v1/waves",
        summary="Assemble many postings at the marketplace, each in one package",
        run=ship,
        answers="WaveView",
        roles=OFFICE,
        body=WaveBody,
        status=202,
        description="Their labels are fetched as soon as the marketplace has them. A posting that cannot be shipped is "
        "named with its reason and delays no other. Send the same wave again after a failure: it goes on.",
    ),
)
