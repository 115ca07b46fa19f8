"""The pool of marks of a product: read like scans, each used once, free again after a cancel."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.writes import SaveProductCard, SaveSettings
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.marks import GS, Mark
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace

SKU, OTHER = "149123456", "24219509-0020-9"
POOL, TAKE = f"/v1/products/{SKU}/marks", f"/v1/postings/{a.NUMBER}/exemplars/from-pool"
PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
MARKS = [Mark("04601234567893", f"FGXEAGA5a1GA{end}", PROOF).code for end in "abAB"]


@pytest.fixture
def market(api: Caller) -> FakeMarketplace:
    """Two postings of two cups that need marks, as the marketplace tells them."""
    api.has(SaveSettings(a.settings()))
    market = FakeMarketplace(api.clock)
    for number in (a.NUMBER, OTHER):
        market.put(a.detail(number=number, requirements={"mandatory_mark": (SKU,)}, actions=("ship", "cancel")))
        read(api, market, number)
    card = ProductCard(seller=a.SELLER, sku=SKU, version=1, barcodes=("4601234567893",))
    api.has(SaveProductCard(card))
    return market


def read(api: Caller, market: FakeMarketplace, number: str = a.NUMBER) -> None:
    sync_posting(a.SELLER, number, hinted_at=None, store=api.store, marketplace=market, clock=api.clock)


def half(api: Caller, state: str) -> list[tuple[str, Any]]:
    return [(one["mark"], one["posting_number"]) for one in api.get(POOL, state=state).body["items"]]


@pytest.mark.usefixtures("market")
def test_each_code_is_read_like_a_scan_and_has_its_own_answer(api: Caller) -> None:
    foreign = Mark("04607143560598", "FGXEAGA5a1GA(", PROOF).code
    sent = [MARKS[0], MARKS[1].replace(GS, ""), MARKS[0], foreign, MARKS[2][:40], "4601234567893"]
    body = api.post(POOL, {"codes": sent}).body

    assert [(one["result"], one["code"]) for one in body["items"]] == [
        ("added", None),
        ("added", None),
        ("there", None),
        ("problem", "wrong_goods"),
        ("problem", "cut_off"),
        ("problem", "barcode"),
    ]
    assert (body["added"], body["there"], body["problem"]) == (2, 1, 3)
    assert half(api, "free") == [(code, None) for code in sorted(MARKS[:2])]
    elsewhere = api.as_seller("seller-2").post(POOL, {"codes": MARKS[:1]}).body["items"][0]
    assert (elsewhere["result"], elsewhere["code"]) == ("problem", "already_exists")
    assert api.as_role("packer").post(POOL, {"codes": MARKS}).status == 403


def test_pieces_take_free_marks_each_once_and_a_cancel_gives_them_back(api: Caller, market: FakeMarketplace) -> None:
    api.post(POOL, {"codes": MARKS[:3]})
    taken = api.as_role("packer").post(TAKE, key="t-1").body
    assert api.as_role("packer").post(TAKE, key="t-1").body == taken

    given = [one["mark"] for one in taken["products"][0]["exemplars"]]
    assert given == sorted(MARKS[:3])[:2]
    assert (taken["missing"], taken["intent"]) == ([], f"p.{a.NUMBER}.set_exemplars.1")
    assert half(api, "used") == [(code, a.NUMBER) for code in given]
    short = api.post(TAKE.replace(a.NUMBER, OTHER))
    assert (short.status, short.code, short.body["offered"]) == (409, "pool_empty", [POOL])
    assert len(half(api, "free")) == 1

    market.cancel_by(a.NUMBER, "client")
    read(api, market)
    assert (half(api, "used"), len(half(api, "free"))) == ([], 3)
    assert api.post(TAKE.replace(a.NUMBER, OTHER)).body["missing"] == []


@pytest.mark.usefixtures("market")
def test_a_mark_that_was_scanned_without_the_pool_is_not_given_again_nor_uploaded(api: Caller) -> None:
    api.post(POOL, {"codes": MARKS[:3]})
    first = sorted(MARKS)[0]
    api.post(f"/v1/postings/{OTHER}/scans", {"code": first})

    given = {one["mark"] for one in api.post(TAKE).body["products"][0]["exemplars"]}
    assert given == set(MARKS[:3]) - {first}
    api.post(f"/v1/postings/{OTHER}/scans", {"code": MARKS[3]})
    late = api.post(POOL, {"codes": [MARKS[3]]}).body["items"][0]
    assert (late["result"], late["code"]) == ("problem", "mark_used")


@pytest.mark.usefixtures("market")
def test_a_posting_whose_pieces_all_have_marks_takes_none(api: Caller) -> None:
    api.post(POOL, {"codes": MARKS[:1]})
    sheet = f"/v1/postings/{a.NUMBER}/exemplars"
    api.put(sheet, {"products": [{"sku": SKU, "exemplars": [{"mark": MARKS[3]}]}]})
    assert api.post(TAKE).body["products"][0]["exemplars"][1]["mark"] == MARKS[0]
    assert half(api, "used") == [(MARKS[0], a.NUMBER)]
    assert api.post(TAKE).code == "pool_empty"


def test_entries_that_are_there_are_kept_and_the_rest_is_taken(api: Caller, market: FakeMarketplace) -> None:
    market.change(a.NUMBER, lines=(a.line(quantity=3),))
    read(api, market)
    api.post(POOL, {"codes": MARKS[:2]})
    sheet = f"/v1/postings/{a.NUMBER}/exemplars"
    api.put(sheet, {"products": [{"sku": SKU, "exemplars": [{"mark": MARKS[3]}]}]})
    assert api.post(TAKE).body["products"][0]["exemplars"][0]["mark"] == MARKS[3]
    assert len(half(api, "used")) == 2
    assert api.store.posting(a.SELLER, a.NUMBER).stage is Stage.RECEIVED  # type: ignore[union-attr]  # it is there
