"""No tracking number to be had: the option card, and a person's choice."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import check_role
from functions.seller_api.operations import Call, IfMatch, Operation, read
from functions.seller_api.permissions import MANAGERS
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking import number_options
from shipby.application.tracking.number_options import CardWish, Chosen
from shipby.contracts.tracking.options import NumberChoiceBody, NumberOptionsQuery


def get_options(call: Call) -> Mapping[str, object]:
    query = call.query_as(NumberOptionsQuery)
    wish = CardWish(seller=call.seller, number=call.path["number"], grams=query.grams, lane=query.lane)
    return number_options.number_options(wish, store=call.store, clock=call.clock)


def choose(call: Call) -> Answer:
    body = call.body_as(NumberChoiceBody)
    if body.accept_forecast:
        check_role(call.key, MANAGERS)
    chosen = Chosen(
        card=CardWish(seller=call.seller, number=call.path["number"]),
        way=body.way,
        actor=call.actor,
        reason=body.reason,
        until=body.until,
        carrier=body.carrier,
        reason_id=body.reason_id,
        accept_forecast=body.accept_forecast,
        if_match=call.if_match,
    )
    return number_options.choose_way(chosen, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/number-options",
        get_options,
        id="getNumberOptions",
        summary="No tracking number to be had: wait, another carrier, cancel, each with its price and its clock",
        answers="NumberOptionsView",
        query=NumberOptionsQuery,
        etag=True,
    ),
    Operation(
        id="chooseNumberOption",
        method="POST",
        path="/v1/postings/{number}/number-options",
        summary="Choose one of the ways; its clock is kept in the posting's case",
        run=choose,
        answers="NumberChoiceView",
        body=NumberChoiceBody,
        if_match=IfMatch.OPTIONAL,
        description="A cancel is asked for like any other, under the guard of the error index.",
    ),
)
