"""A buyer is a buyer in whatever letters the marketplace writes the word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shipby.domain.cancels.rules import NOT_THE_BUYER, suggest
from shipby.domain.evidence.claim_hints import may_ask
from shipby.domain.initiators import is_buyer, latin
from shipby.domain.postings.posting import Cancellation
from shipby.domain.refunds.ledger import EntryKind
from shipby.domain.refunds.payers import circumstances, who_pays
from tests.support import builders as a

BUYERS = ("Сustomer", "Customer", "CLIENT", "СLIЕNT", "сlient", "client")  # the first, fourth, fifth: Cyrillic letters


@pytest.mark.parametrize("word", BUYERS)
def test_the_buyer_is_known_by_every_reader_of_initiators(word: str) -> None:
    assert is_buyer(word)
    assert suggest(a.posting(), initiator=word).facts["basis"] != NOT_THE_BUYER
    told = Cancellation(reason_id=1, reason="", type=word.casefold(), after_ship=False, affects_rating=False)
    facts = replace(a.detail(), cancellation=told)
    for posting in (a.posting(), a.posting(cancelled_by=word.casefold())):
        rule = who_pays(circumstances(EntryKind.OBSERVED, posting, facts))
        assert rule.id == "cancel.buyer.before_ship"
    assert latin(word).upper() != "CUSTOMER" or not may_ask(word)


@pytest.mark.parametrize("word", ["OZON", "Seller", "Продавец", "Сеller", "delivery", "Курьер"])
def test_nobody_else_is(word: str) -> None:
    assert not is_buyer(word)
    assert suggest(a.posting(), initiator=word).facts["basis"] == NOT_THE_BUYER


def test_russian_words_stay_as_they_are() -> None:
    assert [latin(word) for word in ("Продавец", "", "Customer", "顾客")] == ["Продавец", "", "Customer", "顾客"]
