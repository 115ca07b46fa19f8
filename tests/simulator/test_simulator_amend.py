"""An order that is changed at the marketplace, and what a drop-off takes: as a read shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.domain.postings.amendments import amendment
from shipby.domain.validation.limits import DropOffLimits
from shipby_local.simulator import LineSpec
from shipby_local.simulator.settings import DropOffTerms
from tests.simulator.timed_support import SELLER, Shop, opened


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened(drop_off=DropOffTerms(most_grams=9_000, side_cm=60, most_roubles=1_000)) as made:
        yield made


@pytest.fixture
def client(shop: Shop) -> OzonClient:
    seller = shop.call.seller
    return OzonClient(shop.simulator.base_url, seller.client_id, seller.api_key, requests_per_second=1000)


def test_a_changed_order_is_told_by_a_read_alone_and_in_differences(shop: Shop, client: OzonClient) -> None:
    number = shop.simulator.add_posting(SELLER, scheme="rFBS", integration="non_integrated", lines=(LineSpec(sku=11),))
    before = client.posting(number)
    pushes = len(shop.simulator.books()["pushes"])
    shop.call.control(f"postings/{number}", {"act": "amend", "quantities": {"11": 3}, "address": "ул. Новая, 5"})
    after = client.posting(number)
    found = [(each.what, each.old, each.new) for each in amendment(before, after).differences]
    assert found == [("quantity", before.lines[0].quantity, 3), ("address", "given", "given")]
    assert len(shop.simulator.books()["pushes"]) == pushes
    assert "Новая" not in repr(after)
    assert len(after.address) == 4


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"quantities": {"12": 1}}, "no SKU"),
        ({"quantities": {"11": -1}}, "0 or more"),
        ({"quantities": {"11": 0}}, "cancel"),
        ({"quantities": [1]}, "object"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(shop: Shop, client: OzonClient, body: object, why: str) -> None:
    number = shop.simulator.add_posting(SELLER, lines=(LineSpec(sku=11),))
    before = client.posting(number)
    answer = shop.call.control(f"postings/{number}", {"act": "amend", **body}, expect=400)  # type: ignore[dict-item]  # what a caller may send
    assert why in answer["error"]
    assert client.posting(number).lines == before.lines


def test_a_drop_off_names_its_limits_for_fbs_alone(shop: Shop, client: OzonClient) -> None:
    fbs = shop.simulator.add_posting(SELLER, lines=(LineSpec(sku=11),))
    own = shop.simulator.add_posting(SELLER, scheme="rFBS", integration="non_integrated", lines=(LineSpec(sku=11),))
    assert client.restrictions(fbs) == DropOffLimits(most_grams=9_000, sides_cm=(60, 60, 60), most_roubles=1_000)
    shop.call("/v1/posting/fbs/restrictions", {"posting_number": own}, expect=400)
