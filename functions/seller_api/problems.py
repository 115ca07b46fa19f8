"""Errors as application/problem+json (RFC 9457): what happened, to which item, and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from shipby.domain.errors import (
    ActionNotOfferedError,
    CancelGuardError,
    InvalidInputError,
    RetryableError,
    ShipbyError,
)

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, title and advice. Its key in KINDS is the last part of `type`."""

    status: int
    title: str
    what_to_do: str


_LATER = "Nothing was changed. Send the same call again after Retry-After seconds, with the same Idempotency-Key."

_ENTER = "Enter it with PUT /v1/postings/{number}/exemplars; GET there says what is missing."

KINDS: Mapping[str, Kind] = {
    "invalid_input": Kind(
        400, "The request is not valid", "Correct what errors names, or what detail says, and send it again."
    ),
    "unauthorized": Kind(401, "No valid API key", "Send the header Authorization: Bearer shp_<id>.<secret>."),
    "forbidden": Kind(403, "The key's role may not do this", "Use a key of a role that may, or ask an owner for one."),
    "not_found": Kind(
        404,
        "There is no such item",
        "Check the id; an item of another seller cannot be told from one that is not there.",
    ),
    "no_such_route": Kind(404, "There is no such address", "Look it up in GET /v1/openapi.json."),
    "method_not_allowed": Kind(405, "The address does not know this method", "Use a method named in the header Allow."),
    "stage_mismatch": Kind(
        409, "The item's stage does not allow this", "Read the item again and do what its stage asks for."
    ),
    "action_not_offered": Kind(
        409, "This is not offered now", "Choose from offered, or read the item again: what is offered changes."
    ),
    "mark_needed": Kind(409, "A mark is needed", _ENTER),
    "gtd_needed": Kind(409, "A customs declaration is needed", _ENTER),
    "rnpt_needed": Kind(409, "A batch number is needed", _ENTER),
    "uin_needed": Kind(409, "A jewellery number is needed", _ENTER),
    "imei_needed": Kind(409, "An IMEI is needed", _ENTER),
    "weight_needed": Kind(409, "A weight is needed", _ENTER),
    "country_needed": Kind(
        409, "A country of origin is needed", "Set it in the marketplace's cabinet, then read the posting again."
    ),
    "exemplars_needed": Kind(409, "Data of the pieces is needed", _ENTER),
    "already_exists": Kind(409, "This exists already", "Read what is there, or choose another value."),
    "over_refund": Kind(409, "More than was paid", "Read the posting's ledger at /v1/refunds and ask for less."),
    "marketplace_refused": Kind(
        409, "The marketplace refuses this", "Read its text in detail; a person has to decide."
    ),
    "cap_reached": Kind(
        409, "The daily cap is used up", "Raise the cap in the settings, or wait until tomorrow (UTC)."
    ),
    "cancel_guard": Kind(
        409,
        "The cancel would worsen the error index",
        "Look at the choices in /v1/postings/{number}/cancel-forecast; to cancel all the same, an owner or manager "
        "sends accept_forecast: true.",
    ),
    "kill_switch_on": Kind(409, "All automation is stopped", "Switch kill_switch off in the settings when it is safe."),
    "credentials_rejected": Kind(409, "The marketplace rejects the key", "Store a new marketplace API key."),
    "outcome_unknown": Kind(409, "It may have happened", "Do not repeat it: read the intent until it is settled."),
    "precondition_failed": Kind(
        412, "Somebody else changed it first", "Read the item again and send its new ETag as If-Match."
    ),
    "idempotency_mismatch": Kind(
        422, "The Idempotency-Key was used for another request", "Take a new key for a new request."
    ),
    "precondition_required": Kind(
        428, "If-Match is needed", "Read the item and send its ETag as If-Match, so that no change of others is lost."
    ),
    "too_many_requests": Kind(
        429,
        "More calls than the key or the seller may make",
        "Nothing was done. Send the same call again after Retry-After seconds; spread calls by RateLimit-Remaining.",
    ),
    "not_allowed": Kind(403, "You may not do this to this one", "Ask an owner, or somebody whose it is."),
    "sign_in_refused": Kind(
        401, "Nobody is signed in by this", "Scan the badge again or enter the right PIN; ask an owner for a new one."
    ),
    "too_many_tries": Kind(
        429, "Too many wrong tries", "Wait Retry-After seconds; an owner or manager can set a new PIN at once."
    ),
    "internal_error": Kind(
        500,
        "Something went wrong here",
        "Read the item to see what is true, then try again; if it stays, report request_id.",
    ),
    "version_conflict": Kind(503, "Too many changes at once", _LATER),
    "store_unavailable": Kind(503, "The database does not answer", _LATER),
    "unreadable_item": Kind(503, "A newer release wrote this item", _LATER),
    "marketplace_unavailable": Kind(503, "The marketplace does not answer", _LATER),
    "rate_limited": Kind(503, "The marketplace wants fewer calls", _LATER),
    "not_ready_yet": Kind(503, "It is not prepared yet", _LATER),
}


class HttpError(Exception):
    """A refusal that only HTTP knows: no key, wrong role, wrong method."""

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """A problem ready to send. `expected` is False for errors nobody foresaw, which must be logged."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: bool = True


def invalid(error: ValidationError, where: str) -> InvalidInputError:
    """The fields a model refuses, without their content. `where` is body or query."""
    errors = [
        ("/".join(str(part)[:100] for part in found["loc"]) or where, _words(found["type"], found["msg"]))
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    if len(errors) == 1 and errors[0][0] == where:
        return InvalidInputError(f"the {where} is not valid: {errors[0][1]}", errors=errors)
    names = ", ".join(dict.fromkeys(name for name, _ in errors[:5]))
    return InvalidInputError(f"the {where} is not valid: {names}", errors=errors[:50])


def _words(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "there is no such field; leave it out"
        case "missing":
            return "is needed"
        case "json_invalid":
            return f"this is not JSON ({message.removeprefix('Invalid JSON: ')})"
        case "model_type":
            return "must be a JSON object"
        case _:
            return message.removeprefix("Value error, ")


def problem_of(error: Exception, request_id: str) -> ProblemAnswer:
    """What a caller is told of an error; of an unforeseen one nothing but the request id."""
    if isinstance(error, HttpError):
        return _problem(error.code, str(error), request_id, headers=error.headers)
    if not isinstance(error, ShipbyError):
        return _problem("internal_error", f"request {request_id} failed", request_id, expected=False)
    if error.code not in KINDS:
        return _problem("internal_error", f"request {request_id} failed", request_id, expected=False)
    headers = {"Retry-After": str(math.ceil(error.retry_after or 1))} if isinstance(error, RetryableError) else {}
    return _problem(
        error.code,
        str(error),
        request_id,
        headers=headers,
        errors=error.errors if isinstance(error, InvalidInputError | CancelGuardError) else (),
        offered=error.offered if isinstance(error, ActionNotOfferedError) else None,
    )


def _problem(
    code: str,
    detail: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[tuple[str, str]] = (),
    offered: Sequence[str] | None = None,
    expected: bool = True,
) -> ProblemAnswer:
    kind = KINDS[code]
    body: dict[str, object] = {
        "type": f"urn:shipby:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "what_to_do": kind.what_to_do,
        "errors": [{"field": name, "problem": problem} for name, problem in errors],
        "request_id": request_id,
    }
    if offered is not None:
        body["offered"] = [str(each) for each in offered]
    return ProblemAnswer(kind.status, body, headers or {}, expected)
