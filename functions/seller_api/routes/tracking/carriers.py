"""The directory of carriers, and the judging of numbers by it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.carriers import directory as carrier_directory
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking import posting_carrier as carrier_of_posting
from shipby.application.tracking.posting_carrier import CarrierCorrection
from shipby.contracts.tracking.carriers import CarrierBody, JudgeBody
from shipby.contracts.tracking.posting_carrier import CarrierCorrectionBody
from shipby.domain.carriers.carrier import Carrier, PriceBand, PriceList
from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,29}", re.ASCII)


def list_carriers(call: Call) -> Mapping[str, object]:
    return carrier_directory.list_carriers(call.seller, store=call.store)


def get_carrier(call: Call) -> Mapping[str, object]:
    return carrier_directory.get_carrier(call.seller, call.path["code"], store=call.store)


def put_carrier(call: Call) -> Answer:
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    carrier = _carrier(call)
    return carrier_directory.put_carrier(
        carrier, call.if_match, call.actor, call.remember, store=call.store, clock=call.clock
    )


def _carrier(call: Call) -> Carrier:
    code = call.path["code"]
    if not _CODE.fullmatch(code):
        raise InvalidInputError(f"{code[:40]!r} is no carrier code", errors=[("code", "2 to 30 of a-z, 0-9, '-', '_'")])
    body = call.body_as(CarrierBody)
    return Carrier(
        code=code,
        seller=call.seller,
        names=body.names,
        aliases=tuple(body.aliases),
        services=tuple(body.services),
        contacts=body.contacts,
        tracking_url=body.tracking_url,
        patterns=tuple(body.patterns),
        pickup_times=tuple(body.pickup_times),
        prices=tuple(
            PriceList(
                valid_from=one.valid_from,
                announced_on=one.announced_on,
                source=one.source,
                lane=one.lane,
                bands=tuple(
                    PriceBand(up_to_grams=band.up_to_grams, price=Money.parse(band.price.amount, band.price.currency))
                    for band in one.bands
                ),
            )
            for one in body.prices
        ),
        max_grams=body.max_grams,
        max_sides_mm=tuple(body.max_sides_mm),
        source=body.source,
        retired_on=body.retired_on,
    )


def judge_numbers(call: Call) -> Answer:
    body = call.body_as(JudgeBody)
    found = carrier_directory.judge_numbers(call.seller, body.numbers, body.carrier, store=call.store, clock=call.clock)
    return Answer(200, found)


def get_posting_carrier(call: Call) -> Mapping[str, object]:
    return carrier_of_posting.posting_carrier(call.seller, call.path["number"], store=call.store, clock=call.clock)


def correct_posting_carrier(call: Call) -> Answer:
    body = call.body_as(CarrierCorrectionBody)
    wish = CarrierCorrection(
        seller=call.seller,
        number=call.path["number"],
        carrier=body.carrier,
        actor=call.actor,
        reason=body.reason,
        evidence=tuple(body.evidence),
        if_match=call.if_match,
    )
    return carrier_of_posting.correct_carrier(wish, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/postings/{number}/carrier",
        get_posting_carrier,
        id="getPostingCarrier",
        summary="Whose number a posting has: contacts, the number's page, and what speaks against it",
        answers="PostingCarrierView",
        etag=True,
    ),
    Operation(
        id="correctPostingCarrier",
        method="POST",
        path="/v1/postings/{number}/carrier",
        summary="The same number is another carrier's than was said: noted with a trace, and its contacts shown",
        run=correct_posting_carrier,
        answers="PostingCarrierView",
        body=CarrierCorrectionBody,
        etag=True,
        if_match=IfMatch.OPTIONAL,
        description="The marketplace has no field for the carrier's name: nothing is sent, nobody has to agree.",
    ),
    read(
        "/v1/carriers",
        list_carriers,
        id="listCarriers",
        summary="Every carrier: presets, and your own beside or instead of them",
        answers="Listing[CarrierView]",
    ),
    Operation(
        id="checkTrackingNumbers",
        method="POST",
        path="/v1/carriers/check-numbers",
        summary="Whose numbers these are, and whether their check digits are right; nothing is changed",
        run=judge_numbers,
        answers="JudgedNumbersView",
        body=JudgeBody,
    ),
    read(
        "/v1/carriers/{code}",
        get_carrier,
        id="getCarrier",
        summary="A carrier: services, contacts, number formats with their sources, dated prices",
        answers="CarrierView",
        etag=True,
    ),
    Operation(
        id="putCarrier",
        method="PUT",
        path="/v1/carriers/{code}",
        summary="Create or replace a carrier of your own",
        run=put_carrier,
        answers="CarrierView",
        body=CarrierBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description='If-Match: "0" creates it. Its own patterns stand instead of the preset\'s formats. Prices are '
        "dated versions: send all of them.",
    ),
)
