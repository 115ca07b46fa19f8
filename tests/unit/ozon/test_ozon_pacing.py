"""Headers, pacing, and clients that cannot be made."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.adapters.ozon.methods import (
    POSTING_GET,
)
from shipby.domain.errors import (
    CredentialsRejectedError,
    InvalidInputError,
)
from tests.unit.ozon.stub_marketplace import Pauses, Reply, StubMarketplace, client_of, sample

NUMBER = "24219509-0020-2"
WHEN = datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_every_call_carries_the_sellers_headers_and_json(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(POSTING_GET.path, Reply(sample("posting_fbs_get.response")))
    client.posting(NUMBER)
    request = marketplace.received[0]
    assert request.headers["Client-Id"] == "700001"
    assert request.headers["Api-Key"] == "top-secret-key"
    assert request.headers["Content-Type"] == "application/json"
    assert request.verb == "POST"


def test_requests_are_spaced_by_this_processs_share(marketplace: StubMarketplace) -> None:
    pauses = Pauses()
    client = client_of(marketplace.base_url, pauses, requests_per_second=4)
    marketplace.on(POSTING_GET.path, Reply(sample("posting_fbs_get.response")))
    for _ in range(4):
        client.posting(NUMBER)
    assert pauses.slept == [0.25, 0.25, 0.25]


def test_threads_share_one_pace(marketplace: StubMarketplace) -> None:
    client = OzonClient(marketplace.base_url, "1", "k", requests_per_second=50)
    marketplace.on(POSTING_GET.path, Reply(sample("posting_fbs_get.response")))
    threads = [threading.Thread(target=client.posting, args=(NUMBER,)) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 7 / 50
    assert len(marketplace.received) == 8


def test_the_read_time_is_when_the_read_began(marketplace: StubMarketplace) -> None:
    pauses = Pauses()
    times = iter([WHEN])
    marketplace.on(POSTING_GET.path, Reply(status=500), Reply(sample("posting_fbs_get.response")))
    assert client_of(marketplace.base_url, pauses, now=lambda: next(times)).posting(NUMBER).read_at == WHEN


@pytest.mark.parametrize("url", ["", "ftp://host", "api-seller.ozon.ru", "https://user@host", "https://host?x=1"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        OzonClient(url, "1", "k")


@pytest.mark.parametrize("key", ["", "ключ", "a\r\nHost: evil"])
def test_an_impossible_key_is_rejected_before_it_is_sent(key: str) -> None:
    with pytest.raises(CredentialsRejectedError):
        OzonClient("https://api-seller.ozon.ru", "1", key)


def test_the_client_shows_no_secret(client: OzonClient) -> None:
    assert "top-secret-key" not in repr(client)
