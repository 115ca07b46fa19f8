"""The front door: routes, authorizer and admission."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from shipby_local.stack import PortTakenError, Stack
from shipby_local.stack.proxy import ADMITTED, LARGEST_BODY, Proxy
from tests.support.waiting import LONGEST, eventually

pytestmark = pytest.mark.stack


def call(url: str, method: str, path: str, headers: dict[str, str] | None = None, body: str = "") -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONGEST)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    finally:
        connection.close()


def test_a_route_of_the_template_without_authorizer_reaches_its_function(shop: Stack) -> None:
    headers = {"Content-Type": "application/json"}
    status, seen = call(shop.api_url, "POST", "/open/abc%20d?x=1&y=%D0%B6", headers, '{"n":1}')
    assert status == 200
    assert (seen["method"], seen["parameters"]) == ("POST", {"token": "abc d"})
    assert (seen["query"], seen["body"]) == ({"x": "1", "y": "ж"}, '{"n":1}')


def test_a_route_asks_the_authorizer_of_the_template_and_passes_its_context_on(shop: Stack) -> None:
    status, seen = call(shop.api_url, "PATCH", "/v1/postings/7", {"Authorization": "Bearer good"})
    assert status == 200
    assert seen["path"] == "/v1/postings/7"
    assert seen["authorizer"] == {"seller": "s1", "role": "owner"}


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"Authorization": "Bearer bad"}, 403)])
def test_a_request_that_the_authorizer_does_not_let_in_never_reaches_the_function(
    shop: Stack, headers: dict[str, str], status: int
) -> None:
    assert call(shop.api_url, "GET", "/v1/postings", headers)[0] == status


def test_a_path_or_method_that_the_template_does_not_route_is_not_found(shop: Stack) -> None:
    assert call(shop.api_url, "GET", "/nowhere")[0] == 404
    assert call(shop.api_url, "GET", "/open/abc")[0] == 404


class _Upstream(BaseHTTPRequestHandler):
    inside = 0
    most_inside = 0
    guard = threading.Lock()
    go = threading.Event()
    """Set: answers at once."""

    def do_GET(self) -> None:
        cls = type(self)
        with cls.guard:
            cls.inside += 1
            cls.most_inside = max(cls.most_inside, cls.inside)
        cls.go.wait(LONGEST)
        with cls.guard:
            cls.inside -= 1
        body = json.dumps({"path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def upstream() -> Iterator[ThreadingHTTPServer]:
    _Upstream.go.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Upstream)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(upstream: ThreadingHTTPServer) -> Iterator[str]:
    proxy = Proxy(0)
    proxy.start(upstream.server_address[1], "/prefix")
    yield f"http://127.0.0.1:{proxy.port}"
    proxy.stop()


def test_the_front_door_admits_eight_requests_at_a_time_and_answers_all(proxy: str) -> None:
    answers: list[tuple[int, Any]] = []
    _Upstream.go.clear()
    threads = [threading.Thread(target=lambda: answers.append(call(proxy, "GET", "/a"))) for _ in range(40)]
    for thread in threads:
        thread.start()
    eventually(lambda: _Upstream.inside == ADMITTED, "the first ones to be inside")
    _Upstream.go.set()
    for thread in threads:
        thread.join()
    assert answers == [(200, {"path": "/prefix/a"})] * 40
    assert _Upstream.most_inside == ADMITTED == 8


def test_the_front_door_refuses_a_body_that_api_gateway_would_refuse(proxy: str) -> None:
    headers = {"Content-Length": str(LARGEST_BODY + 1)}
    assert call(proxy, "POST", "/a", headers) == (413, {"message": "Request Entity Too Large"})


def test_the_front_door_says_so_when_the_emulator_is_gone() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Upstream) as server:
        port = server.server_address[1]
    proxy = Proxy(0)
    proxy.start(port, "")
    try:
        status, answer = call(f"http://127.0.0.1:{proxy.port}", "GET", "/a")
    finally:
        proxy.stop()
    assert status == 502
    assert "does not answer" in answer["message"]


def test_a_taken_port_is_named_with_what_to_do() -> None:
    first = Proxy(0)
    try:
        with pytest.raises(PortTakenError, match=rf"Port {first.port} on 127.0.0.1 .* choose another port"):
            Proxy(first.port)
    finally:
        first.stop()
