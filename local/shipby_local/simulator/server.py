"""The HTTP server: Seller API, label files, control API. Listens on 127.0.0.1 only."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from shipby_local.simulator.control import Control
from shipby_local.simulator.gateway import Answer, Request
from shipby_local.simulator.labels.drawing import file_of
from shipby_local.simulator.parts import Parts

HOST: Final = "127.0.0.1"
LABELS: Final = "/_files/labels/"
CONTROL: Final = "/_sim/"
_MOST_BYTES: Final = 8 * 1024 * 1024


class SimulatorServer(ThreadingHTTPServer):
    """One thread per connection; knows its connections, so that stopping ends them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, rooms: Parts) -> None:
        self.rooms = rooms
        self.control = Control(rooms)
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends all open connections."""
        self.stopping.set()
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other side was faster


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: SimulatorServer

    def do_GET(self) -> None:
        if self.path.startswith(CONTROL):
            self._control("GET")
        elif self.path.startswith(LABELS):
            self._label()
        else:
            self._send(Answer(404, b'{"code": 5, "message": "Not Found", "details": []}'))

    def do_POST(self) -> None:
        if self.path.startswith(CONTROL):
            self._control("POST")
            return
        body = self._body()
        if body is None:
            return
        headers = self.headers
        request = Request(
            self.path,
            headers.get("Client-Id", ""),
            headers.get("Api-Key", ""),
            headers.get("Content-Type", ""),
            body,
        )
        answer = self.server.rooms.gateway.answer(request)
        if answer.wait:
            self.server.stopping.wait(answer.wait)
        if answer.hang_up:
            self.close_connection = True
            return
        self._send(answer)

    def _control(self, method: str) -> None:
        body = self._body()
        if body is not None:
            reply = self.server.control.answer(method, self.path.split("?")[0], body)
            self._send(Answer(reply.status, json.dumps(reply.value, ensure_ascii=False, default=str).encode()))

    def _label(self) -> None:
        name = self.path.removeprefix(LABELS).removesuffix(".pdf")
        found = file_of(self.server.rooms.market, name)
        self._send(Answer(found.status, found.body), content_type=found.content_type)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _MOST_BYTES:
            self.close_connection = True
            self._send(Answer(413, b'{"code": 3, "message": "body too large", "details": []}'))
            return None
        return self.rfile.read(int(length))

    def _send(self, answer: Answer, content_type: str = "application/json") -> None:
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in {"Content-Type": content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(answer.body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the caller did not wait for the answer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the books hold every call."""


class ServerThread:
    """Runs the server beside the caller."""

    def __init__(self, port: int, rooms: Parts) -> None:
        self._server = SimulatorServer(port, rooms)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator-http", daemon=True
        )
        self.base_url = f"http://{HOST}:{self._server.server_address[1]}"
        rooms.gateway.base_url = self.base_url

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.hang_up()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()
