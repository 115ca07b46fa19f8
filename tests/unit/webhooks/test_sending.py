"""The way out: past nothing that is ours, bounded in time and size, signed as the published library expects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from shipby.adapters.webhooks.addresses import is_public, refused_by_its_text, resolved
from shipby.adapters.webhooks.sender import GuardedSender
from shipby.domain.errors import InvalidInputError
from shipby.domain.webhooks.signing import message_id, new_secret, signed_headers

PRIVATE = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "0.0.0.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_a_private_network_is_public_in_whatever_clothes(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example.com/x",
        "ftp://erp.example.com/x",
        "file:///etc/passwd",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0177.0.0.1/x",
        "https://127.1/x",
        "https://localhost/x",
        "https://erp.localhost/x",
        "https://db.internal/x",
        "https://erp.example.com:22/x",
        "https://erp.example.com:99999/x",
        "https://user:pass@erp.example.com/x",
        "https://erp.example.com@169.254.169.254/x",
        "https://erp.example.com\\@127.0.0.1/x",
        "https://erp.example.com/x#part",
        "https://erp.example.com/a b",
        "https://erp.example.com/\r\nX: y",
        "https://пример.рф/x",
        "https:///x",
        "https://",
        "",
        "x" * 2000,
        "http://127.0.0.1:9001/2018-06-01/runtime",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_by_its_text(url: str) -> None:
    assert refused_by_its_text(url)
    assert GuardedSender(resolve=_never).post(url, b"{}", {}).status == 0


@pytest.mark.parametrize("url", ["https://erp.example.com/x?a=1", "https://erp.example.com:8443/", "https://8.8.8.8/"])
def test_a_public_address_may_be_called(url: str) -> None:
    assert refused_by_its_text(url) == ""


def test_only_the_embedded_stack_calls_this_machine() -> None:
    assert refused_by_its_text("http://127.0.0.1:8080/x", on_this_machine=True) == ""
    assert refused_by_its_text("http://127.0.0.2:8080/x", on_this_machine=True)
    assert refused_by_its_text("http://erp.example.com/x", on_this_machine=True)


def _never(*_: Any, **__: Any) -> str:
    raise AssertionError("nothing is looked up")


def _answers(*found: str) -> Callable[..., Any]:
    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]

    return getaddrinfo


def test_a_name_that_stands_for_a_private_address_too_is_a_trap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answers("8.8.8.8", "169.254.169.254"))
    with pytest.raises(OSError, match="private"):
        resolved("erp.example.com", 443)
    heard = GuardedSender().post("https://erp.example.com/x", b"{}", {})
    assert (heard.status, "private" in heard.problem) == (0, True)


def test_what_was_checked_is_what_is_called_however_the_name_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name is asked once, and the connection goes to the number that was checked."""
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: _answers(*answers.pop(0))())
    called: list[Any] = []

    def connect(place: Any, timeout: float) -> socket.socket:
        called.append(place)
        raise OSError("not in this test")

    monkeypatch.setattr(socket, "create_connection", connect)
    GuardedSender().post("https://erp.example.com/x", b"{}", {})
    assert called == [("8.8.8.8", 443)]


@contextmanager
def receiver(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A receiver on this machine that reads one request and answers as it is told."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                with suppress(OSError):  # the sender has gone: that is what is tried
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
        thread.join(5)


def _says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        (b"HTTP/1.1 204\r\n\r\n", 204),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n", 202),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", 302),
        (b"HTTP/1.1 503 Busy\r\n\r\n", 503),
        (b"SSH-2.0-OpenSSH\r\n", 0),
        (b"HTTP/1.1 2000 OK\r\n\r\n", 0),
        (b"", 0),
    ],
)
def test_an_answer_is_its_status_and_a_redirect_is_a_refusal(answer: bytes, status: int) -> None:
    with receiver(_says(answer)) as url:
        heard = GuardedSender(on_this_machine=True).post(url, b"{}", {})
    assert heard.status == status
    assert heard.taken == (200 <= status < 300)
    assert heard.problem or status


def test_a_megabyte_of_answer_is_not_read() -> None:
    left: list[int] = []

    def floods(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        left.append(0)
        for _ in range(1024):
            connection.sendall(b"x" * 65536)
            left[0] += 65536

    with receiver(floods) as url:
        assert GuardedSender(on_this_machine=True).post(url, b"{}", {}).status == 200
    assert left[0] < 64 * 1024 * 1024


@pytest.mark.parametrize("drips", [False, True])
def test_a_receiver_that_takes_its_time_has_not_taken_it(drips: bool) -> None:
    """Silent, or a byte now and then: the time is for everything."""
    over = threading.Event()

    def answers(connection: socket.socket) -> None:
        while not over.wait(0.02):
            if drips:
                connection.sendall(b"H")

    with receiver(answers) as url:
        heard = GuardedSender(on_this_machine=True, within=0.3).post(url, b"{}", {})
        over.set()
    assert heard.status == 0
    assert not heard.taken
    assert "0.3 s" in heard.problem or "no HTTP" in heard.problem


def test_nothing_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    heard = GuardedSender(on_this_machine=True).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (heard.status, "could not be called" in heard.problem) == (0, True)


NOW = datetime.now(UTC)


def test_the_published_library_verifies_what_is_sent_with_either_of_two_live_secrets() -> None:
    standardwebhooks = pytest.importorskip("standardwebhooks")
    old, new = new_secret(), new_secret()
    body = '{"type":"posting.packed","data":{"имя":"Ёж"}}'.encode()
    headers = dict(signed_headers(message_id("s", "POSTING/1/1/0"), body, NOW, [old, new]))
    for secret in (old, new):
        assert standardwebhooks.Webhook(secret).verify(body, headers)["type"] == "posting.packed"
    for secret, told, said in (
        (new_secret(), headers, body),
        (old, headers, body + b" "),
        (old, headers | {"webhook-id": "evt_other"}, body),
        (old, headers | {"webhook-timestamp": str(int((NOW - timedelta(minutes=6)).timestamp()))}, body),
    ):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(secret).verify(said, told)


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """https://github.com/standard-webhooks/standard-webhooks: the vector of its libraries' tests."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",  # pragma: allowlist secret - the example's id
        b'{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],  # pragma: allowlist secret - the specification's example
    )
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # pragma: allowlist secret - its signature
    assert headers["webhook-signature"] == expected


def test_nothing_is_sent_without_a_secret() -> None:
    with pytest.raises(InvalidInputError):
        signed_headers("x", b"{}", NOW, [])
    assert len(new_secret()) > 40
    assert new_secret() != new_secret()
