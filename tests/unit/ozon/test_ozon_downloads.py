"""Fetching label files: which hosts, what counts as a PDF, and what each failure means."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, assumptions
from shipby.adapters.ozon.downloads import check_address, download
from shipby.adapters.ozon.transport import Transport
from shipby.domain.errors import (
    InvalidInputError,
    MarketplaceUnavailableError,
    NotReadyYetError,
    RateLimitedError,
    ShipbyError,
)
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

FILE = "/s3/ord-tmp-12/small_label/ticket.pdf"
PDF = b"%PDF-1.7\n..."
API = "https://api-seller.ozon.ru"


def test_a_file_comes_without_the_sellers_credentials(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(FILE, Reply(PDF, headers={"Content-Type": "application/pdf"}))
    assert client.download(marketplace.base_url + FILE) == PDF
    assert marketplace.received[0].verb == "GET"
    assert {"Api-Key", "Client-Id"}.isdisjoint(marketplace.received[0].headers)


@pytest.mark.parametrize(
    ("reply", "expected", "calls"),
    [
        (Reply({"code": 3, "message": "The next postings aren't ready"}), NotReadyYetError, 1),
        (Reply({"message": "The next postings aren't ready"}, 400), NotReadyYetError, 1),
        (Reply({"message": "The next postings aren't ready"}, 409), NotReadyYetError, 1),
        (Reply(b"<html>%PDF-</html>", headers={"Content-Type": "application/pdf"}), NotReadyYetError, 1),
        (Reply(b""), NotReadyYetError, 1),
        (Reply(status=403), NotReadyYetError, 1),
        (Reply(status=404), NotReadyYetError, 1),
        (Reply(status=410), NotReadyYetError, 1),
        (Reply(status=302, headers={"Location": "https://evil.example/"}), MarketplaceUnavailableError, 1),
        (Reply(status=429), RateLimitedError, 1),
        (Reply(status=500), MarketplaceUnavailableError, 3),
        (Reply(PDF, fault="cut"), MarketplaceUnavailableError, 3),
        (Reply(PDF, fault="hang_up"), MarketplaceUnavailableError, 3),
    ],
)
def test_what_a_failed_download_means(
    marketplace: StubMarketplace, client: OzonClient, reply: Reply, expected: type[ShipbyError], calls: int
) -> None:
    marketplace.on(FILE, reply)
    with pytest.raises(expected) as caught:
        client.download(marketplace.base_url + FILE)
    assert type(caught.value) is expected
    assert "ticket" not in str(caught.value)  # the link is a secret while it lives
    assert marketplace.paths() == [FILE] * calls


def test_a_file_beyond_the_cap_is_not_taken(marketplace: StubMarketplace) -> None:
    marketplace.on(FILE, Reply(PDF + b"x" * 2000))
    api = Transport(marketplace.base_url, client_id="1", api_key="k", requests_per_second=1000)
    with pytest.raises(InvalidInputError, match="more than 1000 bytes"):
        download(api, marketplace.base_url + FILE, largest=1000)
    assert len(marketplace.received) == 1


def test_the_cap_is_fifty_megabytes() -> None:
    assert assumptions.LARGEST_FILE == 50 * 1024 * 1024


@pytest.mark.parametrize(
    ("url", "own"),
    [
        (f"{API}/file.pdf", True),
        ("https://API-seller.ozon.ru:443/file.pdf", True),
        ("https://ir.ozone.ru/s3/x.pdf", False),
        ("https://cdn1.ozone.ru/x", False),
        ("https://ozon.ru/x", False),
    ],
)
def test_hosts_of_the_marketplace_are_opened(url: str, own: bool) -> None:
    assert check_address(url, API) is own


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://ir.ozone.ru/x",
        "//ir.ozone.ru/x",
        "http://ir.ozone.ru/x",
        "http://ir.ozone.ru:443/x",
        "http://api-seller.ozon.ru/x",
        "https://ir.ozone.ru:8443/x",
        "https://ir.ozone.ru:port/x",
        "https://evilozone.ru/x",
        "https://ozone.ru.evil.example/x",
        "https://ir.ozone.ru@evil.example/x",
        "https://user:pw@ir.ozone.ru/x",
        "https://evil.example/ir.ozone.ru",
        "https://evil.example\\@ir.ozone.ru/x",
        "https://evil.example\\.ozone.ru/x",
        "https://ir.ozone.ru\\x",
        "https://evil。ozone.ru/x",
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[ir.ozone.ru/x",
    ],
)
def test_every_other_address_is_refused_unopened(url: str) -> None:
    with pytest.raises(InvalidInputError):
        check_address(url, API)


def test_another_port_of_the_own_host_is_refused(marketplace: StubMarketplace, client: OzonClient) -> None:
    other = "http://127.0.0.1:1" + FILE
    with pytest.raises(InvalidInputError):
        client.download(other)
    assert marketplace.received == []


def test_files_of_the_api_host_count_into_the_pace(marketplace: StubMarketplace) -> None:
    slept: list[float] = []
    options: dict[str, Any] = {"monotonic": lambda: 0.0, "sleep": slept.append}
    api = Transport(marketplace.base_url, client_id="1", api_key="k", requests_per_second=4, **options)
    marketplace.on(FILE, Reply(PDF))
    for _ in range(3):
        download(api, marketplace.base_url + FILE)
    assert slept == [0.25, 0.5]
