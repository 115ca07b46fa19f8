"""One box: what it finds, why, and in how many reads."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.packing.product_cards import put_product
from shipby.application.ports.writes import ClaimPointer
from shipby.application.postings.exemplars import claimed
from shipby.application.postings.search import search
from shipby.domain import pointers
from shipby.domain.labels.copies import copy_code
from shipby.domain.labels.documents import DocumentKind
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.words import nearly_begins
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a

LINE = a.detail().lines[0]
SECOND = "24219509-0020-3"
MARK = "01046012345678932151234567890ab"
FOREIGN = "0104601234567893215abcdefghijkl"
"""Of a posting of another shop of the owner."""
_ENGLISH = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбю"


def under_russian(code: str) -> str:
    """What a scanner types under a Russian keyboard layout."""
    table = str.maketrans(_ENGLISH + _ENGLISH.upper(), _RUSSIAN + _RUSSIAN.upper())
    return code.translate(table)


@pytest.fixture
def shop(api: Caller) -> Caller:
    api.has_posting(detail=a.detail())
    for kind, value in (
        (pointers.LABEL, "%101%24219509"),
        (pointers.LABEL, "SCANIT-0001"),
        (pointers.TRACKING, "CDEK123AB"),
        (pointers.FORMER_TRACKING, "OLDER777"),
    ):
        api.has(ClaimPointer(a.SELLER, kind, value, a.NUMBER))
    api.has(*claimed(a.SELLER, a.NUMBER, [MARK]))
    api.has(*claimed("another-shop", SECOND, [FOREIGN]))
    card = ProductCard(seller=a.SELLER, sku=LINE.sku, version=0, barcodes=("4601234567893",))
    put_product(card, 0, "key:k1", lambda _answer: [], store=api.store, clock=api.clock)
    return api


@pytest.mark.parametrize(
    ("typed", "by"),
    [
        (a.NUMBER, "number"),
        (f"  {a.NUMBER} ", "number"),
        ("242", "number"),
        ("24219509", "number"),
        ("24219509-0020", "number"),
        ("0020", "number_part"),
        ("0020-2", "number_part"),
        ("%101%24219509", "label"),
        ("SCANIT-0001", "label"),
        ("scanit-0001", "label"),
        (under_russian("SCANIT-0001"), "label"),
        (MARK, "mark"),
        (f"{MARK}\x1d91EE06\x1d92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=", "mark"),
        ("cdek 123 ab", "tracking_number"),
        ("CDEK123AB", "tracking_number"),
        (under_russian("CDEK123AB"), "tracking_number"),
        ("older777", "former_tracking_number"),
        ("4601234567893", "item_barcode"),
        (LINE.sku, "sku"),
        (LINE.sku[:5], "sku"),
        (LINE.offer_id, "article"),
        (LINE.offer_id.upper(), "article"),
        (copy_code(a.NUMBER, DocumentKind.OWN_LABEL, 1), "number"),
    ],
)
def test_a_posting_is_found_by_whatever_stands_on_it(shop: Caller, typed: str, by: str) -> None:
    reply = shop.get("/v1/search", q=typed)
    (found,) = reply.body["items"]
    assert found["posting_number"] == a.NUMBER
    assert by in {match["by"] for match in found["matched"]}
    assert found["posting"]["goods"][0]["sku"] == LINE.sku


def test_all_postings_of_an_order_are_found_by_its_number(shop: Caller) -> None:
    shop.has_posting(a.posting(number=SECOND), a.detail(number=SECOND))
    items = shop.get("/v1/search", q="24219509-0020").body["items"]
    assert [item["posting_number"] for item in items] == [a.NUMBER, SECOND]
    cut = shop.get("/v1/search", q="24219509-0020", limit="1").body
    assert (len(cut["items"]), cut["more"]) == (1, True)


@pytest.mark.parametrize("typed", ["24219508-0020-2", "2421950-0020-2", "242195099-0020-2", "24219590-0020-2"])
def test_one_wrong_sign_behind_the_first_half_is_forgiven(shop: Caller, typed: str) -> None:
    (found,) = shop.get("/v1/search", q=typed[:9]).body["items"] or shop.get("/v1/search", q=typed).body["items"]
    assert found["posting_number"] == a.NUMBER


def test_a_result_that_nearly_begins_so_says_it(shop: Caller) -> None:
    (found,) = shop.get("/v1/search", q="24219x").body["items"]
    assert found["matched"] == [{"by": "near", "text": a.NUMBER}]
    assert shop.get("/v1/search", q="2421xx").body["items"] == []


@pytest.mark.parametrize(
    ("word", "typed", "near"),
    [
        ("abcdef", "abcd", True),
        ("abcdef", "abxd", True),
        ("abcdef", "abd", True),
        ("abcdef", "abxcd", True),
        ("abcdef", "abdc", True),
        ("abcdef", "xbcd", True),
        ("abc", "abcd", True),
        ("abcdef", "abxx", False),
        ("abcdef", "badc", False),
        ("ab", "abcd", False),
    ],
)
def test_one_sign_may_be_wrong_missing_too_many_or_swapped(word: str, typed: str, near: bool) -> None:
    assert nearly_begins(word, typed) is near


@pytest.mark.parametrize("typed", [FOREIGN, "#", "ab", "!!", "999999999", "24219509-9999", "\u0001"])
def test_what_nothing_matches_finds_nothing(shop: Caller, typed: str) -> None:
    assert shop.get("/v1/search", q=typed).body["items"] == []


def test_another_seller_finds_nothing(shop: Caller) -> None:
    for typed in (a.NUMBER, "242", LINE.sku, "CDEK123AB", "4601234567893"):
        assert shop.as_seller(OTHER).get("/v1/search", q=typed).body["items"] == []


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "x" * 201}, {"q": "x", "limit": "51"}, {"q": "x", "z": "1"}])
def test_a_bad_search_says_what_is_wrong(api: Caller, query: dict[str, str]) -> None:
    reply = api.get("/v1/search", **query)
    assert (reply.status, reply.code) == (400, "invalid_input")


def test_a_code_that_two_labels_carry_finds_both(shop: Caller) -> None:
    shop.has_posting(a.posting(number=SECOND), a.detail(number=SECOND))
    shop.has(ClaimPointer(a.SELLER, pointers.LABEL, "SCANIT-0001#2", SECOND))
    items = shop.get("/v1/search", q="SCANIT-0001").body["items"]
    assert {item["posting_number"] for item in items} == {a.NUMBER, SECOND}


def test_a_barcode_that_left_its_card_finds_nothing_more(shop: Caller) -> None:
    card = ProductCard(seller=a.SELLER, sku=LINE.sku, version=1, barcodes=("4600000000000",))
    put_product(card, 1, "key:k1", lambda _answer: [], store=shop.store, clock=shop.clock)
    assert shop.get("/v1/search", q="4601234567893").body["items"] == []
    assert shop.get("/v1/search", q="4600000000000").body["items"]


class Counting:
    """A client that counts the reads that go through it."""

    def __init__(self, client: Any) -> None:
        self._client, self.reads = client, 0

    def __getattr__(self, name: str) -> Any:
        if name in ("get_item", "batch_get_item", "query", "scan"):
            self.reads += 1
        return getattr(self._client, name)


def test_no_search_reads_more_than_three_times() -> None:
    with mock_aws():
        client = Counting(boto3.client("dynamodb", region_name="us-east-1"))
        client.create_table(**table_definition("t"))
        store = DynamoDBStore(client, "t", clock=a.FixedClock())  # type: ignore[arg-type]  # all that the store calls
        filler = Caller(store, a.FixedClock())
        for at in range(60):
            number = f"2421{at:04d}-0020-2"
            filler.has_posting(a.posting(number=number), a.detail(number=number))
        filler.has(
            ClaimPointer(a.SELLER, pointers.LABEL, "L1", "24210001-0020-2"),
            ClaimPointer(a.SELLER, pointers.ITEM, "4601234567893", LINE.sku),
        )
        texts = ("24210001-0020-2", "2421", "0020", "L1", LINE.sku, "4601234567893", "24210x01", "нет", "", "ЩЯТ-460")
        for typed in texts:
            client.reads = 0
            found = search(a.SELLER, typed, limit=50, store=store)
            assert client.reads <= 3, typed
            assert found["items"] or typed in ("нет", "", "ЩЯТ-460"), typed
