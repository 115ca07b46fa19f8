"""Which chat messages look like a request for proof, and which do not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.evidence.claim_hints import MOST_NUMBERS, PATTERNS, READ_UP_TO, asks_here, may_ask, read_hint
from shipby.domain.evidence.claims import ClaimKind

NUMBER = "24219509-0020-2"
ASKING = {
    "ru.packing": [
        f"Здравствуйте! Пришлите, пожалуйста, видео процесса упаковки отправления {NUMBER} в течение 2 дней.",
        f"Покупатель сообщил о недовложении. Предоставьте фото взвешивания заказа {NUMBER}.",
        f"По отправлению {NUMBER}: при сборке велась ли ВИДЕОЗАПИСЬ?",
        f"Нужны доказательства\nкомплектации: {NUMBER}",
    ],
    "ru.complete": [f"Подтвердите комплектность заказа {NUMBER}"],
    "en.packing": [
        f"Please provide a video of packing for posting {NUMBER} within 2 days.",
        f"Posting {NUMBER}: send us packaging photos",
        f"We need evidence of the contents of {NUMBER}.",
    ],
    "zh.packing": [
        f"请在两天内提供订单{NUMBER}的打包视频。",
        f"请上传货件{NUMBER}包装过程的照片",
        f"请提供{NUMBER}的装箱录像",
    ],
}
SILENT = [
    f"Отправление {NUMBER} доставлено покупателю.",
    f"По заказу {NUMBER} открыт возврат, причина: не подошёл размер.",
    "Видео о новых возможностях личного кабинета. Смотрите в разделе «Новости».",
    "Упаковка: новые требования с 1 декабря.",
    f"Your posting {NUMBER} was shipped.",
    "The new API method returns a video link.",
    f"订单{NUMBER}已送达。",
    "请观看我们的新视频。包装要求已更新。",
    "",
]


@pytest.mark.parametrize(("pattern", "text"), [(name, text) for name, texts in ASKING.items() for text in texts])
def test_a_request_for_proof_is_recognised_with_its_posting(pattern: str, text: str) -> None:
    hint = read_hint(text)

    assert hint is not None
    assert (hint.kind, hint.pattern) == (ClaimKind.PACKING_EVIDENCE, pattern)
    assert hint.posting_numbers == (NUMBER,)


@pytest.mark.parametrize("text", SILENT)
def test_other_messages_of_the_marketplace_ask_for_nothing(text: str) -> None:
    assert read_hint(text) is None


def test_every_pattern_has_a_message_that_only_it_recognises() -> None:
    assert set(ASKING) == {entry.name for entry in PATTERNS}


def test_all_posting_numbers_are_taken_once_each_and_no_other_number() -> None:
    text = (
        f"Видео упаковки: {NUMBER}, 0139244126-0001-1; {NUMBER}. Тел. 8-800-234-70-00, 2026-11-22, 1{'2' * 12}-0001-1"
    )

    hint = read_hint(text)

    assert hint is not None
    assert hint.posting_numbers == (NUMBER, "0139244126-0001-1")


def test_a_request_without_a_number_is_one_all_the_same() -> None:
    hint = read_hint("Пришлите видео упаковки по вчерашнему обращению")

    assert hint is not None
    assert hint.posting_numbers == ()


def test_a_message_with_very_many_numbers_gives_the_first_ones() -> None:
    numbers = [f"{10_000_000 + n}-0001-1" for n in range(200)]

    hint = read_hint("видео упаковки " + " ".join(numbers))

    assert hint is not None
    assert hint.posting_numbers == tuple(numbers[:MOST_NUMBERS])


@pytest.mark.parametrize("unit", ["видео ", "видео", "упаковки! ", "video pack", "视频", "a ", "1-", "подтверждение "])
def test_no_message_keeps_the_judge_busy(unit: str) -> None:
    began = time.perf_counter()
    read_hint(unit * (5 * READ_UP_TO // len(unit)))

    assert time.perf_counter() - began < 2


@given(st.text(max_size=300))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    hint = read_hint(text)

    assert hint is None or hint.kind in ClaimKind


@pytest.mark.parametrize(
    ("chat_type", "asks"),
    [
        ("SELLER_SUPPORT", True),
        ("Seller_Support", True),
        ("Seller_Notification_Logistics", True),
        ("BUYER_SELLER", False),
        ("Buyer_Seller_Select", False),
        ("SELLER_API_UPDATES", False),
        ("", False),
    ],
)
def test_chats_with_buyers_are_never_read(chat_type: str, asks: bool) -> None:
    assert asks_here(chat_type) is asks


@pytest.mark.parametrize(
    ("sender", "may"),
    [("Support", True), ("NotificationUser", True), ("Crm", True), ("Seller", False), ("Customer", False)],
)
def test_nothing_that_seller_or_buyer_write_is_a_request(sender: str, may: bool) -> None:
    assert may_ask(sender) is may
