"""Cancelling by the seller and the buyer's cancellation requests (rFBS)."""

from __future__ import annotations

from decimal import Decimal

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.errors import invalid, not_found
from shipby_local.simulator.model import CancellationRequest, Posting
from shipby_local.simulator.offers import offered_actions, offered_reasons
from shipby_local.simulator.words import Json, stamp

_STATES = {"ON_APPROVAL": (1, "На рассмотрении"), "APPROVED": (2, "Подтверждена"), "REJECTED": (3, "Отклонена")}


def reasons_of_postings(call: Call) -> Json:
    numbers = call.body.texts("related_posting_numbers")
    if not numbers:
        raise invalid("Request validation error: invalid RelatedPostingNumbers: value is required")
    return {
        "result": [
            {
                "posting_number": number,
                "reasons": [
                    {"id": reason, "title": title, "type_id": kind}
                    for reason, title, kind in offered_reasons(call.posting(number))
                ],
            }
            for number in numbers
        ]
    }


def all_reasons(call: Call) -> Json:  # noqa: ARG001 - every method has this shape
    rows = [(number, title, "seller", True) for number, title in words.SELLER_REASONS.items()]
    rows.append((*words.REASON_REFUSED_ARBITRATION, "seller", False))
    rows += [(number, title, words.blame_of(number), False) for number, title in words.LATE_REASONS.items()]
    return {
        "result": [
            {"id": number, "title": title, "type_id": kind, "is_available_for_cancellation": available}
            for number, title, kind, available in rows
        ]
    }


def cancel(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    reason = _reason(call, posting)
    call.market.note(posting, call.path, cancel_reason_id=reason[0])
    note = call.body.text("cancel_reason_message", "")
    call.market.cancel(posting, by="seller", reason=reason, sellers_fault=_blames(reason), note=note)
    return {"result": True}


def cancel_products(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    if not call.body.text("cancel_reason_message"):
        raise invalid("Request validation error: invalid CancelReasonMessage: value is required")
    reason = _reason(call, posting)
    goods = {item.integer("sku"): item.integer("quantity") for item in call.body.parts("items")}
    have = {line.sku: line.quantity for line in posting.lines}
    if not goods or any(not 0 < quantity <= have.get(sku, 0) for sku, quantity in goods.items()):
        raise invalid("HAS_INCORRECT_PRODUCT_QUANTITY")
    if "product_cancel" not in offered_actions(posting, call.world.now()):
        raise invalid("HAS_INCORRECT_STATUS")
    call.market.note(posting, call.path, cancel_reason_id=reason[0], items={str(sku): n for sku, n in goods.items()})
    if goods == have:
        call.market.cancel(posting, by="seller", reason=reason, sellers_fault=_blames(reason))
        return {"result": posting.number}
    back = sum((line.price * goods.get(line.sku, 0) for line in posting.lines), Decimal(0))
    for line in posting.lines:
        line.quantity -= goods.get(line.sku, 0)
    posting.lines = [line for line in posting.lines if line.quantity]
    call.world.postings.put(posting)
    call.market.stocks.follow(posting)
    call.market.pay(posting, kind=words.MARKETPLACE_REFUND, amount=back, executed_by="marketplace", paid_to="buyer")
    return {"result": posting.number}


def list_requests(call: Call) -> Json:
    filters, limit = call.body.part("filters"), call.body.limit(500)
    state, last = filters.text("state", "ALL"), call.body.integer("last_id", 0)
    numbers, initiators = set(filters.texts("posting_number")), set(filters.texts("cancellation_initiator"))
    found = [
        request
        for request in call.world.cancellations.all()
        if request.client_id == call.seller.client_id
        and state in {"ALL", request.state}
        and (not numbers or request.posting_number in numbers)
        and (not initiators or "CLIENT" in initiators)
    ]
    page = [request for request in found if request.id > last][:limit]
    waiting = sum(request.state == "ON_APPROVAL" for request in found)
    return {
        "result": [_request(call, request) for request in page],
        "last_id": page[-1].id if page else 0,
        "counter": waiting if call.body.part("with").flag("counter") else 0,
    }


def approve(call: Call) -> None:
    call.market.decide(_open_request(call), "APPROVED", call.body.text("comment", ""))


def reject(call: Call) -> None:
    call.market.decide(_open_request(call), "REJECTED", call.body.text("comment", ""))


def _blames(reason: tuple[int, str]) -> bool:
    return words.blame_of(reason[0]) == "seller"


def _reason(call: Call, posting: Posting) -> tuple[int, str]:
    if posting.status in {words.CANCELLED, words.SPLIT}:
        raise invalid("POSTING_ALREADY_CANCELLED")
    offered = {number: title for number, title, _ in offered_reasons(posting)}
    if not offered:
        raise invalid("HAS_INCORRECT_STATUS")
    number = call.body.integer("cancel_reason_id")
    if number not in offered:
        raise invalid("HAS_INCORRECT_CANCEL_REASON")
    if number == words.REASON_OTHER and not call.body.text("cancel_reason_message", ""):
        raise invalid("Request validation error: invalid CancelReasonMessage: value is required for reason 402")
    return number, offered[number]


def _open_request(call: Call) -> CancellationRequest:
    request = call.world.cancellations.get(str(call.body.integer("cancellation_id")))
    if request is None or request.client_id != call.seller.client_id:
        raise not_found("CANCELLATION_NOT_FOUND")
    if request.state != "ON_APPROVAL":
        raise invalid("CANCELLATION_ALREADY_DECIDED")
    return request


def _request(call: Call, request: CancellationRequest) -> Json:
    posting = call.posting(request.posting_number)
    state_id, state_name = _STATES[request.state]
    return {
        "cancellation_id": request.id,
        "posting_number": request.posting_number,
        "cancellation_initiator": "CLIENT",
        "cancellation_reason": {"id": words.REASON_BUYER[0], "name": words.REASON_BUYER[1]},
        "cancellation_reason_message": request.message,
        "cancelled_at": stamp(request.created_at),
        "order_date": stamp(posting.created_at),
        "tpl_integration_type": posting.integration,
        "state": {"id": state_id, "name": state_name, "state": request.state},
        "approve_comment": request.comment,
        "approve_date": stamp(request.decided_at) if request.decided_at else None,
        "auto_approve_date": stamp(request.auto_approve_at),
        "source_id": request.id,
    }


METHODS: dict[str, Method] = {
    "/v1/posting/fbs/cancel-reason": reasons_of_postings,
    "/v2/posting/fbs/cancel-reason/list": all_reasons,
    "/v2/posting/fbs/cancel": cancel,
    "/v2/posting/fbs/product/cancel": cancel_products,
    "/v2/conditional-cancellation/list": list_requests,
    "/v2/conditional-cancellation/approve": approve,
    "/v2/conditional-cancellation/reject": reject,
}
