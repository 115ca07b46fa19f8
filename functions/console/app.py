"""From an HTTP event to a page and back: assets, language, session, forms that are ours, roles, errors."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

from functions.console import cookies
from functions.console.assets import serve
from functions.console.requests import Request, read_request
from functions.console.responses import Response, packed, redirect
from functions.console.routing import Route, find, knows
from functions.console.texts import Texts, chosen
from functions.console.visit import ForbiddenError, NotSignedInError, StaleFormError, Visit
from functions.console.wiring import Parts
from functions.console.words import PROBLEMS
from shipby.application.people.sessions import session_of
from shipby.application.shared.loggable import error_fields
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    DutyNeededError,
    IdempotencyMismatchError,
    InvalidInputError,
    NotFoundError,
    PreconditionFailedError,
    RetryableError,
    ShipbyError,
    StageMismatchError,
    TooManyTriesError,
)
from shipby.domain.sellers.settings import SellerSettings
from shipby.observability import logger

_ASSET = re.compile(r"/static/([0-9a-f]{16})/([A-Za-z0-9.-]{1,60})")
_STATUS: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (NotSignedInError, 401, "unauthorized"),
    (ForbiddenError, 403, "forbidden"),
    (StaleFormError, 403, "csrf"),
    (TooManyTriesError, 429, "too_many"),
    (InvalidInputError, 400, "invalid_input"),
    (NotFoundError, 404, "not_found"),
    (StageMismatchError, 409, "stage_mismatch"),
    (DutyNeededError, 409, "duty"),
    (ActionNotOfferedError, 409, "action_not_offered"),
    (PreconditionFailedError, 409, "conflict"),
    (AlreadyExistsError, 409, "conflict"),
    (IdempotencyMismatchError, 409, "conflict"),
    (RetryableError, 503, "later"),
)


class Console:
    """All pages behind one Lambda handler. `parts` is called on first use."""

    def __init__(self, parts: Callable[[], Parts]) -> None:
        self._parts = parts

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an HTTP API event (payload 2.0)."""
        accepts = str((event.get("headers") or {}).get("accept-encoding", ""))
        path = str(event.get("rawPath", ""))
        asset = _ASSET.fullmatch(path.removeprefix("/console"))
        if asset is not None and (found := serve(asset[1], asset[2])) is not None:
            return packed(found, accepts=accepts)
        return packed(self._answer(event), accepts=accepts)

    def _answer(self, event: Mapping[str, Any]) -> Response:
        visit: Visit | None = None
        try:
            request = read_request(event)
            visit = self._stranger(request)
            visit = _recognised(visit)
            found = find(request.method, request.path)
            if found is None:
                return _problem(visit, 405 if knows(request.path) else 404, "not_found", "")
            route, parts = found
            visit = replace(visit, area=route.area)
            _admit(visit, route)
            return _renewed(route.run(visit, parts), visit)
        except Exception as error:
            return _failed(error, visit, event)

    def _stranger(self, request: Request) -> Visit:
        """Before anything is read: enough for an error page in the right language."""
        parts = self._parts()
        language = chosen(request.cookies.get(cookies.LANGUAGE, ""), request.headers.get("accept-language", ""))
        return Visit(request, parts, Texts(language), parts.clock.now())


def _recognised(visit: Visit) -> Visit:
    """With the session, if the browser has one, and the seller's language and time zone."""
    request, parts = visit.request, visit.parts
    token = request.cookies.get(cookies.SESSION, "")
    found = session_of(token, store=parts.store, clock=parts.clock) if token else None
    if found is None:
        return visit
    seller = found.session.seller
    settings = parts.store.settings(seller) or SellerSettings(seller=seller)
    language = chosen(
        request.cookies.get(cookies.LANGUAGE, ""), request.headers.get("accept-language", ""), settings.language
    )
    texts = Texts(language, settings.time_zone)
    return replace(visit, texts=texts, signed_in=found, csrf=cookies.csrf_of(found.token or token))


def _renewed(response: Response, visit: Visit) -> Response:
    """Where the role has changed the session has another token, which the browser gets with this answer."""
    found = visit.signed_in
    if found is None or not found.token or response.cookies:
        return response
    return replace(response, cookies=[cookies.session(found.token, found.session.ends_at - visit.now)])


def _admit(visit: Visit, route: Route) -> None:
    """Raises StaleFormError, NotSignedInError, ForbiddenError."""
    if not visit.request.is_read:
        _is_ours(visit)
    if route.roles is None:
        return
    if visit.role not in route.roles:
        raise ForbiddenError


def _is_ours(visit: Visit) -> None:
    """Whether a form was sent by a page of ours: what the browser says of itself, and the word of the session."""
    request = visit.request
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        same = site == "same-origin"
    else:  # browsers from before 2023
        same = urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "-")
    if not same:
        raise StaleFormError
    if visit.signed_in is not None:
        word = request.form.get("csrf") or request.headers.get("x-csrf", "")
        if not hmac.compare_digest(word.encode(), visit.csrf.encode()):
            raise StaleFormError


def _failed(error: Exception, visit: Visit | None, event: Mapping[str, Any]) -> Response:
    status, code = next(((s, c) for kind, s, c in _STATUS if isinstance(error, kind)), (500, "internal"))
    request_id = str(event["requestContext"].get("requestId", ""))
    # Ids only: what people send or read never goes to the log.
    facts = {"request_id": request_id, "status": status}
    if status == 500:
        logger().error("failed", extra={**facts, **error_fields(error)})
    else:
        logger().info("refused", extra={**facts, "problem": code})
    if visit is None:
        return Response(
            status, "" if status != 500 else f"Something went wrong: {request_id}", "text/plain; charset=utf-8"
        )
    request = visit.request
    if status == 401 and request.is_read and not request.partial:
        back = f"?next={quote('/console' + request.path, safe='')}" if request.path else ""
        return redirect(f"/console/login{back}")
    said = str(error) if isinstance(error, ShipbyError) and status < 500 else ""
    return _problem(visit, status, code, said)


def _problem(visit: Visit, status: int, code: str, said: str) -> Response:
    title, advice = PROBLEMS[code]
    values = {"status": status, "code": code, "title": title, "advice": advice, "said": said}
    template = "problem_part.html" if visit.request.partial else "problem.html"
    return visit.html(template, {**values, "request_id": visit.request.id}, status=status)
