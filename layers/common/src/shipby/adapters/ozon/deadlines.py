"""A time limit on a whole HTTP answer, status line and headers included, on one connection pool.

A time-out of urllib3 or of a socket bounds the silence between two pieces of an answer: a server that sends a byte
every few seconds is never silent for long. Here every read from the socket gets what is left until the deadline, so
that an answer that drips in ends with it, whether it drips its headers or its body.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_DEADLINE: ContextVar[float] = ContextVar("deadline of the HTTP answer", default=math.inf)
"""By `time.monotonic`, of the call that this thread makes now."""


@contextmanager
def whole_answer_within(seconds: float) -> Iterator[None]:
    """Calls of a `DeadlinePool` in this thread end after so many seconds, by what urllib3 makes of a TimeoutError."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


class _Bounded(io.RawIOBase):
    """The reading side of a socket, with what is left of the time as its time-out."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._patience: float | None = sock.gettimeout()
        # As the socket's own file: closing it, and not the socket, ends the connection once both are closed.
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        found: int | None = self._raw.readinto(buffer)
        return found

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """What `HTTPResponse` wants of a socket: a file to read from."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, *_args: object, **_more: object) -> io.BufferedReader:
        return io.BufferedReader(_Bounded(self._sock, self._deadline))


def _response_class(original: Callable[..., HTTPResponse]) -> Callable[..., HTTPResponse]:
    def respond(sock: Any, *args: Any, **more: Any) -> HTTPResponse:
        deadline = _DEADLINE.get()
        return original(sock if math.isinf(deadline) else _Socket(sock, deadline), *args, **more)

    return respond


class _Connection(HTTPConnection):
    response_class = staticmethod(_response_class(HTTPResponse))  # type: ignore[assignment]  # called, never inherited


class _SecureConnection(HTTPSConnection):
    response_class = staticmethod(_response_class(HTTPResponse))  # type: ignore[assignment]  # as above


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlinePool(urllib3.PoolManager):
    """A pool whose calls `whole_answer_within` bounds."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
