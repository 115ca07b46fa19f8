"""The HTTP door on 127.0.0.1: pushes, the API, the console and links to files, given to the functions' handlers."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from shipby.adapters.sqlite.documents import PATH as FILES
from shipby.application.shared.loggable import error_fields
from shipby.domain.errors import ShipbyError
from shipby.observability import logger
from shipby_local.one_machine.machine import Machine

MOST_BYTES = 10 * 1024 * 1024
"""Of a request: as API Gateway takes."""
_PUSH = "/ozon/push/"
_OPEN = {("GET", "/v1/health"), ("GET", "/v1/openapi.json")}
_SECONDS = 30

Answer = Mapping[str, Any]


class Door:
    """Serves from `start` on until `stop`."""

    def __init__(self, machine: Machine, *, port: int, host: str = "127.0.0.1", proxied: bool = False) -> None:
        """`proxied`: the last address of X-Forwarded-For is who calls, for a reverse proxy stands before this."""
        self._server = _Server((host, port), _Request)
        self._server.machine, self._server.proxied = machine, proxied
        self.port = self._server.server_address[1]

    def start(self) -> None:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="door", daemon=True).start()

    def stop(self) -> None:
        """Take nothing more, and end what was taken."""
        self._server.shutdown()
        self._server.quiet(_SECONDS)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    # Connections that are kept open and ask nothing must not hold the end up; requests are waited for by `quiet`.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    machine: Machine
    proxied: bool

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._running = 0
        self._changed = Condition()

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def quiet(self, seconds: float) -> bool:
        """Wait until no request is being answered."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, timeout=seconds)


class _Request(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # An answer is one packet: head and body apart would wait 40 ms for each other (Nagle, delayed acknowledgement).
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = _SECONDS

    def _answer(self) -> None:
        with self.server.counted():
            self._answered()

    def _answered(self) -> None:
        try:
            size = int(self.headers.get("content-length") or 0)
        except ValueError:
            size = -1
        if not 0 <= size <= MOST_BYTES or self.headers.get("transfer-encoding"):
            self.close_connection = True
            self._send(_problem(413, f"a request holds at most {MOST_BYTES} bytes and says how many"))
            return
        body = self.rfile.read(size) if size else b""
        try:
            answer = self._routed(body)
        except Exception as error:  # as API Gateway: a function that failed answers 500
            logger().error("a request failed", extra=error_fields(error))
            answer = _problem(500, "something went wrong; try again")
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815 - http.server's names

    def _routed(self, body: bytes) -> Answer:
        path = urlsplit(self.path).path
        if path.startswith(FILES):
            return self._file(path.removeprefix(FILES), body)
        event = self._event(path, body)
        if path.startswith(_PUSH) and self.command == "POST" and "/" not in path.removeprefix(_PUSH):
            from functions.order_webhook.handler import handler as webhook

            event["pathParameters"] = {"token": unquote(path.removeprefix(_PUSH))}
            return webhook(event, None)
        if path == "/console" or path.startswith("/console/"):
            from functions.console.handler import handler as console

            return console(event, None)
        if path.startswith("/v1/"):
            return self._api(event, path)
        return _problem(404, "there is nothing here; the console is at /console")

    def _api(self, event: dict[str, Any], path: str) -> Answer:
        from functions.authorizer.handler import handler as authorizer
        from functions.seller_api.handler import handler as api

        if (self.command, path) not in _OPEN:
            if not event["headers"].get("authorization"):
                return _problem(401, "this needs an API key: Authorization: Bearer …")
            known = authorizer(event, None)
            if not known["isAuthorized"]:
                return _problem(403, "this key may not call; it is unknown, revoked or has ended")
            event["requestContext"]["authorizer"] = {"lambda": known["context"]}
        return api(event, None)

    def _file(self, token: str, body: bytes) -> Answer:
        documents = self.server.machine.documents
        try:
            if self.command == "PUT":
                documents.upload(token, body)
                return {"statusCode": 200, "headers": {}, "body": ""}
            kind, content = documents.download(token)
        except ShipbyError as error:
            return _problem(404 if self.command == "GET" else 400, str(error))
        return {
            "statusCode": 200,
            # Content of others is never run in the console's origin.
            "headers": {
                "Content-Type": kind,
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox",
            },
            "body": base64.b64encode(content).decode(),
            "isBase64Encoded": True,
        }

    def _event(self, path: str, body: bytes) -> dict[str, Any]:
        query = urlsplit(self.path).query
        headers = {name.lower(): value for name, value in self.headers.items()}
        cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
        asked: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            asked[name] = f"{asked[name]},{value}" if name in asked else value
        source = self.client_address[0]
        if self.server.proxied and (chain := headers.get("x-forwarded-for")):
            source = chain.rpartition(",")[2].strip()
        try:
            text, is_base64 = body.decode(), False
        except UnicodeDecodeError:
            text, is_base64 = base64.b64encode(body).decode(), True
        http = {"method": self.command, "path": path, "sourceIp": source, "userAgent": headers.get("user-agent", "")}
        return {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "cookies": cookies,
            **({"queryStringParameters": asked} if asked else {}),
            "requestContext": {"http": http, "requestId": str(uuid.uuid4()), "stage": "$default"},
            **({"body": text} if body else {}),
            "isBase64Encoded": is_base64,
        }

    def _send(self, answer: Answer) -> None:
        content = str(answer.get("body") or "")
        sent = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode("utf-8", "surrogatepass")
        self.send_response(int(answer["statusCode"]))
        for name, value in (answer.get("headers") or {}).items():
            self.send_header(name, str(value))
        for cookie in answer.get("cookies") or ():
            self.send_header("Set-Cookie", str(cookie))
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: addresses hold secrets."""


def _problem(status: int, message: str) -> Answer:
    told = {"type": "about:blank", "status": status, "title": message, "detail": message}
    return {"statusCode": status, "headers": {"Content-Type": "application/problem+json"}, "body": json.dumps(told)}
