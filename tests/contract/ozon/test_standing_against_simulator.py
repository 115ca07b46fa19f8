"""The client reads the seller's standing from the simulated marketplace, to the kopeck."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.domain.errors import CredentialsRejectedError
from shipby.domain.money import Money
from shipby.domain.rating.standing import IndexErrorKind
from shipby_local.simulator import LineSpec, SellerAccount, Simulator, SimulatorSettings

INDEX = "rating_general_indicator_fbs_rfbs"


@pytest.fixture
def marketplace() -> Iterator[Simulator]:
    with Simulator(
        SimulatorSettings(
            rate_limit_per_second=10_000, ship_delay=0.05, engine_interval=0.02, tariff_discounts=(Decimal(3),)
        )
    ) as running:
        yield running


@pytest.fixture
def seller(marketplace: Simulator) -> SellerAccount:
    return marketplace.add_seller(currency="RUB")


def client_of(marketplace: Simulator, seller: SellerAccount, key: str = "") -> OzonClient:
    return OzonClient(marketplace.base_url, seller.client_id, key or seller.api_key, requests_per_second=10_000.0)


def test_the_errors_and_their_charges_are_the_marketplaces_to_the_kopeck(
    marketplace: Simulator, seller: SellerAccount
) -> None:
    client = client_of(marketplace, seller)
    lines = [(LineSpec(sku=1, price=Decimal(f"{700 + turn * 13}.{turn}7")),) for turn in range(5)]
    numbers = [marketplace.add_posting(seller.client_id, lines=line) for line in lines]
    late = marketplace.add_posting(seller.client_id, ship_in=-120, without_delay_in=-60, scheme="rFBS")
    forgiven = marketplace.add_posting(seller.client_id)
    marketplace.control("POST", f"/_sim/postings/{forgiven}", {"act": "grace"})
    for number in [*numbers, forgiven]:
        client.cancel(number, 352, "")
    now = datetime.now(UTC)
    page = client.index_errors(since=now - timedelta(days=1), to=now + timedelta(days=1))
    assert page.cursor is None
    assert [(one.number, one.kind, one.scheme, one.grace) for one in page.items] == [
        (late, IndexErrorKind.SELLER_DELAY, "rFBS", False),
        *((number, IndexErrorKind.SELLER_CANCELLATION, "FBS", False) for number in numbers),
        (forgiven, IndexErrorKind.SELLER_CANCELLATION, "FBS", True),
    ]
    total = sum((one.charge for one in page.items), Money.zero("RUB"))
    books = marketplace.charges(seller.client_id)[seller.client_id]["totals"]["RUB"]
    assert total == Money.parse(books["total"], "RUB") != Money.zero("RUB")
    index = client.error_index()
    assert index.costs == total == sum((day.costs for day in index.days), Money.zero("RUB"))
    assert (index.period_to - index.period_from, len(index.days)) == (timedelta(days=13), 14)
    assert index.days[-1].index == index.index == Decimal(str(600 / 7))


def test_a_seller_without_errors_has_an_empty_index(marketplace: Simulator, seller: SellerAccount) -> None:
    found = client_of(marketplace, seller).error_index()
    assert (found.index, found.costs) == (Decimal(0), Money(0, "RUB"))


def test_thresholds_are_those_the_marketplace_names(marketplace: Simulator, seller: SellerAccount) -> None:
    client, now = client_of(marketplace, seller), datetime.now(UTC)
    found = client.rating_thresholds(INDEX, since=now - timedelta(days=14), to=now)
    assert found is not None
    assert (found.warning, found.danger) == (Decimal(4), Decimal(40))
    assert client.rating_thresholds("rating_ssl", since=now - timedelta(days=14), to=now) is None


def test_a_read_only_key_audits_and_can_do_no_harm(marketplace: Simulator, seller: SellerAccount) -> None:
    number = marketplace.add_posting(seller.client_id)
    reader = client_of(marketplace, seller, seller.read_only_key)
    info = reader.key_info()
    assert info.expires_at == seller.key_expires_at
    assert "/v1/rating/index/fbs/posting/list" in info.methods
    assert "/v2/posting/fbs/cancel" not in info.methods
    assert reader.posting(number).number == number
    with pytest.raises(CredentialsRejectedError, match="missing a required role"):
        reader.cancel(number, 352, "")
    assert "/v2/posting/fbs/cancel" in client_of(marketplace, seller).key_info().methods


def test_a_cutoff_that_was_taken_back_is_no_date_and_a_discount_is_below_zero(
    marketplace: Simulator, seller: SellerAccount
) -> None:
    client = client_of(marketplace, seller)
    number = marketplace.add_posting(seller.client_id, lines=(LineSpec(sku=1, price=Decimal(1000)),))
    posting = client.posting(number)
    first = posting.tariff_steps[0]
    assert (first.rate, first.charge) == (Decimal(-3), Money(-3_000, "RUB"))
    assert first.until == posting.shipment_date
    marketplace.control("POST", f"/_sim/postings/{number}", {"act": "clear_cutoff"})
    found = client.posting(number)
    assert (found.shipment_date, found.without_delay, found.tariff_steps) == (None, None, ())
