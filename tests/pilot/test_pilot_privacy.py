"""Nothing personal leaves the machine: planted in every text of every answer, found nowhere in the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon.methods import ROLES
from shipby_local.pilot.comparing import Comparison
from shipby_local.pilot.description import Description
from shipby_local.pilot.masking import Mask, moment, shape
from shipby_local.pilot.report import LeakError, as_markdown, report
from tests.pilot.pilot_support import Json, Shop

CANARIES = (
    "Иванов Пётр Сергеевич",
    "Иванов",
    "+7 916 123-45-67",
    "79161234567",
    "ул. Пушкина, д. 5, кв. 12",
    "ivan.petrov@example.test",
    "Petrov",
    "Ivan_Petrov",
    "IvanPetrov",
    "ivanov-pyotr",
    "98765432-1234-1",
    "王小明",
    "Оставьте у соседа, код домофона 4321К",
)
PIECES = (
    "иванов", "пётр", "petrov", "ivan", "pyotr", "916 123", "9161234", "-1234-", "4321к", "пушкина", "example.test",
    "98765432", "王小明", "сосед",
)  # fmt: skip
"""No three or four digits alone: times and counts of a report have those by chance."""
ROUTES = frozenset({"posting_number", "chat_id", "chat_type", "cursor", "return_id", "id", "carriage_id", "message_id"})
"""What the next question needs: left alone in one variant, so that the round goes deep."""


def planted(value: Any, canary: str, kept: frozenset[str], name: str = "") -> Any:
    """The same answer with the canary in every text, and as the name and value of a field that nobody knows."""
    if isinstance(value, dict):
        inner = {key: planted(one, canary, kept, key) for key, one in value.items()}
        return inner | {canary: canary, "comment_of_tomorrow": canary, "phone_of_tomorrow": 79161234567}
    if isinstance(value, list):
        return [planted(one, canary, kept, name) for one in value]
    return canary if isinstance(value, str) and name not in kept else value


def planting(canary: str, kept: frozenset[str]) -> Callable[[str, Json], None]:
    def change(method: str, answer: Json) -> None:
        if method != ROLES.path or not kept:
            changed = planted(answer, canary, kept)
            answer.clear()
            answer.update(changed)

    return change


@pytest.mark.parametrize(
    ("canary", "kept"),
    [*((canary, frozenset()) for canary in CANARIES), *((canary, ROUTES) for canary in CANARIES[::3])],
)
def test_personal_data_in_every_text_stands_nowhere_in_the_report(
    shop: Shop, canary: str, kept: frozenset[str]
) -> None:
    shop.changes.append(planting(canary, kept))
    found = shop.report()
    told = (json.dumps(found, ensure_ascii=False) + as_markdown(found)).casefold()
    assert [piece for piece in PIECES if piece in told] == []
    assert len(found["deviations"]) > 20


def test_the_shops_own_data_stand_nowhere_in_the_report(shop: Shop) -> None:
    found = shop.report()
    told = json.dumps(found, ensure_ascii=False) + as_markdown(found)
    books = shop.simulator.books()
    assert all(number not in told for number in books["postings"])
    assert shop.seller.client_id not in told
    assert shop.seller.read_only_key not in told
    for number in (*shop.fbs, *shop.rfbs):
        posting = shop.simulator.posting(number)
        for text in (posting.buyer.name, posting.buyer.phone, posting.buyer.address, posting.lower_barcode):
            assert text not in told
        assert all(line.name not in told and str(line.sku) not in told for line in posting.lines)
    for said in ("видео", "заказ?", "подошло", "передумал"):
        assert said not in told


def test_a_report_that_would_show_a_value_after_all_is_not_made(shop: Shop) -> None:
    asking = shop.asking()
    evidence = asking.round(lambda _: None)
    comparison = Comparison(Description.load(), evidence.mask)
    comparison.told["/x", "y"] = Counter({shop.fbs[0]: 1})
    with pytest.raises(LeakError):
        report(evidence, comparison, host="x", published="x")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("awaiting_packaging", "awaiting_packaging"),
        ("awaiting_ivanov", "awaiting_a{6}"),
        ("ReturnedToIvanov", "ReturnedToAa{5}"),
        ("ON_APPROVAL", "ON_APPROVAL"),
        ("Иванов", "Яя{5}"),
        ("+79161234567", "+9{11}"),
        ("RUB", "RUB"),
        ("USD", "USD"),
        ("XYZ", "A{3}"),
        ("98765432-1234-1", "9{8}-9{4}-9"),
        ("status 5", "a{6}_9"),
    ],
)
def test_a_code_is_shown_as_far_as_its_words_are_described(text: str, shown: str) -> None:
    assert Mask(Description.load().words).code(text) == shown


def test_a_word_that_the_seller_lets_through_is_shown() -> None:
    assert Mask({"awaiting"}, ["Teleport"]).code("awaiting_teleport") == "awaiting_teleport"
    assert Mask({"awaiting"}).unknown("awaiting_teleport") == ("teleport",)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true or false"),
        (79161234567, "whole number of 11 digits"),
        (Decimal("12.5"), "number with a fraction"),
        ({"name": "Иванов"}, "object of 1 fields"),
        (["Иванов"], "list of 1"),
        ("", "empty text"),
        ("2026-11-30T10:20:30+03:00", "time 2026-11-30 +03:00"),
        ("ул. Пушкина, дом Колотушкина, квартира 5, этаж 2", "text of up to 100 characters"),
        ("x" * 20_000, "text of more than 10000 characters"),
    ],
)
def test_a_value_is_shown_by_its_kind(value: object, shown: str) -> None:
    assert shape(value) == shown


def test_a_time_is_its_day_and_offset() -> None:
    assert moment("2026-11-30T23:59:59.123Z") == "2026-11-30 Z"
    assert moment("2026-11-30T23:59") == "2026-11-30 without offset"
    assert moment("2026-13-30T23:59:00Z") is None
