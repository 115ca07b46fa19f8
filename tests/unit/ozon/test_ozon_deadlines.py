"""No answer takes longer than its call may take, however it drips in; and one that hangs costs one wait, not many."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, assumptions
from shipby.adapters.ozon.breaker import LATE_ACT, LATE_READ, PAUSES, Breaker
from shipby.adapters.ozon.deadlines import DeadlinePool, whole_answer_within
from shipby.adapters.ozon.methods import POSTING_CANCEL, POSTING_GET
from shipby.domain.errors import MarketplaceRefusedError, MarketplaceUnavailableError, OutcomeUnknownError
from tests.unit.ozon.stub_marketplace import Pauses, Reply, StubMarketplace, client_of, sample

NUMBER = "24219509-0020-2"
LIMIT = 0.4
"""Seconds of one call in these tests."""
SLACK = 3.0
"""How much longer a busy machine may need; the drips would go on for a minute."""
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Long: " + b"y" * 5000


class Dripping:
    """A gateway that sends its answer a byte at a time, beginning with `head` at once."""

    def __init__(self, head: bytes, drips: bytes, gap: float = 0.05) -> None:
        self._head, self._drips, self._gap = head, drips, gap
        self._stop = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.calls = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[connection])
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65_536)
                self.calls += 1
                connection.sendall(self._head)
                for place in range(len(self._drips)):
                    if self._stop.wait(self._gap):
                        return
                    connection.sendall(self._drips[place : place + 1])
            except OSError:
                return  # the client hung up, as it should

    def close(self) -> None:
        self._stop.set()
        with socket.create_connection(self._server.getsockname()):
            pass  # wakes the one that accepts
        self._server.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def dripping() -> Iterator[Callable[..., Dripping]]:
    made: list[Dripping] = []

    def begin(head: bytes, drips: bytes) -> Dripping:
        made.append(Dripping(head, drips))
        return made[-1]

    yield begin
    for one in made:
        one.close()


DRIPS = {
    "the status line": (b"", b"HTTP/1.1 200 OK" * 100),
    "the headers": (b"HTTP/1.1 200 OK\r\n", HEADERS),
    "after 100 Continue": (b"HTTP/1.1 100 Continue\r\n\r\n", HEADERS),
    "the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x" * 5000),
    "a chunk's size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 5000),
}


def quick(base_url: str, **more: Any) -> OzonClient:
    return client_of(base_url, call_within=LIMIT, monotonic=time.monotonic, sleep=lambda _: None, **more)


@pytest.mark.parametrize(("head", "drips"), DRIPS.values(), ids=DRIPS)
def test_a_call_ends_in_time_whatever_drips(
    dripping: Callable[..., Dripping], monkeypatch: pytest.MonkeyPatch, head: bytes, drips: bytes
) -> None:
    monkeypatch.setattr(assumptions, "READ_BUDGET_SECONDS", 0.0)
    gateway = dripping(head, drips)
    began = time.monotonic()
    with pytest.raises(MarketplaceUnavailableError):
        quick(gateway.base_url).posting(NUMBER)
    assert LIMIT <= time.monotonic() - began < LIMIT + SLACK
    with pytest.raises(OutcomeUnknownError):
        quick(gateway.base_url).cancel(NUMBER, 352, "")


def test_a_read_of_a_worker_with_little_time_ends_in_time_while_headers_drip(
    dripping: Callable[..., Dripping],
) -> None:
    gateway = dripping(*DRIPS["the headers"])
    began = time.monotonic()
    with pytest.raises(MarketplaceUnavailableError):
        client_of(gateway.base_url, read_within=0.3, monotonic=time.monotonic).posting(NUMBER)
    assert time.monotonic() - began < SLACK


def test_a_connection_is_used_again_after_a_bounded_answer_and_closed_after_one_that_broke_off(
    dripping: Callable[..., Dripping],
) -> None:
    marketplace = StubMarketplace()
    pool = DeadlinePool(maxsize=1)
    try:
        marketplace.on(POSTING_GET.path, Reply(sample("posting_fbs_get.response")))
        for _ in range(3):
            client_of(marketplace.base_url, pool=pool, call_within=5.0).posting("0132112277-0101-1")
        connections = pool.connection_from_url(marketplace.base_url)
        assert (connections.num_connections, connections.num_requests) == (1, 3)
    finally:
        pool.clear()
        marketplace.close()


def test_without_a_limit_the_pool_is_as_any_other(dripping: Callable[..., Dripping]) -> None:
    gateway = dripping(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", b"12345")
    pool = DeadlinePool()
    assert pool.request("GET", gateway.base_url, retries=False).data == b"12345"
    with whole_answer_within(5):
        assert pool.request("GET", gateway.base_url, retries=False).data == b"12345"
    pool.clear()


def test_both_kinds_of_connections_are_bounded() -> None:
    pool = DeadlinePool(ssl_context=ssl.create_default_context())
    for address in ("http://127.0.0.1:1", "https://127.0.0.1:1"):
        made = pool.connection_from_url(address).ConnectionCls
        assert made.__module__ == "shipby.adapters.ozon.deadlines"
    pool.clear()


# -- the breaker


def test_a_hanging_account_costs_one_wait_and_is_tried_again_after_a_pause(
    dripping: Callable[..., Dripping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assumptions, "READ_BUDGET_SECONDS", 0.0)
    gateway, clock = dripping(*DRIPS["the headers"]), Pauses()
    client = client_of(gateway.base_url, call_within=LIMIT, monotonic=clock.monotonic, sleep=clock.sleep)
    with pytest.raises(MarketplaceUnavailableError, match="no answer"):
        client.posting(NUMBER)
    for _ in range(5):
        with pytest.raises(MarketplaceUnavailableError, match="nothing was sent"):
            client.posting(NUMBER)
        with pytest.raises(MarketplaceUnavailableError, match="nothing was sent"):
            client.cancel(NUMBER, 352, "")
    assert gateway.calls == 1
    clock.sleep(PAUSES[0] + 1)
    with pytest.raises(MarketplaceUnavailableError, match="no answer"):
        client.posting(NUMBER)
    assert gateway.calls == 2
    with pytest.raises(MarketplaceUnavailableError, match="nothing was sent") as turned_away:
        client.posting(NUMBER)
    assert PAUSES[1] - 1 < (turned_away.value.retry_after or 0) <= PAUSES[1], "comes again when the pause is over"
    other = client_of(gateway.base_url, call_within=LIMIT, monotonic=clock.monotonic, sleep=clock.sleep)
    with pytest.raises(MarketplaceUnavailableError, match="no answer"):
        other.posting(NUMBER)  # another account has a breaker of its own


def test_quick_answers_whatever_they_say_never_open_it(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(POSTING_GET.path, Reply(status=503))
    marketplace.on(POSTING_CANCEL.path, Reply({"code": 3, "message": "HAS_INCORRECT_STATUS", "details": []}, 400))
    for _ in range(4):
        with pytest.raises(MarketplaceUnavailableError, match="HTTP 503"):
            client.posting(NUMBER)
        with pytest.raises(MarketplaceRefusedError):
            client.cancel(NUMBER, 352, "")
    assert len(marketplace.received) == 4 * (assumptions.READ_ATTEMPTS + 1)


def test_one_late_acting_call_may_be_read_back_and_two_are_no_chance() -> None:
    breaker = Breaker(monotonic=Pauses().monotonic)
    breaker.late(LATE_ACT)
    assert breaker.seconds_left() == 0
    breaker.answered()
    breaker.late(LATE_ACT)
    assert breaker.seconds_left() == 0
    breaker.late(LATE_ACT)
    assert breaker.seconds_left() == PAUSES[0]


def test_after_the_pause_one_tries_for_all() -> None:
    clock = Pauses()
    breaker = Breaker(monotonic=clock.monotonic)
    breaker.late(LATE_READ)
    assert breaker.seconds_left()
    clock.sleep(PAUSES[0] + 0.1)
    assert breaker.seconds_left() == 0
    assert breaker.seconds_left(), "somebody tries it already"
    breaker.answered()
    assert [breaker.seconds_left(), breaker.seconds_left()] == [0, 0]


def test_one_slow_answer_costs_a_short_pause_and_a_hanging_account_longer_ones() -> None:
    clock = Pauses()
    breaker = Breaker(monotonic=clock.monotonic)

    def pause() -> float:
        breaker.late(LATE_READ)
        left = breaker.seconds_left()
        clock.sleep(left)
        return left

    assert [pause() for _ in range(4)] == pytest.approx([*PAUSES, PAUSES[-1]])
    breaker.answered()
    assert pause() == pytest.approx(PAUSES[0])
