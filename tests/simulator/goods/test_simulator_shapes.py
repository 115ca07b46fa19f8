"""Splits, partial assembly and boxes, through our own client against the simulated marketplace."""

from __future__ import annotations

import pytest

from shipby.adapters.ozon.client import OzonClient
from shipby.domain.errors import MarketplaceRefusedError
from shipby.domain.packing.cards import Exemplar
from shipby.domain.packing.marks import GS, Mark
from shipby.domain.postings.lines import quantities
from shipby_local.simulator import LineSpec, Simulator
from tests.simulator.sim_support import Caller, eventually

SELLER = "7001"
GOODS = (LineSpec(sku=11, quantity=3), LineSpec(sku=12))


@pytest.fixture
def client(call: Caller) -> OzonClient:
    return OzonClient(call.base_url, call.seller.client_id, call.seller.api_key, requests_per_second=1000)


@pytest.fixture
def number(simulator: Simulator) -> str:
    return simulator.add_posting(SELLER, lines=GOODS)


def test_a_split_ends_the_parent_and_assembles_nothing(client: OzonClient, number: str) -> None:
    parts = client.shapes.split(number, [{"11": 2}, {"11": 1, "12": 1}])
    assert len(parts) == 2
    parent = client.posting(number)
    assert (parent.status, parent.related_numbers) == ("cancelled_from_split_pending", parts)
    found = [client.posting(part) for part in parts]
    assert [quantities(part) for part in found] == [{"11": 2}, {"11": 1, "12": 1}]
    assert {(part.status, part.parent_number) for part in found} == {("awaiting_packaging", number)}
    assert client.ship(parts[0], [{"11": 2}]) == (parts[0],)


@pytest.mark.parametrize(
    ("parcels", "code"),
    [
        ([{"11": 3, "12": 1}], "at least 2"),
        ([{"11": 2}, {"12": 1}], "HAS_INCORRECT_PRODUCT_QUANTITY"),
        ([{"11": 3}, {"12": 2}], "HAS_INCORRECT_PRODUCT_QUANTITY"),
        ([{"11": 3}, {"13": 1}], "UNKNOWN_PRODUCT_DEFINED"),
    ],
)
def test_a_split_that_is_none_is_refused(
    client: OzonClient, number: str, parcels: list[dict[str, int]], code: str
) -> None:
    with pytest.raises(MarketplaceRefusedError, match=code):
        client.shapes.split(number, parcels)
    assert client.posting(number).related_numbers == ()


def test_what_is_split_or_cancelled_is_split_no_more(client: OzonClient, call: Caller, number: str) -> None:
    client.shapes.split(number, [{"11": 3}, {"12": 1}])
    with pytest.raises(MarketplaceRefusedError, match="POSTING_ALREADY_CANCELLED"):
        client.shapes.split(number, [{"11": 3}, {"12": 1}])


def test_a_part_is_assembled_and_takes_the_named_pieces_along(simulator: Simulator, client: OzonClient) -> None:
    wanted = {"products_requiring_mandatory_mark": [11]}
    number = simulator.add_posting(SELLER, lines=GOODS, requirements=wanted)
    proof = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
    slots = client.exemplars.slots(number).ids
    ids = slots["11"]
    codes = [Mark("04607143560598", serial * 13, proof).code for serial in "abc"]
    pieces = {each: Exemplar(mark=code) for each, code in zip(ids, codes, strict=True)}
    client.exemplars.set(number, {"11": pieces, "12": dict.fromkeys(slots["12"], Exemplar())})
    eventually(lambda: client.exemplars.status(number).status == "ship_available")
    with pytest.raises(MarketplaceRefusedError, match="does not belong"):
        client.shapes.ship_part(number, {"11": 1}, {"11": ("999",)})
    (part,) = client.shapes.ship_part(number, {"11": 2}, {"11": ids[1:]})
    assert quantities(client.posting(number)) == {"11": 1, "12": 1}
    assert quantities(client.posting(part)) == {"11": 2}
    assert client.exemplars.slots(part).ids["11"] == ids[1:]
    assert client.exemplars.slots(number).ids["11"] == ids[:1]
    eventually(lambda: client.posting(part).status == "awaiting_deliver")


def test_boxes_are_told_for_delivery_by_partners_alone(simulator: Simulator, client: OzonClient, number: str) -> None:
    many = simulator.add_posting(SELLER, scheme="rFBS", integration="aggregator", multibox=True)
    before = client.posting(many)
    assert (before.multibox, before.boxes) == (True, 0)
    client.shapes.set_boxes(many, 3)
    assert client.posting(many).boxes == 3
    with pytest.raises(MarketplaceRefusedError, match="HAS_INCORRECT_TPL_INTEGRATION_TYPE"):
        client.shapes.set_boxes(number, 3)
