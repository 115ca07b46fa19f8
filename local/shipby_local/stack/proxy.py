"""The front door: http://127.0.0.1:<port>/... becomes a call of the template's HTTP API.

At most 8 requests are inside at a time, the rest wait: every concurrent invocation costs a worker process of about 48
MB.
"""

import contextlib
import http.client
import logging
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from shipby_local.stack.emulation.emulator import HOST, listen_on

logger = logging.getLogger(__name__)

ADMITTED = 8
# API Gateway's own limits: integration time and payload.
WAIT_SECONDS = 30.0
LARGEST_BODY = 10 * 1024 * 1024
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
}


Door = Callable[[str, bytes], tuple[int, bytes]]
"""What answers a path of this machine only: method and body in, status and JSON out."""


class Proxy:
    """Serves `prefix` of the emulator on `port` (0: a free one) of 127.0.0.1. Raises PortTakenError."""

    def __init__(self, port: int, wait_seconds: float = WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._listener = listen_on(port, "console and API")
        self.port: int = self._listener.getsockname()[1]
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, upstream_port: int, prefix: str) -> None:
        """Begin to answer."""
        self._server = _Server(self._listener, upstream_port, prefix, self._wait_seconds)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="api-proxy", daemon=True
        )
        self._thread.start()

    @property
    def inside(self) -> int:
        """Requests that are being answered at this moment."""
        return self._server.inside if self._server is not None else 0

    def serve_here(self, path: str, door: Door) -> None:
        """Answer this path here instead of handing it on."""
        if self._server is not None:
            self._server.doors[path] = door

    def stop(self) -> None:
        """Close the port; requests inside end with the emulator."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        self._listener.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: Any, upstream_port: int, prefix: str, wait_seconds: float) -> None:
        super().__init__((HOST, 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.upstream_port = upstream_port
        self.prefix = prefix
        self.wait_seconds = wait_seconds
        self.admission = threading.BoundedSemaphore(ADMITTED)
        self.doors: dict[str, Door] = {}
        self._counting = threading.Lock()
        self.inside = 0

    def count(self, by: int) -> None:
        with self._counting:
            self.inside += by

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away while it waited is no fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An idle keep-alive connection holds a thread for at most this long.
    timeout = 60
    server: _Server

    def _forward(self) -> None:
        body = self._body()
        if body is None:
            return
        door = self.server.doors.get(urlsplit(self.path).path)
        if door is not None:
            status, content = door(self.command, body)
            self._answer(status, [("Content-Type", "application/json")], content)
            return
        # Counted while it waits, too: whoever asks whether all is quiet must see it.
        self.server.count(1)
        try:
            self._hand_on(body)
        finally:
            self.server.count(-1)

    def _hand_on(self, body: bytes) -> None:
        if not self.server.admission.acquire(timeout=self.server.wait_seconds):
            self._answer(503, [("Content-Type", "application/json")], b'{"message":"Service Unavailable"}')
            return
        try:
            status, headers, content = self._call(body)
        except OSError as error:
            logger.warning("The emulator did not answer %s: %s", self.command, error)
            status, headers = 502, [("Content-Type", "application/json")]
            content = b'{"message":"Bad Gateway: the embedded stack does not answer. See its log or restart it."}'
        finally:
            self.server.admission.release()
        self._answer(status, headers, content)

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self._answer(411, [("Content-Type", "application/json")], b'{"message":"Length Required"}')
            return None
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST_BODY:
            self.close_connection = True
            status, text = (400, b"Bad Request") if length < 0 else (413, b"Request Entity Too Large")
            self._answer(status, [("Content-Type", "application/json")], b'{"message":"' + text + b'"}')
            return None
        return self.rfile.read(length)

    def _call(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(HOST, self.server.upstream_port, timeout=self.server.wait_seconds + 5)
        with contextlib.closing(connection):
            connection.putrequest(
                self.command, self.server.prefix + self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP and name.lower() != "content-length":
                    connection.putheader(name, value)
            connection.putheader("X-Forwarded-For", self.client_address[0])
            connection.putheader("X-Forwarded-Proto", "http")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP and name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _forward  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: Any) -> None:
        """The path holds the push token: only a failed request's outcome is ever logged, and not here."""
