"""Product cards: one by one with an ETag, and many from a spreadsheet."""

from __future__ import annotations

from typing import Any

from shipby.domain.events import product_ref
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

SKU = "149123456"
CARD: dict[str, Any] = {
    "bin": "A-2-14",
    "barcodes": ["4601234567893"],
    "marks": ["fragile"],
    "inserts_in": {},
    "inserts": ["Инструкция"],
    "note": "two layers of film",
    "product_type": "kitchen",
    "weight_g": 450,
    "sides_mm": [300, 200, 40],
    "supplier": "Fabrika 7",
    "offer_id": "TEA-CUP-02",
}


def test_a_card_is_created_read_and_replaced_as_it_was_seen(api: Caller) -> None:
    created = api.put(f"/v1/products/{SKU}", CARD, if_match='"0"')
    seen = api.get(f"/v1/products/{SKU}")
    changed = api.put(f"/v1/products/{SKU}", {**seen.body, "bin": "B-1"}, if_match=seen.headers["ETag"])

    assert (created.status, created.headers["ETag"]) == (200, '"1"')
    assert seen.body == {**CARD, "sku": SKU, "version": 1}
    assert (changed.body["bin"], changed.body["version"]) == ("B-1", 2)
    history = api.store.events(a.SELLER, product_ref(SKU))
    assert [(stored.event.type, stored.event.actor) for stored in history] == [("product.changed", "key:k1")] * 2
    assert history[1].event.data == {"sku": SKU, "bin": "B-1", "old_bin": "A-2-14"}


def test_a_card_that_somebody_else_changed_is_not_written_over(api: Caller) -> None:
    api.put(f"/v1/products/{SKU}", CARD, if_match='"0"')

    assert api.put(f"/v1/products/{SKU}", {"bin": "C-3"}, if_match='"0"').status == 412
    assert api.put(f"/v1/products/{SKU}", {"bin": "C-3"}).status == 428
    assert api.get(f"/v1/products/{SKU}").body["bin"] == "A-2-14"


def test_a_card_that_is_not_there_and_one_of_another_seller_look_alike(api: Caller) -> None:
    api.put(f"/v1/products/{SKU}", CARD, if_match='"0"')

    assert api.get("/v1/products/1").status == 404
    assert api.as_seller("seller-2").get(f"/v1/products/{SKU}").status == 404
    assert api.as_seller("seller-2").get("/v1/products").body == {"items": [], "next_cursor": None}


def test_an_insert_with_contact_data_is_refused_and_named(api: Caller) -> None:
    reply = api.put(f"/v1/products/{SKU}", {"inserts": ["manual", "t.me/shop"]}, if_match='"0"')

    assert (reply.status, reply.fields) == (400, ["inserts/1"])
    assert "the marketplace forbids contact data in inserts" in reply.body["detail"]
    assert api.get(f"/v1/products/{SKU}").status == 404


def test_an_import_saves_what_is_right_and_names_what_is_wrong(api: Caller) -> None:
    cards = [
        {"sku": "1", **CARD},
        {"sku": "2", "bin": 7},
        {"sku": "3", "inserts": ["+7 912 345 67 89"]},
        {"sku": "bad sku"},
        {"sku": "1", "bin": "Z"},
        {"sku": "4", "marks": ["explosive"]},
        {"sku": "5", "bin": "A-10"},
        {},
    ]

    body = api.post("/v1/products/import", {"cards": cards}).body

    assert [item["result"] for item in body["items"]] == ["saved"] + ["problem"] * 5 + ["saved", "problem"]
    assert (body["saved"], body["unchanged"], body["problems"]) == (2, 0, 6)
    assert all(item["problem"] for item in body["items"] if item["result"] == "problem")
    assert [card["sku"] for card in api.get("/v1/products").body["items"]] == ["1", "5"]
    assert api.get("/v1/products/1").body["bin"] == "A-2-14"


def test_the_same_import_again_changes_nothing(api: Caller) -> None:
    cards = {"cards": [{"sku": str(n), **CARD} for n in range(500)]}

    first, again = api.post("/v1/products/import", cards), api.post("/v1/products/import", cards)

    assert (first.body["saved"], again.body["saved"], again.body["unchanged"]) == (500, 0, 500)
    assert api.get("/v1/products/7").body["version"] == 1


def test_an_import_of_too_many_cards_is_refused_whole(api: Caller) -> None:
    reply = api.post("/v1/products/import", {"cards": [{"sku": str(n)} for n in range(501)]})

    assert reply.status == 400
    assert api.get("/v1/products").body["items"] == []


def test_cards_are_listed_page_by_page(api: Caller) -> None:
    api.post("/v1/products/import", {"cards": [{"sku": f"s{n}"} for n in range(5)]})

    first = api.get("/v1/products", limit="3").body
    rest = api.get("/v1/products", limit="3", cursor=first["next_cursor"]).body

    assert [card["sku"] for card in first["items"] + rest["items"]] == [f"s{n}" for n in range(5)]
    assert rest["next_cursor"] is None


def test_support_reads_cards_but_does_not_write_them(api: Caller) -> None:
    support = api.as_role("support")

    assert support.get("/v1/products").status == 200
    assert support.put(f"/v1/products/{SKU}", CARD, if_match='"0"').status == 403
    assert api.as_role("packer").post("/v1/products/import", {"cards": [{"sku": "1"}]}).status == 403
