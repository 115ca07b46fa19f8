"""One POST to a receiver: to the very address that was checked, over TLS, without redirects, bounded in time and size.

Of the answer the status line is read and nothing else: a redirect is a refusal, a megabyte of body is left where it is.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from shipby.adapters.webhooks.addresses import refused_by_its_text, resolved
from shipby.application.ports.webhooks.out import Heard

WITHIN: Final = 15.0
"""Seconds for everything: a receiver that answers later has not taken it, and gets it again."""
_MOST_ANSWER: Final = 4096
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?\r?\n")
AGENT: Final = "Shipby-Webhooks/1"


class GuardedSender:
    """Implements `WebhookSender`."""

    def __init__(
        self,
        *,
        on_this_machine: bool = False,
        within: float = WITHIN,
        resolve: Callable[..., str] = resolved,
        trust: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_this_machine`: the embedded stack, where a receiver may listen on 127.0.0.1 over plain http."""
        self._local = on_this_machine
        self._within = within
        self._resolve = resolve
        self._trust = trust
        self._monotonic = monotonic

    def refused(self, url: str) -> str:
        return refused_by_its_text(url, on_this_machine=self._local)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        """Never raises for what the receiver does; the problem holds nothing of its answer but the status."""
        if problem := self.refused(url):
            return Heard(0, problem)
        try:
            return self._exchange(url, body, headers, self._monotonic() + self._within)
        except TimeoutError:
            return Heard(0, f"no answer within {self._within:g} s")
        except ssl.SSLError as error:
            return Heard(0, f"TLS failed: {error.reason or type(error).__name__}")
        except OSError as error:
            return Heard(0, f"it could not be called: {error.strerror or error}"[:200])
        except UnicodeError:
            return Heard(0, "its host cannot be read")

    def _exchange(self, url: str, body: bytes, headers: Mapping[str, str], ends: float) -> Heard:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._resolve(host, port, on_this_machine=self._local)
        request = _request(url, body, headers)
        with socket.create_connection((address, port), timeout=self._left(ends)) as plain:
            if parts.scheme != "https":
                return self._talk(plain, request, ends)
            plain.settimeout(self._left(ends))
            trust = self._trust or ssl.create_default_context()
            with trust.wrap_socket(plain, server_hostname=host) as secure:
                return self._talk(secure, request, ends)

    def _talk(self, connection: socket.socket, request: bytes, ends: float) -> Heard:
        sent = 0
        while sent < len(request):
            connection.settimeout(self._left(ends))
            sent += connection.send(request[sent : sent + 65536])
        answer = b""
        while len(answer) <= _MOST_ANSWER:
            connection.settimeout(self._left(ends))
            part = connection.recv(_MOST_ANSWER)
            if not part:
                return Heard(0, "it closed the connection without an answer")
            answer += part
            status = _status(answer)
            if status:
                return Heard(status)
            if b"\n" in answer and not answer.startswith(b"HTTP/1."):
                break
        return Heard(0, "its answer is no HTTP")

    def _left(self, ends: float) -> float:
        left = ends - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _status(answer: bytes) -> int:
    """The final status of what has come so far; 0: not there yet. 100 Continue and the like are followed by it."""
    while (found := _STATUS.match(answer)) and found[1].startswith(b"1"):
        _, ended, answer = answer.partition(b"\r\n\r\n")
        if not ended:
            return 0
    return int(found[1]) if found else 0


def _request(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"POST {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"User-Agent: {AGENT}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
