"""The client against the simulated marketplace: a posting's whole life, and the failures that a stub cannot stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, assumptions
from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.ports.marketplace import LabelTaskResult
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
)
from shipby.domain.money import Money
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.postings.posting import MarketplacePosting, Scheme
from shipby_local.simulator import Buyer, LineSpec, SellerAccount, Simulator, SimulatorSettings, gateway
from tests.support.waiting import eventually
from tests.unit.ozon.stub_marketplace import Pauses

SKU, OTHER_SKU = 827098843, 4116250392
REJECT, COMPENSATE = -1, 1020


@pytest.fixture
def marketplace() -> Iterator[Simulator]:
    settings = SimulatorSettings(
        ship_delay=0.05,
        registration_delay=0.05,
        label_delay=0.1,
        label_task_delay=0.05,
        engine_interval=0.02,
        rate_limit_per_second=10_000,
    )
    with Simulator(settings) as simulator:
        yield simulator


@pytest.fixture
def seller(marketplace: Simulator) -> SellerAccount:
    return marketplace.add_seller()


@pytest.fixture
def client(marketplace: Simulator, seller: SellerAccount) -> OzonClient:
    return client_of(marketplace, seller)


def client_of(marketplace: Simulator, seller: SellerAccount, **options: Any) -> OzonClient:
    options = {"requests_per_second": 10_000.0} | options
    return OzonClient(marketplace.base_url, seller.client_id, seller.api_key, **options)


def control(marketplace: Simulator, path: str, **body: Any) -> Any:
    return marketplace.control("POST", f"/_sim/{path}", json.dumps(body).encode())


def becomes(client: OzonClient, number: str, status: str) -> MarketplacePosting:
    """Read until it has this status: the marketplace answers first and acts later, as the real one does."""
    eventually(lambda: client.posting(number).status == status, f"{number} to become {status}")
    return client.posting(number)


def assembled(client: OzonClient, number: str) -> MarketplacePosting:
    lines = client.posting(number).lines
    assert client.ship(number, [{line.sku: line.quantity for line in lines}]) == (number,)
    return becomes(client, number, "awaiting_deliver")


def listed(client: OzonClient) -> list[MarketplacePosting]:
    now = datetime.now(UTC)
    found: list[MarketplacePosting] = []
    cursor = ""
    while True:
        page = client.postings(since=now - timedelta(days=30), to=now + timedelta(minutes=1), cursor=cursor)
        found += page.items
        if page.cursor is None:
            return found
        cursor = page.cursor


def test_the_list_and_the_single_read_say_the_same(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    numbers = marketplace.generate([seller.client_id], 12)
    found = listed(client)
    assert sorted(posting.number for posting in found) == sorted(numbers)
    for posting in found:
        single = client.posting(posting.number)
        assert replace(single, read_at=posting.read_at) == posting


def test_lists_of_several_pages_lose_and_double_nothing(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assumptions, "LIST_LIMIT", 4)
    numbers = marketplace.generate([seller.client_id], 10)
    assert sorted(posting.number for posting in listed(client)) == sorted(numbers)


def test_an_fbs_posting_from_the_list_to_its_label(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    number = marketplace.add_posting(seller.client_id, lines=(LineSpec(sku=SKU, quantity=2), LineSpec(sku=OTHER_SKU)))
    now = datetime.now(UTC)
    (waiting,) = client.unfulfilled(cutoff_from=now - timedelta(days=1), cutoff_to=now + timedelta(days=30)).items
    assert (waiting.number, waiting.scheme, waiting.status) == (number, Scheme.FBS, "awaiting_packaging")
    assert waiting.paid == Money(300_000, "RUB")
    assert "ship" in waiting.actions

    posting = assembled(client, number)
    control(marketplace, "clock", advance_seconds=1)
    (page,) = label_pages(client, [number])
    assert set(posting.barcodes) & set(page.barcodes) or number in (*page.barcodes, *page.texts)


def label_pages(client: OzonClient, numbers: list[str]) -> list[Any]:
    found: list[Any] = []
    for task in client.create_label_tasks(numbers):
        result = finished(client, task.id)
        assert (result.state, dict(result.unprinted)) == ("completed", {})
        if task.type == "big_label":
            found += PdfLabelPapers().pages(client.download(result.file_url))
    return found


def finished(client: OzonClient, task_id: str) -> LabelTaskResult:
    eventually(lambda: client.label_task(task_id).state not in ("pending", "in_progress"), "the labels")
    return client.label_task(task_id)


def test_every_page_of_a_batch_of_labels_names_its_posting(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    numbers = marketplace.generate([seller.client_id], 3)
    postings = {number: assembled(client, number) for number in numbers}
    control(marketplace, "clock", advance_seconds=1)
    named = {
        number
        for page in label_pages(client, numbers)
        for number, posting in postings.items()
        if {number, *posting.barcodes} & {*page.barcodes, *page.texts}
    }
    assert named == set(numbers)


def test_a_split_gives_several_postings(marketplace: Simulator, seller: SellerAccount, client: OzonClient) -> None:
    number = marketplace.add_posting(seller.client_id, lines=(LineSpec(sku=SKU), LineSpec(sku=OTHER_SKU)))
    parts = client.ship(number, [{str(SKU): 1}, {str(OTHER_SKU): 1}])
    assert len(parts) == 2
    for part in parts:
        becomes(client, part, "awaiting_deliver")
    assert {line.sku for part in parts for line in client.posting(part).lines} == {str(SKU), str(OTHER_SKU)}


def test_shipping_twice_and_cancelling_twice_count_as_done(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    number = marketplace.add_posting(seller.client_id)
    assembled(client, number)
    lines = client.posting(number).lines
    assert client.ship(number, [{line.sku: line.quantity for line in lines}]) == (number,)
    reason = client.cancel_reasons(number)[0]
    client.cancel(number, reason.id, reason.title)
    becomes(client, number, "cancelled")
    client.cancel(number, reason.id, reason.title)
    cancellation = client.posting(number).cancellation
    assert cancellation is not None
    assert (cancellation.type, cancellation.reason_id) == ("seller", reason.id)


def test_a_cancel_reason_that_is_not_offered_is_refused(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    number = marketplace.add_posting(seller.client_id)
    assert {reason.by for reason in client.cancel_reasons(number)} == {"seller"}
    with pytest.raises(MarketplaceRefusedError, match="ask for the posting's own cancel reasons"):
        client.cancel(number, 665, "x")


def test_tracking_numbers_of_many_rfbs_postings_are_set_and_replaced(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    numbers = [marketplace.add_posting(seller.client_id, scheme="rFBS") for _ in range(22)]
    fbs = marketplace.add_posting(seller.client_id)
    for number in (*numbers, fbs):
        lines = client.posting(number).lines
        client.ship(number, [{line.sku: line.quantity for line in lines}])
    for number in (*numbers, fbs):
        becomes(client, number, "awaiting_deliver")
    results = client.set_tracking_numbers({number: f"RA{i:09d}RU" for i, number in enumerate([*numbers, fbs])})
    assert [(result.posting_number, result.ok) for result in results] == [*((n, True) for n in numbers), (fbs, False)]
    assert results[-1].error
    assert client.posting(numbers[21]).tracking_number == "RA000000021RU"
    assert client.set_tracking_numbers({numbers[21]: "RB1"})[0].ok
    found = client.posting(numbers[21])
    assert (found.tracking_number, found.scheme) == ("RB1", Scheme.RFBS)


def test_a_cut_off_is_moved(marketplace: Simulator, seller: SellerAccount, client: OzonClient) -> None:
    number = marketplace.add_posting(seller.client_id, scheme="rFBS")
    posting = client.posting(number)
    assert "set_cutoff" in posting.actions
    assert posting.shipment_date is not None
    moved = posting.shipment_date + timedelta(hours=5)
    client.set_cut_off(number, moved)
    assert client.posting(number).shipment_date == moved


def opened_return(marketplace: Simulator, seller: SellerAccount, client: OzonClient) -> str:
    number = marketplace.add_posting(seller.client_id, scheme="rFBS", lines=(LineSpec(sku=SKU),))
    assembled(client, number)
    for stage in (DeliveryStage.DELIVERING, DeliveryStage.DELIVERED):
        assert client.report_delivery(stage, [number])[0].ok
    return str(control(marketplace, "returns", posting_number=number)["return_id"])


def test_returns_are_listed_read_and_decided(marketplace: Simulator, seller: SellerAccount, client: OzonClient) -> None:
    first, second = (opened_return(marketplace, seller, client) for _ in range(2))
    page = client.returns()
    assert {one.id for one in page.items} == {first, second}
    if page.cursor is not None:
        assert client.returns(last_id=int(page.cursor)).items == ()
    case = client.return_details(first)
    assert {action.id for action in case.actions} >= {REJECT, COMPENSATE}
    assert case.price == Money(100_000, "RUB")
    client.act_on_return(first, COMPENSATE, compensation=Money(25_050, "RUB"))
    assert COMPENSATE not in {action.id for action in client.return_details(first).actions}
    rejection = client.return_details(second).rejection_reasons[0]
    client.act_on_return(second, REJECT, comment="Следы использования", rejection_reason_id=rejection.id)
    assert client.return_details(second).state != client.return_details(first).state
    with pytest.raises(MarketplaceRefusedError):
        client.act_on_return(first, COMPENSATE, compensation=Money(25_050, "RUB"))


def test_a_decision_whose_answer_is_lost_was_taken_and_is_found_by_reading(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    case = opened_return(marketplace, seller, client)
    control(marketplace, "faults", kind="timeout_after_success", method="/v1/returns/rfbs/action/set")
    with pytest.raises(OutcomeUnknownError):
        client.act_on_return(case, COMPENSATE, compensation=Money(100, "RUB"))
    assert COMPENSATE not in {action.id for action in client.return_details(case).actions}


def test_a_chat_needs_the_subscription(marketplace: Simulator, seller: SellerAccount, client: OzonClient) -> None:
    number = marketplace.add_posting(seller.client_id)
    chat = client.start_chat(number)
    client.send_chat_message(chat, "Отправим завтра")
    poor = marketplace.add_seller(chat_subscription=False)
    number = marketplace.add_posting(poor.client_id)
    with pytest.raises(ActionNotOfferedError):
        client_of(marketplace, poor).start_chat(number)


def test_push_health_is_told_without_the_secret(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    marketplace.set_push_url(seller.client_id, "http://127.0.0.1:9/ozon/push/shop1.SECRET")
    (health,) = client.push_health()
    assert health.state in ("GREEN", "YELLOW", "RED", "DISABLED")
    assert "SECRET" not in health.url


def test_a_wrong_key_a_foreign_posting_and_an_unknown_one(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    number = marketplace.add_posting(seller.client_id)
    with pytest.raises(CredentialsRejectedError):
        OzonClient(marketplace.base_url, seller.client_id, "wrong-key").posting(number)
    with pytest.raises(NotFoundError):
        client_of(marketplace, marketplace.add_seller()).posting(number)
    with pytest.raises(NotFoundError):
        client.posting("00000000-0000-1")


def test_faults_of_the_marketplace(marketplace: Simulator, seller: SellerAccount, client: OzonClient) -> None:
    number = marketplace.add_posting(seller.client_id)
    get, ship = "/v3/posting/fbs/get", "/v4/posting/fbs/ship"
    control(marketplace, "faults", kind="http_error", status=503, method=get, times=2)
    assert client.posting(number).number == number
    control(marketplace, "faults", kind="http_error", status=503, method=get, times=3)
    with pytest.raises(MarketplaceUnavailableError):
        client.posting(number)
    control(marketplace, "faults", kind="http_error", status=429, method=get)
    with pytest.raises(RateLimitedError) as caught:
        client.posting(number)
    assert caught.value.retry_after is not None
    control(marketplace, "faults", kind="timeout_after_success", method=ship)
    lines = client.posting(number).lines
    with pytest.raises(OutcomeUnknownError):
        client.ship(number, [{line.sku: line.quantity for line in lines}])
    becomes(client, number, "awaiting_deliver")


def test_pacing_keeps_below_the_marketplaces_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # Client and marketplace count the same seconds: those that the client says it waits.
    seconds = Pauses()
    monkeypatch.setattr(gateway, "time", seconds)
    clock: Any = {"monotonic": seconds.monotonic, "sleep": seconds.sleep}
    with Simulator(SimulatorSettings(rate_limit_per_second=10)) as marketplace:
        seller = marketplace.add_seller()
        number = marketplace.add_posting(seller.client_id)
        paced = client_of(marketplace, seller, requests_per_second=9, **clock)
        for _ in range(20):
            paced.posting(number)
        seconds.sleep(1.1)
        hasty = client_of(marketplace, seller, requests_per_second=10_000, **clock)
        assert _reads_until_limited(hasty, number) == 10


def _reads_until_limited(client: OzonClient, number: str) -> int:
    for done in range(100):
        try:
            client.posting(number)
        except RateLimitedError:
            return done
    return 100


def test_no_personal_data_of_a_buyer_comes_through(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    planted = ("Канарейкин Пётр", "+79169999999", "ул. Канареечная, д. 9", "Канарейск")
    name, phone, address, city = planted
    buyer = Buyer(name=name, phone=phone, address=address, city=city)
    number = marketplace.add_posting(seller.client_id, scheme="rFBS", buyer=buyer)
    shown = repr((listed(client), client.posting(number)))
    assert number in shown
    assert [text for text in planted if text in shown] == []


def test_the_list_of_what_changed_shows_a_posting_of_any_age_once_its_status_moves(
    marketplace: Simulator, seller: SellerAccount, client: OzonClient
) -> None:
    first, second, *_ = sorted(marketplace.generate([seller.client_id], 3))
    now = client.posting(first).read_at

    def changed(since: datetime) -> set[str]:
        page = client.postings(since=now - timedelta(days=300), to=now + timedelta(minutes=5), changed_from=since)
        return {facts.number for facts in page.items}

    later = max(client.posting(number).read_at for number in (first, second)) + timedelta(minutes=1)
    assert changed(later) == set()
    assembled(client, second)
    assert second in changed(now)
