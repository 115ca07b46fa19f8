"""Data of single pieces, through our own client against the simulated marketplace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shipby.adapters.ozon.client import OzonClient
from shipby.domain.errors import MarketplaceRefusedError
from shipby.domain.packing.cards import Exemplar
from shipby.domain.packing.marks import GS, Mark
from shipby_local.simulator import LineSpec, Simulator
from tests.simulator.sim_support import Caller, eventually

PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
FIRST, SECOND = (Exemplar(mark=Mark("04607143560598", serial, PROOF).code) for serial in ("a" * 13, "A" * 13))
SELLER = "7001"
WANTED = {"products_requiring_mandatory_mark": [11]}


@pytest.fixture
def client(call: Caller) -> OzonClient:
    return OzonClient(call.base_url, call.seller.client_id, call.seller.api_key, requests_per_second=1000)


@pytest.fixture
def number(simulator: Simulator) -> str:
    return simulator.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=2), LineSpec(sku=12)), requirements=WANTED)


def whole(client: OzonClient, number: str, *pieces: Exemplar) -> dict[str, dict[str, Exemplar]]:
    slots = client.exemplars.slots(number)
    blank = {sku: dict.fromkeys(ids, Exemplar()) for sku, ids in slots.ids.items()}
    return blank | {"11": dict(zip(slots.ids["11"], pieces, strict=True))}


def test_pieces_are_set_checked_for_a_while_and_let_the_posting_ship(client: OzonClient, number: str) -> None:
    slots = client.exemplars.slots(number)
    assert (len(slots.ids["11"]), len(slots.ids["12"])) == (2, 1)
    assert client.exemplars.slots(number) == slots
    assert client.exemplars.validate(number, {"11": (FIRST, SECOND)}) == ()
    client.exemplars.set(number, whole(client, number, FIRST, SECOND), boxes=slots.boxes)
    assert client.exemplars.status(number).processing
    with pytest.raises(MarketplaceRefusedError, match="EXEMPLAR_INFO_NOT_FILLED_COMPLETELY"):
        client.ship(number, [{"11": 2, "12": 1}])
    eventually(lambda: client.exemplars.status(number).status == "ship_available")
    found = client.exemplars.status(number)
    assert [one.mark for one in found.shown["11"]] == [FIRST.mark, SECOND.mark]
    assert (found.errors, found.failed) == ((), False)
    assert client.ship(number, [{"11": 2, "12": 1}]) == (number,)


def test_what_is_left_out_of_a_set_is_gone(client: OzonClient, number: str) -> None:
    client.exemplars.set(number, whole(client, number, FIRST, SECOND))
    client.exemplars.set(number, whole(client, number, FIRST, Exemplar()))
    eventually(lambda: client.exemplars.status(number).status == "ship_not_available")
    assert [one.mark for one in client.exemplars.status(number).shown["11"]] == [FIRST.mark, ""]


def test_codes_that_are_not_in_circulation_show_in_the_status_and_bad_characters_in_the_validation(
    simulator: Simulator, client: OzonClient, number: str
) -> None:
    bad = replace(FIRST, mark="01Я")
    assert client.exemplars.validate(number, {"11": (FIRST, bad)}) == (
        "SKU 11 piece 2 mandatory_mark: INVALID_MARK_FORMAT",
    )
    posting = simulator.rooms.world.postings.get(number)
    assert posting is not None
    posting.refused_marks[SECOND.mark] = "RAW"
    client.exemplars.set(number, whole(client, number, FIRST, SECOND))
    eventually(lambda: not client.exemplars.status(number).processing)
    found = client.exemplars.status(number)
    assert (found.status, found.errors) == ("ship_not_available", ("SKU 11 piece 2 mandatory_mark: RAW",))


def test_pieces_of_another_product_and_of_a_posting_that_has_left_are_refused(
    simulator: Simulator, client: OzonClient, number: str
) -> None:
    slots = client.exemplars.slots(number)
    with pytest.raises(MarketplaceRefusedError, match="does not belong to product 12"):
        client.exemplars.set(number, {"12": {slots.ids["11"][0]: FIRST}})
    with pytest.raises(MarketplaceRefusedError, match="HAS_INCORRECT_STATUS"):
        client.exemplars.update(number)


def test_after_assembly_data_is_set_and_updated(client: OzonClient, simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=11),))
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    client.exemplars.set(number, whole(client, number, FIRST))
    client.exemplars.update(number)
    eventually(lambda: client.exemplars.status(number).status == "update_available")
