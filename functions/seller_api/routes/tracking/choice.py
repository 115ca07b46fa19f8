"""Which carrier a posting goes with, where that is the seller's choice."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.choosing import choose as choosing
from shipby.application.tracking.choosing.choose import CarrierChosen, ParcelAsked
from shipby.contracts.tracking.choice import CarrierChoiceBody, CarrierChoiceQuery


def get_choice(call: Call) -> Mapping[str, object]:
    query = call.query_as(CarrierChoiceQuery)
    asked = ParcelAsked(seller=call.seller, number=call.path["number"], grams=query.grams, lane=query.lane)
    return choosing.carrier_choice(asked, store=call.store, clock=call.clock)


def choose(call: Call) -> Answer:
    body = call.body_as(CarrierChoiceBody)
    chosen = CarrierChosen(
        parcel=ParcelAsked(seller=call.seller, number=call.path["number"], grams=body.grams, lane=body.lane),
        actor=call.actor,
        carrier=body.carrier,
        reason=body.reason,
        if_match=call.if_match,
    )
    return choosing.choose_carrier(chosen, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/carrier-choice",
        get_choice,
        id="getCarrierChoice",
        summary="Every carrier for this parcel by expected cost: postage, chance to be in time, loss, limits",
        answers="CarrierChoiceView",
        query=CarrierChoiceQuery,
        etag=True,
    ),
    Operation(
        id="chooseCarrier",
        method="POST",
        path="/v1/postings/{number}/carrier-choice",
        summary="Choose the best carrier, or another one with a reason; kept in the posting's history",
        run=choose,
        answers="CarrierChoiceView",
        body=CarrierChoiceBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="Only for what your own carrier brings. Nothing is sent: the number names the carrier.",
    ),
)
