"""Splits, partial assembly and boxes: proposed by a look at the cards, asked for as intents."""

from __future__ import annotations

from functions.seller_api.operations import Call, IfMatch, Operation
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.packing.propose_split import SplitQuestion, propose_split
from shipby.application.shared.idempotency import Answer
from shipby.contracts.shapes.splits import BoxesBody, ShipPartBody, SplitBody, SplitQuestionBody
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json
from shipby.domain.packing.splitting import Limits


def propose(call: Call) -> Answer:
    body = call.body_as(SplitQuestionBody)
    limits = Limits(
        weight_g=body.max_weight_g,
        sides_mm=tuple(body.max_sides_mm) if body.max_sides_mm else None,
        pieces=body.max_pieces,
    )
    question = SplitQuestion(seller=call.seller, number=call.path["number"], limits=limits, there=body.in_stock)
    answer = Answer(200, propose_split(question, store=call.store))
    if remembered := call.remember(answer):
        call.store.commit(remembered)
    return answer


def split(call: Call) -> Answer:
    body = call.body_as(SplitBody)
    return _ask(call, IntentAction.SPLIT, {"parcels": [dict(parcel) for parcel in body.parcels]}, body.reason)


def ship_part(call: Call) -> Answer:
    body = call.body_as(ShipPartBody)
    return _ask(call, IntentAction.SHIP_PART, {"products": dict(body.products)}, body.reason)


def set_boxes(call: Call) -> Answer:
    return _ask(call, IntentAction.SET_BOXES, {"boxes": call.body_as(BoxesBody).boxes})


def _ask(call: Call, action: IntentAction, request: dict[str, Json], reason: str = "") -> Answer:
    wish = Wish(
        seller=call.seller,
        number=call.path["number"],
        action=action,
        request=request,
        actor=call.actor,
        reason=reason,
        if_match=call.if_match,
    )
    return request_intent(wish, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="proposeSplit",
        method="POST",
        path="/v1/postings/{number}/split/proposal",
        summary="Into which parcels a posting may go, by weight, size, count and what is there",
        run=propose,
        answers="SplitProposalView",
        body=SplitQuestionBody,
        etag=True,
        description="Nothing is done. A parcel that is proposed can be packed; fewer may be possible.",
    ),
    Operation(
        id="splitPosting",
        method="POST",
        path="/v1/postings/{number}/split",
        summary="Split a posting at the marketplace without assembling it",
        run=split,
        answers="IntentView",
        body=SplitBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="Sent once, settled by reading: a lost answer never splits twice. The parts keep history, work and "
        "clocks of the posting. To split and assemble in one step: packages of POST …/ship.",
    ),
    Operation(
        id="shipPart",
        method="POST",
        path="/v1/postings/{number}/ship-part",
        summary="Assemble some of a posting's goods as a posting of their own",
        run=ship_part,
        answers="IntentView",
        body=ShipPartBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="The rest stays in the posting and is still to be assembled. All of its goods together are an "
        "ordinary assembly.",
    ),
    Operation(
        id="setBoxes",
        method="PUT",
        path="/v1/postings/{number}/boxes",
        summary="In how many boxes a posting is packed, where it holds goods of several",
        run=set_boxes,
        answers="IntentView",
        body=BoxesBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="Wanted before such a posting is assembled. Its label has a page for each box, and waits until all "
        "are there.",
    ),
)
