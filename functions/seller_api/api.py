"""From an HTTP event to an operation and back: the key's role, parameters, body, idempotency, errors."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

from pydantic import ValidationError

from functions.seller_api.access import Caller, caller_of, check_role
from functions.seller_api.operations import Call, Download, IfMatch, Operation
from functions.seller_api.problems import CONTENT_TYPE, HttpError, invalid, problem_of
from functions.seller_api.routing import find, methods_at
from functions.seller_api.wiring import Parts
from shipby.application.sellers.call_limits import WINDOW_SECONDS, Allowance
from shipby.application.shared.idempotency import Answer, idempotently
from shipby.application.shared.loggable import error_fields
from shipby.application.shared.people import KeptNames, Names, with_names
from shipby.contracts.base import Request
from shipby.domain.errors import InvalidInputError, StoreUnavailableError
from shipby.observability import logger

_ETAG = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
_NOTED = timedelta(seconds=59)
_MOST_NOTED = 10_000
WHITE_SPACE = "\ufeff \t\r\n"


class SellerApi:
    """The operations behind one Lambda handler. `parts` is called on first use."""

    def __init__(self, parts: Callable[[], Parts]) -> None:
        self._parts = parts
        self._noted: dict[str, datetime] = {}
        self._names = KeptNames()

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an HTTP API event (payload 2.0)."""
        method, path = event["requestContext"]["http"]["method"].upper(), _path(event)
        found = find(method, path)
        if found is None:
            return self._guarded("unrouted", event, lambda: _refuse(method, path))
        operation, parts = found
        limits: dict[str, str] = {}
        response = self._guarded(operation.id, event, lambda: self._limited(operation, event, parts, limits))
        response["headers"].update(limits)
        return response

    def _limited(
        self, operation: Operation, event: Mapping[str, Any], path: Mapping[str, str], limits: dict[str, str]
    ) -> dict[str, Any]:
        """The answer, if the caller has calls left; `limits` gets the headers that say how many."""
        caller = caller_of(event) if operation.roles else None
        limiter = self._parts().limiter
        if caller is not None and limiter is not None:
            left = limiter.take(caller.seller, caller.key_id)
            limits.update(limit_headers(left))
            if not left.allowed:
                raise HttpError(
                    "too_many_requests",
                    f"this {left.scope} may make {left.limit} calls in {WINDOW_SECONDS} s: wait {left.reset} s",
                    headers={"Retry-After": str(left.reset)},
                )
        if caller is not None:
            self._note(caller)
        return self._answer(operation, event, path)

    def _note(self, caller: Caller) -> None:
        """When a key or session was used last, at most once a minute from here; the store says whether it is due."""
        now = self._parts().clock.now()
        if not caller.note or now - self._noted.get(caller.key_id, now - 2 * _NOTED) < _NOTED:
            return
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[caller.key_id] = now
        store = self._parts().store
        with suppress(StoreUnavailableError):  # no call fails for it
            if caller.session:
                store.note_session_use(caller.session, now)
            else:
                store.note_key_use(caller.seller, caller.key_id, now)

    def _guarded(self, operation: str, event: Mapping[str, Any], run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        request_id = event["requestContext"]["requestId"]
        try:
            return run()
        except Exception as error:
            problem = problem_of(error, request_id)
            # Ids only: what callers send or read never goes to the log.
            facts = {"operation": operation, "request_id": request_id, "status": problem.status}
            if problem.expected:
                logger().info("refused", extra={**facts, "problem": problem.body["type"]})
            else:
                logger().error("failed", extra={**facts, **error_fields(error)})
            return _response(problem.status, problem.body, CONTENT_TYPE, problem.headers)

    def _answer(self, operation: Operation, event: Mapping[str, Any], path: Mapping[str, str]) -> dict[str, Any]:
        call = self._call(operation, event, path)
        if call.caller is not None and call.caller.warehouses and operation.unsafe:
            from functions.seller_api.warehouses import check_warehouses

            check_warehouses(call, operation.path, _plain(call.body))
        if operation.unsafe:
            request = {"method": operation.method, "path": _path(event), "body": _plain(call.body)}
            answer = idempotently(
                call.seller,
                _header(event, "idempotency-key"),
                request,
                lambda remember: operation.run(replace(call, remember=remember)),
                store=call.store,
                clock=call.clock,
            )
        else:
            answer = operation.run(call)
        if isinstance(answer, Download):
            disposition = {"Content-Disposition": f'attachment; filename="{answer.name}"'}
            return _text_response(answer.status, answer.text, "text/csv; charset=utf-8", disposition)
        headers = {"Location": answer.location} if answer.location else {}
        if operation.etag:
            headers["ETag"] = f'"{answer.body["version"]}"'
        body = answer.body
        if call.caller is not None:
            body = with_names(body, Names(call.seller, call.store, kept=self._names, now=call.clock.now()))
        return _response(answer.status, body, "application/json", headers)

    def _call(self, operation: Operation, event: Mapping[str, Any], path: Mapping[str, str]) -> Call:
        caller = caller_of(event) if operation.roles else None
        if caller is not None:
            check_role(caller, operation.roles)
        try:
            query = operation.query.model_validate(event.get("queryStringParameters") or {})
        except ValidationError as error:
            raise invalid(error, "query") from error
        return Call(
            parts=self._parts(),
            caller=caller,
            path=path,
            query=query,
            body=_body(operation, event),
            if_match=_if_match(operation, event),
            remember=_forget,
        )


def _path(event: Mapping[str, Any]) -> str:
    """Without the stage, which stands before it unless it is the default one."""
    stage = event["requestContext"].get("stage", "$default")
    path: str = event["rawPath"]
    return path if stage == "$default" else path.removeprefix(f"/{stage}")


def _refuse(method: str, path: str) -> NoReturn:
    allowed = methods_at(path)
    # The method may be right where the router refuses a character that no id of ours has.
    if allowed and method not in allowed:
        raise HttpError(
            "method_not_allowed",
            f"this address knows {', '.join(allowed)}",
            headers={"Allow": ", ".join(allowed)},
        )
    raise HttpError("no_such_route", "there is nothing at this address")


def _body(operation: Operation, event: Mapping[str, Any]) -> Request | None:
    if not operation.unsafe:
        return None
    text = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            text = b64decode(text).decode()
    except (Base64Error, UnicodeError) as error:
        raise InvalidInputError("the body is not UTF-8 text", errors=[("body", "send JSON in UTF-8")]) from error
    try:
        # ERPs of .NET and 1C put a byte order mark before JSON; RFC 8259, 8.1 lets a reader pass over it.
        text = text.strip(WHITE_SPACE) or "{}"
        text, as_sent = _in_new_words(operation.body, text)
        return (operation.body or Request).model_validate_json(text)
    except ValidationError as error:
        raise invalid(error, "body", as_sent) from error


def _in_new_words(model: type[Request] | None, text: str) -> tuple[str, Mapping[str, str]]:
    """A body with its fields by their present names, and by those the names that were sent: errors speak of them.

    Raises InvalidInputError for both names of one field.
    """
    words = model.old_words if model else {}
    if not any(f'"{old}"' in text for old in words):
        return text, {}
    try:
        sent = json.loads(text)
    except ValueError:
        return text, {}
    used = {old: new for old, new in words.items() if isinstance(sent, dict) and old in sent}
    for old, new in used.items():
        if new in sent:
            told = f"{old} is the old name of {new}: send {new} alone"
            raise InvalidInputError(f"the body is not valid: {told}", errors=[(old, told)])
        sent[new] = sent.pop(old)
    return (json.dumps(sent) if used else text), {new: old for old, new in used.items()}


def limit_headers(left: Allowance) -> dict[str, str]:
    """How many calls are left, in the words of draft-ietf-httpapi-ratelimit-headers-06; nothing without a limit."""
    if not left.limit:
        return {}
    return {
        "RateLimit-Limit": str(left.limit),
        "RateLimit-Remaining": str(left.remaining),
        "RateLimit-Reset": str(left.reset),
        "RateLimit-Policy": f"{left.limit};w={WINDOW_SECONDS}",
    }


def _forget(_answer: Answer) -> list[Any]:
    return []


def _plain(body: Request | None) -> Any:
    return body.model_dump(mode="json") if body is not None else None


def _header(event: Mapping[str, Any], name: str) -> str:
    # API Gateway hands header names over in small letters.
    return str((event.get("headers") or {}).get(name, ""))


def _if_match(operation: Operation, event: Mapping[str, Any]) -> int | None:
    text = _header(event, "if-match").strip()
    if not operation.if_match or (not text and operation.if_match is IfMatch.OPTIONAL):
        return None
    if not text:
        raise HttpError("precondition_required", "this call replaces everything, so it must say what it has seen")
    match = _ETAG.fullmatch(text)
    if match is None:
        raise InvalidInputError("If-Match is not an ETag of ours", errors=[("If-Match", 'write it like "3"')])
    return int(match[1])


def _response(status: int, body: Mapping[str, Any], content_type: str, headers: Mapping[str, str]) -> dict[str, Any]:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=dict)
    return _text_response(status, text, content_type, headers)


def _text_response(status: int, text: str, content_type: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, "Cache-Control": "no-store", **headers},
        "body": text,
        "isBase64Encoded": False,
    }
