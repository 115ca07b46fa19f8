"""Kits in kits that are changed afterwards: no change makes another kit one that nobody can read."""

from __future__ import annotations

import pytest

from shipby.domain.errors import InvalidInputError
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.kits import DEEPEST, check_holders, height
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a


def kit(sku: str, *parts: str) -> StockItem:
    return StockItem(seller=a.SELLER, pool="main", sku=sku, version=1, components=dict.fromkeys(parts, 1))


CHAIN = {f"k{at}": kit(f"k{at}", f"k{at - 1}") for at in range(1, DEEPEST + 1)} | {"k0": kit("k0")}
"""k0 is plain, k5 stands as high as a kit may."""


def test_a_kit_is_as_high_as_its_tallest_part() -> None:
    assert [height(CHAIN[f"k{at}"].components, CHAIN.get) for at in range(DEEPEST + 1)] == list(range(DEEPEST + 1))
    assert height({"k0": 1, "k3": 1, "k1": 1}, CHAIN.get) == 4


@pytest.mark.parametrize("sku", [f"k{at}" for at in range(DEEPEST)])
def test_a_part_that_becomes_taller_makes_no_kit_above_it_too_deep(sku: str) -> None:
    now = height(CHAIN[sku].components, CHAIN.get)
    check_holders(sku, now, CHAIN.values())
    with pytest.raises(InvalidInputError, match=f"k{DEEPEST}, which has {sku} in it"):
        check_holders(sku, now + 1, CHAIN.values())


def test_a_side_branch_does_not_count() -> None:
    check_holders("k0", 1, [kit("aside", "other"), kit("k1", "k0"), kit("k2", "k1")])
    check_holders(f"k{DEEPEST}", DEEPEST, CHAIN.values())


def test_a_kit_is_not_made_too_deep_from_below_and_still_says_what_is_free(api: Caller) -> None:
    assert api.put("/v1/stock-pools/main", {}, if_match='"0"').status == 200
    for sku in ("MUG", "LOW"):
        api.post(f"/v1/stock/{sku}/movements", {"kind": "receipt", "quantity": 4})
    assert api.put("/v1/stock/K1/kit", {"components": {"MUG": 1}}, if_match='"0"').status == 200
    for at in range(2, DEEPEST + 1):
        made = api.put(f"/v1/stock/K{at}/kit", {"components": {f"K{at - 1}": 1}}, if_match='"0"')
        assert (made.status, made.body["free"]) == (200, 4)
    assert api.put("/v1/stock/PAIR/kit", {"components": {"LOW": 2}}, if_match='"0"').status == 200

    deeper = api.put("/v1/stock/K1/kit", {"components": {"PAIR": 1}}, if_match='"1"')
    assert (deeper.status, deeper.fields) == (400, ["components"])
    assert api.get(f"/v1/stock/K{DEEPEST}").body["free"] == 4

    beside = api.put("/v1/stock/K1/kit", {"components": {"LOW": 2}}, if_match='"1"')
    assert beside.status == 200
    assert api.get(f"/v1/stock/K{DEEPEST}").body["free"] == 2
    assert api.put("/v1/stock/PAIR/kit", {"components": {"K1": 1}}, if_match='"1"').status == 200
