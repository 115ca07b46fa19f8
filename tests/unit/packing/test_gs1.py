"""Codes on goods as scanners give them: the bench finds the product that a GS1 element string names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.gs1 import gtin_in
from shipby.domain.packing.scanning import Item, match
from tests.support import builders as a

GS = "\x1d"
GTIN = "04607012350016"
TEA = Item(sku="149123456", offer_id="TEA", name="tea", expected=1)
CUP = Item(sku="2", offer_id="CUP", name="cup", expected=1)
CARDS = {
    TEA.sku: ProductCard(seller=a.SELLER, sku=TEA.sku, version=1, barcodes=("4607012350016",)),
    CUP.sku: ProductCard(seller=a.SELLER, sku=CUP.sku, version=1, barcodes=("0107",)),
}
NAMES_TEA = {
    "EAN-13": "4607012350016",
    "ITF-14": GTIN,
    "a mark of Chestny ZNAK": f"]d201{GTIN}215abcDEF12345{GS}91EE06{GS}92xyz==",
    "FNC1 first": f"{GS}01{GTIN}215abcDEF12345{GS}91EE06",
    "a keyboard that drops separators": f"01{GTIN}215abcDEF1234591EE0692xyz==",
    "under the Russian layout": f"ъв201{GTIN}215фисВУА12345",
    "GS1-128": f"]C101{GTIN}{GS}10LOT1",
    "the lot first": f"]C110LOT1{GS}01{GTIN}",
    "date and weight first": f"]C1112602013103000500{'01'}{GTIN}",
    "printed below the bars": f"(01){GTIN}(21)5abcDEF12345",
    "printed, serial first": f"(21)5abc (01) {GTIN}",
    "a web address (GS1 Digital Link)": f"https://id.gs1.org/01/{GTIN}/21/5abc",
    "a web address of the maker's": f"HTTPS://example.com/shop/01/{GTIN}?17=261231",
    "FNC1 sent as a letter": f"\xe801{GTIN}215abc\xe891EE06",
    "with a line break": f"]d201{GTIN}21abc\r\n",
}


@pytest.mark.parametrize("code", NAMES_TEA.values(), ids=NAMES_TEA)
def test_the_product_is_found_whatever_form_its_number_has(code: str) -> None:
    assert match(code, (TEA, CUP), CARDS) == (TEA,)


@pytest.mark.parametrize(
    "code",
    [
        "]d20104607012350017",
        f"]C100{'1' * 18}",
        f"]C110{GTIN}",
        "(10)" + GTIN,
        f"https://example.com/10/{GTIN}",
        f"https://example.com/?q=/01/{GTIN}",
        f"https://example.com/01/{GTIN}9",
        "01" + GTIN[:13],
        "01",
        "]d2",
        "(01)",
        "",
    ],
)
def test_what_names_another_item_or_none_is_no_product(code: str) -> None:
    assert match(code, (TEA, CUP), CARDS) == ()


def test_a_seller_s_own_code_that_looks_like_an_element_string_stays_his() -> None:
    assert match("0107", (TEA, CUP), CARDS) == (CUP,)


@given(st.text(max_size=80))
def test_nothing_a_scanner_sends_breaks_the_reading(code: str) -> None:
    found = gtin_in(code)
    assert found == "" or (len(found) == 14 and found in code.replace(GS, ""))


def test_a_card_filled_by_scanning_the_mark_knows_the_goods_by_any_of_their_codes() -> None:
    card = ProductCard(seller=a.SELLER, sku="1", version=1, barcodes=("0104607012350016215abcDEF12345",))
    items = [
        Item(sku="1", offer_id="TEA", name="tea", expected=1),
        Item(sku="2", offer_id="CUP", name="cup", expected=1),
    ]
    for code in ("4607012350016", "04607012350016", "0104607012350016217another9999"):
        assert [item.sku for item in match(code, items, {"1": card})] == ["1"]
