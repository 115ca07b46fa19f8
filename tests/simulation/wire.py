"""The connection between the real client and the simulator's gateway: no sockets, but every way a call can break.

It raises what urllib3 raises, so that the product's own transport decides what a broken call means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError, ReadTimeoutError

from shipby_local.simulator.api.roles import ACTING
from shipby_local.simulator.gateway import Request
from tests.simulation.chance import Weather
from tests.simulation.clocks import Time
from tests.simulation.market import Market

BASE_URL = "https://marketplace.invalid"


@dataclass(slots=True)
class Exchange:
    """One call: who made it, whether it reached the marketplace, what that answered, and what its sender saw."""

    path: str
    body: Mapping[str, Any]
    acts: bool
    reached: bool = False
    status: int = 0
    """What the marketplace answered; 0 if it was not reached."""
    told: str = "answer"
    """What the sender saw: answer, refused, limited, lost, failed."""
    answer: bytes = b""

    @property
    def provably_idle(self) -> bool:
        """Whether its sender knows that nothing was done."""
        return self.told in {"refused", "limited"}


@dataclass(slots=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    content: bytes
    breaks: bool = False
    _given: int = field(default=0)

    def read1(self, _: int) -> bytes:
        if self._given == 0:
            self._given = 1
            return self.content[: len(self.content) // 2] if self.breaks else self.content
        if self.breaks:
            raise ProtocolError("Connection broken: the answer ended in the middle")
        return b""

    def release_conn(self) -> None:
        """Nothing to give back."""

    def close(self) -> None:
        """Nothing to close."""


class Wire:
    """Stands in for urllib3's pool. `pause` is where another process may run, or this one may die."""

    def __init__(
        self,
        market: Market,
        time: Time,
        rng: Random,
        *,
        weather: Callable[[], Weather],
        pause: Callable[[str], None],
        before: Callable[[Exchange], None],
        after: Callable[[Exchange], None],
    ) -> None:
        self._market = market
        self._time = time
        self._rng = rng
        self._weather = weather
        self._pause = pause
        self._before = before
        self._after = after

    def pool(self) -> urllib3.PoolManager:
        """As the client wants it."""
        return cast("urllib3.PoolManager", self)

    def request(self, verb: str, url: str, *, body: bytes, headers: Mapping[str, str], **_: object) -> _Response:
        path = urlsplit(url).path
        self._pause(f"call {path}")
        exchange = Exchange(path=path, body=json.loads(body), acts=path in ACTING)
        self._before(exchange)
        fault = self._fault()
        try:
            return self._carry(exchange, fault, body, headers)
        finally:
            self._after(exchange)

    def _fault(self) -> str:
        weather, dice = self._weather(), self._rng.random()
        for name in ("refused", "lost_before", "lost_after", "limited", "failed_before", "failed_after"):
            dice -= getattr(weather, name)
            if dice < 0:
                return name
        return ""

    def _carry(self, exchange: Exchange, fault: str, body: bytes, headers: Mapping[str, str]) -> _Response:
        self._time.pass_by(0.02 + self._rng.random() * 0.3)
        if fault == "refused":
            exchange.told = "refused"
            if self._rng.random() < 0.5:
                raise ConnectTimeoutError("no connection within 1 s")
            raise NewConnectionError(cast("Any", None), "connection refused")
        if fault == "limited":
            exchange.told = "limited"
            return _Response(429, {"Retry-After": "1"}, b'{"code":8,"message":"rate limit","details":[]}')
        if fault == "failed_before":
            exchange.told = "failed"
            return _Response(500, {}, b'{"code":13,"message":"Internal error","details":[]}')
        if fault == "lost_before":
            exchange.told = "lost"
            self._time.pass_by(10)
            raise self._broken(exchange)
        answer = self._market.rooms.gateway.answer(
            Request(exchange.path, headers["Client-Id"], headers["Api-Key"], headers["Content-Type"], body)
        )
        exchange.reached, exchange.status, exchange.answer = True, answer.status, answer.body
        if fault == "failed_after":
            exchange.told = "failed"
            return _Response(self._rng.choice((500, 502, 503, 504)), {}, b"<html>Bad gateway</html>")
        if fault == "lost_after":
            exchange.told = "lost"
            kind = self._rng.randrange(4)
            if kind == 0:
                return _Response(200, {}, b"<html>please wait</html>")
            if kind == 1 and len(answer.body) > 1:
                return _Response(answer.status, {}, answer.body, breaks=True)
            self._time.pass_by(10)
            raise self._broken(exchange)
        return _Response(answer.status, dict(answer.headers), answer.body)

    def _broken(self, exchange: Exchange) -> Exception:
        if self._rng.random() < 0.5:
            return ReadTimeoutError(cast("Any", None), exchange.path, "Read timed out.")
        return ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
