"""What the marketplace has to do with a posting: answered 202, with the intent to follow."""

from __future__ import annotations

from functions.seller_api.access import check_role
from functions.seller_api.operations import Call, IfMatch, Operation
from functions.seller_api.permissions import MANAGERS
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.intents.ship_posting import ShipWish, ship_posting
from shipby.application.shared.idempotency import Answer
from shipby.contracts.guard import GuardedCancelBody
from shipby.contracts.money import CancelItemsBody
from shipby.contracts.postings import CutOffBody, ShipBody
from shipby.domain.intents import IntentAction


def ship(call: Call) -> Answer:
    wish = ShipWish(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        packages=call.body_as(ShipBody).packages or (),
        reason=call.body_as(ShipBody).reason,
        if_match=call.if_match,
    )
    return ship_posting(wish, call.remember, store=call.store, clock=call.clock)


def cancel(call: Call) -> Answer:
    body = call.body_as(GuardedCancelBody)
    if body.accept_forecast:
        check_role(call.key, MANAGERS)
    wish = Wish(
        seller=call.seller,
        number=call.path["number"],
        action=IntentAction.CANCEL,
        request={"reason_id": body.reason_id, "message": body.comment},
        actor=call.actor,
        reason=body.comment,
        if_match=call.if_match,
        accept_forecast=body.accept_forecast,
    )
    return request_intent(wish, call.remember, store=call.store, clock=call.clock)


def cancel_items(call: Call) -> Answer:
    body = call.body_as(CancelItemsBody)
    if body.accept_forecast:
        check_role(call.key, MANAGERS)
    wish = Wish(
        seller=call.seller,
        number=call.path["number"],
        action=IntentAction.CANCEL_ITEMS,
        request={"reason_id": body.reason_id, "message": body.comment, "items": dict(body.items)},
        actor=call.actor,
        reason=body.comment,
        if_match=call.if_match,
        accept_forecast=body.accept_forecast,
    )
    return request_intent(wish, call.remember, store=call.store, clock=call.clock)


def set_cut_off(call: Call) -> Answer:
    wish = Wish(
        seller=call.seller,
        number=call.path["number"],
        action=IntentAction.SET_CUT_OFF,
        request={"cut_off": call.body_as(CutOffBody).cut_off.isoformat()},
        actor=call.actor,
        if_match=call.if_match,
    )
    return request_intent(wish, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="shipPosting",
        method="POST",
        path="/v1/postings/{number}/ship",
        summary="Assemble at the marketplace, in one package or several",
        run=ship,
        answers="IntentView",
        body=ShipBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="What nobody has confirmed is refused (not_confirmed) unless a reason says why it is assembled all "
        "the same.",
    ),
    Operation(
        id="cancelPosting",
        method="POST",
        path="/v1/postings/{number}/cancel",
        summary="Cancel at the marketplace, which pays the buyer back by itself",
        run=cancel,
        answers="IntentView",
        body=GuardedCancelBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="Refused (cancel_guard) where it would bring a worse band of the error index and the guard is on.",
    ),
    Operation(
        id="cancelItems",
        method="POST",
        path="/v1/postings/{number}/cancel-items",
        summary="Cancel some products or pieces at the marketplace, which pays the buyer back for them by itself",
        run=cancel_items,
        answers="IntentView",
        body=CancelItemsBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
        description="All items together are a cancel of the posting. The guard of the error index applies as there.",
    ),
    Operation(
        id="setCutOff",
        method="POST",
        path="/v1/postings/{number}/cut-off",
        summary="Move the date to hand over by, where the marketplace offers it",
        run=set_cut_off,
        answers="IntentView",
        body=CutOffBody,
        status=202,
        if_match=IfMatch.OPTIONAL,
    ),
)
