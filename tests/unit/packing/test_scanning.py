"""What a scanned code means for a parcel, and which inserts may go into it."""

from __future__ import annotations

import pytest

from shipby.domain.packing.cards import BenchCheck, ProductCard
from shipby.domain.packing.inserts import contact_in
from shipby.domain.packing.scanning import (
    Item,
    Refusal,
    count,
    is_complete,
    items_of,
    judge_scan,
    match,
    pack_up,
    stop_of,
)
from shipby.domain.postings.posting import Stage
from tests.support import builders as a

CARD = ProductCard(
    seller=a.SELLER, sku="149123456", version=1, bin="A-1", barcodes=("4601234567893", "036000291452", "X-7")
)
CARDS = {CARD.sku: CARD}
SKU = CARD.sku
ITEMS = items_of(a.detail(), CARDS, {})


def test_lines_of_one_sku_are_one_item() -> None:
    [item] = items_of(a.detail(lines=(a.line(quantity=2), a.line(quantity=3))), CARDS, {"149123456": 1})

    assert (item.expected, item.scanned, item.missing, item.bin) == (5, 1, 4, "A-1")


@pytest.mark.parametrize(
    "code",
    [
        " 4601234567893\r\n",
        "]E04601234567893",
        "0036000291452",
        "036000291452",
        "x-7",
        SKU,
        "tea-cup-02",
        "TEA-CUP-02\t",
    ],
)
def test_a_barcode_a_sku_or_an_offer_id_names_the_product_whatever_noise_is_around_it(code: str) -> None:
    assert [item.sku for item in match(code, ITEMS, CARDS)] == ["149123456"]


@pytest.mark.parametrize("code", ["4601234567894", "TEA-CUP", "14912345", "", "1491234560"])
def test_another_code_names_nothing(code: str) -> None:
    assert match(code, ITEMS, CARDS) == ()


def test_a_barcode_of_two_products_of_one_parcel_is_ambiguous_and_the_sku_is_not() -> None:
    items = (Item(sku="1", offer_id="A", name="", expected=1), Item(sku="2", offer_id="B", name="", expected=1))
    cards = {sku: ProductCard(seller="s", sku=sku, version=1, barcodes=("77",)) for sku in ("1", "2")}

    refused = judge_scan(a.posting(), items, cards, "77", 1)

    assert isinstance(refused, Refusal)
    assert refused.why == "ambiguous_item"
    assert judge_scan(a.posting(), items, cards, "2", 1) == items[1]


@pytest.mark.parametrize("code", [a.NUMBER, f"SB:PS:{a.NUMBER}", "SB:PL:0123456789abcdef0123"])
def test_a_paper_is_told_from_a_wrong_item(code: str) -> None:
    refused = judge_scan(a.posting(), ITEMS, CARDS, code, 1)

    assert isinstance(refused, Refusal)
    assert refused.why == "paper_scanned"


def test_a_code_of_the_marketplaces_label_is_a_paper_unless_it_names_goods_of_the_parcel() -> None:
    codes = ("%101%806044518", "23024930500000", "SCN1", SKU)
    for code in codes[:3]:
        refused = judge_scan(a.posting(), ITEMS, CARDS, code, 1, codes)
        assert isinstance(refused, Refusal)
        assert refused.why == "paper_scanned"
    assert judge_scan(a.posting(), ITEMS, CARDS, SKU, 1, codes) == ITEMS[0]


def test_more_pieces_than_are_missing_are_refused_whole() -> None:
    refused = judge_scan(a.posting(), ITEMS, CARDS, "149123456", 3)

    assert isinstance(refused, Refusal)
    assert refused.why == "too_many"
    assert "take 1 out" in refused.told


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (Stage.CANCELLED, "cancelled"),
        (Stage.EXPIRED, "expired"),
        (Stage.BLOCKED, "blocked"),
        (Stage.HANDED_OVER, "left"),
        (Stage.DELIVERED, "left"),
        (Stage.CLOSED, "left"),
    ],
)
def test_nothing_goes_into_a_parcel_that_is_not_to_be_sent(stage: Stage, why: str) -> None:
    refused = judge_scan(a.posting(stage=stage), ITEMS, CARDS, "149123456", 1)

    assert isinstance(refused, Refusal)
    assert refused.why == why


def test_nothing_goes_into_a_parcel_that_is_being_cancelled() -> None:
    assert "being cancelled" in stop_of(a.posting(open_intents=(a.intent().id,)))
    assert stop_of(a.posting()) == ""


def test_a_parcel_whose_posting_changed_meanwhile_is_never_complete_until_it_is_begun_anew() -> None:
    for lines in ((a.line(quantity=1),), (a.line(sku="2", offer_id="B"),)):
        items = items_of(a.detail(lines=lines), CARDS, {SKU: 2})
        refused = judge_scan(a.posting(), items, CARDS, "B", 1)

        assert not is_complete(items)
        assert isinstance(refused, Refusal)
        assert refused.why == "parcel_changed"


def test_counting_is_complete_when_every_piece_is_in() -> None:
    check = BenchCheck(seller=a.SELLER, posting_number=a.NUMBER, version=0)
    for expected in (False, True):
        check = count(check, ITEMS[0], 1, at=a.NOW, actor="key:k1")
        assert is_complete(items_of(a.detail(), CARDS, check.scanned)) is expected
    assert (check.version, check.scanned) == (2, {"149123456": 2})


@pytest.mark.parametrize(
    ("stage", "steps"),
    [
        (Stage.RECEIVED, ["posting.confirmed", "posting.picked", "posting.packed"]),
        (Stage.CONFIRMED, ["posting.picked", "posting.packed"]),
        (Stage.PICKED, ["posting.packed"]),
        (Stage.INSPECTED, ["posting.packed"]),
        (Stage.PACKED, []),
    ],
)
def test_packing_takes_every_step_that_is_left(stage: Stage, steps: list[str]) -> None:
    step = pack_up(a.posting(stage=stage), at=a.NOW, actor="key:k1", reason="every piece was scanned")

    assert [event.type for event in step.events] == steps
    assert step.posting.stage is Stage.PACKED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Пишите: shop@example.ru", "an e-mail address"),
        ("https://x.example/a", "a web address"),
        ("наш сайт myshop.ru", "a web address"),
        ("t.me/shop", "a web address"),
        ("Звоните 8 (912) 345-67-89", "a phone number"),
        ("+7 912 345 67 89", "a phone number"),
        ("手机 13812345678", "a phone number"),
        ("мы в Телеграм", "a messenger"),
        ("加微信", "a messenger"),
        ("@super_shop", "a messenger"),
        ("наш ВК", "a messenger"),
    ],
)
def test_contact_data_is_found_in_an_insert(text: str, kind: str) -> None:
    assert contact_in(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "Инструкция",
        "Гарантийный талон 12 мес.",
        "manual v1.2.pdf",
        "4601234567893",
        "说明书 A4",
        "Открытка «Спасибо!»",
        "Сувенир 2 шт.ручка",
        "80000 мА·ч",
        "Вкладыш №8, 2026-03-02",
    ],
)
def test_an_honest_insert_is_none_of_that(text: str) -> None:
    assert contact_in(text) == ""
