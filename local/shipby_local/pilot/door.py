"""The only door to the marketplace: lets reading calls of the allow-list through, slowly, and keeps what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from shipby.adapters.ozon import assumptions
from shipby.adapters.ozon.pacing import Pacer
from shipby.adapters.ozon.reading.answers import parse_json
from shipby_local.pilot.allowed import PATHS
from shipby_local.stack.errors import StackError

_PIECE: Final = 65_536
_SHOWN_HEADERS: Final = ("Ratelimit-Remaining", "Retry-After")


class CallRefusedError(StackError):
    """A call that is not on the pilot's allow-list; it was not sent."""


class EnoughAskedError(StackError):
    """The pilot has made as many calls as it was allowed; the one that comes next was not sent."""


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One call and its answer. It has no repr: it may hold personal data.

    `status` is 0 where no whole answer came; `value` is None where the answer was no JSON; `seconds` is the time until
    the whole answer was there, `size` its bytes.
    """

    path: str
    request: Any
    status: int
    headers: Mapping[str, str]
    seconds: float
    size: int
    value: Any


class Door(urllib3.PoolManager):
    """A pool of connections for `Transport` that refuses whatever is not a POST to an allowed path of one host.

    Sends at most `per_second` requests a second and `most_calls` in all, repeats included. Raises CallRefusedError and
    EnoughAskedError before anything is sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        per_second: float,
        most_calls: int,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(num_pools=1, maxsize=1)
        self._base = base_url.rstrip("/")
        self._pacer = Pacer(per_second, monotonic=monotonic, sleep=sleep)
        self._left = most_calls
        self._monotonic = monotonic
        self.exchanges: list[Exchange] = []

    def urlopen(  # type: ignore[override]  # all arguments are passed on
        self, method: str, url: str, redirect: bool = False, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        """Every request of a pool comes through here, and so would every redirect."""
        path = self._admitted(method, url)
        if self._left <= 0:
            raise EnoughAskedError("the pilot has made all the calls it was allowed (--most-calls)")
        self._left -= 1
        self._pacer.wait()
        began = self._monotonic()
        status, headers, body = 0, urllib3.HTTPHeaderDict(), b""
        try:
            with super().urlopen(method, url, redirect=redirect, **{**options, "preload_content": False}) as answer:
                body = self._whole(answer)
                status, headers = answer.status, urllib3.HTTPHeaderDict(answer.headers)
        finally:
            self._keep(path, options.get("body"), status, headers, self._monotonic() - began, body)
        for name in ("Content-Encoding", "Content-Length", "Transfer-Encoding"):
            headers.discard(name)
        return urllib3.HTTPResponse(BytesIO(body), headers=headers, status=status, preload_content=False)

    def _admitted(self, method: str, url: str) -> str:
        path = url.removeprefix(self._base)
        if method != "POST" or path == url or path not in PATHS:
            raise CallRefusedError(f"the pilot only reads: {method} {urlsplit(url).path} is not on its allow-list")
        return path

    def _whole(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        last, pieces, size = self._monotonic() + assumptions.WHOLE_ANSWER_SECONDS, [], 0
        while piece := answer.read1(_PIECE):
            size += len(piece)
            if size > assumptions.LARGEST_ANSWER or self._monotonic() > last:
                raise HTTPError("an answer that is too long")
            pieces.append(piece)
        return b"".join(pieces)

    def _keep(
        self, path: str, sent: object, status: int, headers: Mapping[str, str], seconds: float, body: bytes
    ) -> None:
        shown = {name: headers[name] for name in _SHOWN_HEADERS if name in headers}
        request = _json(sent) if isinstance(sent, bytes) else None
        self.exchanges.append(Exchange(path, request, status, shown, seconds, len(body), _json(body)))


def _json(body: bytes) -> Any:
    try:
        return parse_json(body)
    except ValueError:
        return None
