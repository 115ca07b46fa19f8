"""Seller's own delivery: tracking numbers, delivering, last mile, delivered, cut-off. Answers are per item."""

from __future__ import annotations

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.errors import ApiError, invalid
from shipby_local.simulator.offers import offered_actions
from shipby_local.simulator.words import Json

MOST_ITEMS = 20


def set_tracking(call: Call) -> Json:
    items = call.body.parts("tracking_numbers")
    _check_size(len(items))
    results = []
    for item in items:
        number, tracking = item.text("posting_number"), item.text("tracking_number")
        error = _set_one(call, number, tracking)
        results.append({"error": error, "posting_number": number, "result": not error})
    return {"result": results}


def delivering(call: Call) -> Json:
    return _each(call, "non_int_delivering")


def last_mile(call: Call) -> Json:
    return _each(call, "non_int_last_mile")


def delivered(call: Call) -> Json:
    return _each(call, "non_int_delivered")


def set_cutoff(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    to = call.body.when("new_cutoff_date")
    if to is None:
        raise invalid("Request validation error: invalid NewCutoffDate: value is required")
    if posting.integration != words.NON_INTEGRATED:
        raise invalid("HAS_INCORRECT_TPL_INTEGRATION_TYPE")
    if "set_cutoff" not in offered_actions(posting, call.world.now()) or to <= call.world.now():
        raise invalid("TRANSITION_IS_NOT_POSSIBLE")
    call.market.note(posting, call.path, new_cutoff_date=words.stamp(to))
    call.market.move_cutoff(posting, to, "seller")
    return {"result": True}


def _set_one(call: Call, number: str, tracking: str) -> str:
    try:
        posting = call.posting(number)
    except ApiError as error:
        return error.message
    if not tracking.strip():
        return "TRACKING_NUMBER_IS_EMPTY"
    if posting.integration != words.NON_INTEGRATED:
        return "HAS_INCORRECT_TPL_INTEGRATION_TYPE"
    if "set_track_number" not in offered_actions(posting, call.world.now()):
        return "HAS_INCORRECT_STATUS"
    call.market.note(posting, call.path, tracking_number=tracking, replaced=posting.tracking_number)
    posting.tracking_number = tracking
    call.world.postings.put(posting)
    return ""


def _each(call: Call, action: str) -> Json:
    numbers = call.body.texts("posting_number")
    _check_size(len(numbers))
    results = []
    for number in numbers:
        errors = _advance(call, number, action)
        results.append({"error": errors, "posting_number": number, "result": not errors})
    return {"result": results}


def _advance(call: Call, number: str, action: str) -> list[str]:
    try:
        posting = call.posting(number)
    except ApiError as error:
        return [error.message]
    if posting.integration != words.NON_INTEGRATED:
        return ["HAS_INCORRECT_TPL_INTEGRATION_TYPE"]
    if action not in offered_actions(posting, call.world.now()):
        return ["TRANSITION_IS_NOT_POSSIBLE"]
    call.market.note(posting, call.path)
    call.market.accept_report(posting, action)
    return []


def _check_size(size: int) -> None:
    if not 1 <= size <= MOST_ITEMS:
        raise invalid(f"Request validation error: value must contain between 1 and {MOST_ITEMS} items")


METHODS: dict[str, Method] = {
    "/v2/fbs/posting/tracking-number/set": set_tracking,
    "/v2/fbs/posting/delivering": delivering,
    "/v2/fbs/posting/last-mile": last_mile,
    "/v2/fbs/posting/delivered": delivered,
    "/v1/posting/cutoff/set": set_cutoff,
}
