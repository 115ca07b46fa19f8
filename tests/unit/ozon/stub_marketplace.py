"""A scripted marketplace on 127.0.0.1: real sockets, and every way to fail that HTTP has."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from shipby.adapters.ozon import OzonClient

EVENTS = Path(__file__).parents[2] / "events" / "ozon"

Fault = Literal["", "hang_up", "stall", "cut", "drip"]


def sample(name: str) -> Any:
    """A payload of the marketplace, from the folder of samples."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


PUSH_URLS_ANSWER: dict[str, Any] = {
    "urls": [
        {
            "id": 1,
            "url": "https://api.example.test/ozon/push/shop1.S3CRET",
            "enable": True,
            "availability_status": "YELLOW",
            "problematic_type": "TYPE_NEW_POSTING",
            "disable_reason": "",
            "reason_details": "",
        },
        {
            "id": 2,
            "url": "https://api.example.test/ozon/push/S3CRET?x=S3CRET",
            "enable": False,
            "availability_status": "RED",
            "problematic_type": "",
            "disable_reason": "AVAILABILITY",
            "reason_details": "",
        },
    ],
    "total_count": 2,
}
"""Of /v1/notification/list: no official example exists; built to fit the schema."""


@dataclass(frozen=True)
class Reply:
    """One scripted answer; `body` is sent as JSON unless it is bytes."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = ""


@dataclass(frozen=True)
class Received:
    verb: str
    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class StubMarketplace:
    """Answers each path with its replies in turn; the last one stays."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._replies: dict[str, list[Reply]] = {}
        self._stop = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def on(self, path: str, *replies: Reply) -> None:
        self._replies[path] = list(replies)

    def paths(self) -> list[str]:
        return [one.path for one in self.received]

    def close(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, path: str) -> Reply:
        replies = self._replies.get(path) or [Reply({"code": 5, "message": "Not Found", "details": []}, 404)]
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._serve("POST")

            def do_GET(self) -> None:
                self._serve("GET")

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

            def _serve(self, verb: str) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stub.received.append(Received(verb, self.path, dict(self.headers), raw))
                reply = stub._next(self.path)
                if reply.fault == "hang_up":
                    self.close_connection = True
                    return
                if reply.fault == "stall":
                    stub._stop.wait(20)
                    self.close_connection = True
                    return
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + (10 if reply.fault == "cut" else 0)))
                self.end_headers()
                try:
                    if reply.fault == "drip":
                        for piece in body:
                            self.wfile.write(bytes([piece]))
                            if stub._stop.wait(0.02):
                                break
                    else:
                        self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # the client hung up on purpose
                if reply.fault == "cut":
                    self.close_connection = True

        return Handler


@dataclass
class Pauses:
    """A clock that only moves when somebody sleeps; remembers the pauses."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def client_of(base_url: str, pauses: Pauses | None = None, **options: Any) -> OzonClient:
    """A client that does not really sleep."""
    pauses = pauses or Pauses()
    quiet: dict[str, Any] = {"requests_per_second": 1000.0, "monotonic": pauses.monotonic, "sleep": pauses.sleep}
    return OzonClient(base_url, "700001", "top-secret-key", **(quiet | options))
