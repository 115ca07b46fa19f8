"""Between HTTP and the methods: content type, credentials, rate limit, faults, error envelope, tallies."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Body, Call, Download, syntax_error
from shipby_local.simulator.api.registry import METHODS, NOTIFICATION_CHECK
from shipby_local.simulator.api.roles import ACTING
from shipby_local.simulator.desks.returns import ReturnDesk
from shipby_local.simulator.engine import Engine
from shipby_local.simulator.errors import ApiError
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import Fault, SellerAccount
from shipby_local.simulator.pushes.client import PushClient
from shipby_local.simulator.words import Json, stamp

_LOG: Final = logging.getLogger(__name__)
_HTTP_FAULTS: Final = {"http_error", "timeout_after_success", "timeout_before", "slow"}


@dataclass(slots=True)
class Request:
    """An API call as it came in."""

    path: str
    client_id: str
    api_key: str
    content_type: str
    body: bytes


@dataclass(slots=True)
class Answer:
    """What goes back. `hang_up`: close the connection after `wait` seconds instead of answering."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    hang_up: bool = False


class Gateway:
    """Answers calls of the Seller API."""

    def __init__(self, market: Market, desk: ReturnDesk, engine: Engine) -> None:
        self._market = market
        self._desk = desk
        self._engine = engine
        self._world = market.world
        self._recent: dict[str, deque[float]] = {}
        self._checker = PushClient(market.world.settings.push_timeout)
        self.base_url = ""

    def close(self) -> None:
        """Closes outgoing connections."""
        self._checker.close()

    def answer(self, request: Request) -> Answer:
        """One call from headers to envelope. Whatever it changed is in the file when this returns."""
        self._engine.run_due()
        with self._world.change():
            try:
                seller = self._admit(request)
                headers = self._limit(seller)
            except ApiError as error:
                return self._refuse(request, error)
            fault = self._market.faults.take(
                _HTTP_FAULTS,
                method=request.path,
                client_id=seller.client_id,
                text=request.body.decode("utf-8", "replace"),
            )
            if fault is not None and fault.kind in {"http_error", "timeout_before"}:
                return self._broken(request, fault, headers)
            if request.path != NOTIFICATION_CHECK:
                answer = self._call(request, seller, headers)
                return self._bent(answer, fault)
        answer = self._check_address(request, headers)
        with self._world.change():
            self._tally(request, answer.status)
        return self._bent(answer, fault)

    def _admit(self, request: Request) -> SellerAccount:
        if not request.client_id or not request.api_key:
            raise ApiError(401, 16, "Client-Id and Api-Key headers are required")
        if request.content_type.split(";")[0].strip().lower() != "application/json":
            raise ApiError(400, 4, "Content-Type must be application/json")
        if not request.client_id.isdigit():
            raise ApiError(400, 3, "Client-Id header is malformed")
        seller = self._world.sellers.get(request.client_id)
        if seller is None or request.api_key not in {seller.api_key, seller.read_only_key}:
            raise ApiError(404, 5, words.BAD_KEY)
        if not seller.key_active or self._world.now() > seller.key_expires_at:
            raise ApiError(403, 7, words.DEACTIVATED_KEY)
        if request.path not in METHODS and request.path != NOTIFICATION_CHECK:
            raise ApiError(404, 5, "Not Found")
        if request.api_key != seller.api_key and request.path in ACTING:
            raise ApiError(403, 7, words.MISSING_ROLE)
        return seller

    def _limit(self, seller: SellerAccount) -> dict[str, str]:
        most, now = self._world.settings.rate_limit_per_second, time.monotonic()
        recent = self._recent.setdefault(seller.client_id, deque())
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= most:
            self._world.tally(f"rate_limited:{seller.client_id}")
            raise ApiError(429, 8, words.RATE_LIMIT_TEXT)
        recent.append(now)
        return {"Ratelimit-Remaining": str(most - len(recent))}

    def _call(self, request: Request, seller: SellerAccount, headers: dict[str, str]) -> Answer:
        try:
            body = Body(json.loads(request.body or b"{}"))
            read_only = request.api_key != seller.api_key
            call = Call(request.path, seller, body, self._market, self._desk, self.base_url, read_only)
            result = METHODS[request.path](call)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return self._refuse(request, syntax_error(request.body[:20].decode("utf-8", "replace")), headers)
        except ApiError as error:
            return self._refuse(request, error, headers)
        except Exception:
            _LOG.exception("%s failed", request.path)
            self._world.tally("internal_errors")
            return self._refuse(request, ApiError(500, 13, "Internal error"), headers)
        self._tally(request, 200)
        if isinstance(result, Download):
            named = {"Content-Disposition": f'attachment; filename="{result.name}"'}
            return Answer(200, result.content, {**headers, **named, "Content-Type": result.content_type})
        if result is None:  # described without a body; a gRPC gateway writes an empty message as an object
            return Answer(200, b"{}", headers)
        shown = self._market.faults.spoil(result, method=request.path, client_id=seller.client_id)
        return Answer(200, encode(shown), headers)

    def _check_address(self, request: Request, headers: dict[str, str]) -> Answer:
        try:
            url = Body(json.loads(request.body or b"{}")).text("url")
        except ValueError:
            return Answer(400, envelope(syntax_error("body")), headers)
        except ApiError as error:
            return Answer(error.status, envelope(error), headers)
        outcome = self._checker.deliver(url, {"message_type": "TYPE_PING", "time": stamp(self._world.now())})
        errors = [{"type": outcome.error, "description": f"HTTP {outcome.status}"}] if outcome.error else []
        return Answer(200, encode({"errors": errors, "is_active": not errors}), headers)

    def _broken(self, request: Request, fault: Fault, headers: dict[str, str]) -> Answer:
        if fault.kind == "timeout_before":
            self._tally(request, 0)
            return Answer(0, wait=fault.seconds, hang_up=True)
        code = {429: 8, 403: 7, 404: 5, 400: 3}.get(fault.status, 13)
        text = fault.message or (words.RATE_LIMIT_TEXT if fault.status == 429 else "Internal error")
        return self._refuse(request, ApiError(fault.status, code, text), headers)

    def _bent(self, answer: Answer, fault: Fault | None) -> Answer:
        if fault is not None:
            answer.wait = fault.seconds
            answer.hang_up = fault.kind == "timeout_after_success"
        return answer

    def _refuse(self, request: Request, error: ApiError, headers: dict[str, str] | None = None) -> Answer:
        self._tally(request, error.status)
        extra = dict(headers or {})
        if error.status == 429:
            extra |= {"Retry-After": "1", "Ratelimit-Remaining": "0"}
        return Answer(error.status, envelope(error), extra)

    def _tally(self, request: Request, status: int) -> None:
        known = request.path in METHODS or request.path == NOTIFICATION_CHECK
        seller = request.client_id if self._world.sellers.get(request.client_id) else "unknown"
        self._world.tally(f"call:{seller}:{request.path if known else 'unknown method'}:{status or 'no answer'}")


def envelope(error: ApiError) -> bytes:
    """The marketplace's error body."""
    return encode({"code": error.code, "message": error.message, "details": []})


def encode(value: Json) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False).encode()
