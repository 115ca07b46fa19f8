"""With a valid token everything is stored or quarantined and answered 200: errors cost the seller's push health."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.intake.receive_push import PushAnswer, TokenCache, receive_push
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.store import Store
from shipby.application.sellers.register import create_push_token
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.postings.push import WINDOW_SECONDS
from tests.functions.shop_support import SELLER, Shop
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

NUMBER = "24219509-0020-2"
STATE = {
    "message_type": "TYPE_STATE_CHANGED",
    "posting_number": NUMBER,
    "new_state": "posting_delivered",
    "changed_state_date": "2021-02-02T15:07:46.765Z",
    "warehouse_id": 0,
    "seller_id": int(SELLER),
}
CUT_OFF = {
    "message_type": "TYPE_CUTOFF_DATE_CHANGED",
    "posting_number": NUMBER,
    "new_cutoff_date": "2021-11-24T07:00:00Z",
    "old_cutoff_date": "2021-11-21T10:00:00Z",
    "warehouse_id": 0,
    "seller_id": int(SELLER),
}
CHAT = {
    "message_type": "TYPE_NEW_MESSAGE",
    "chat_id": "b646d975-0c9c-4872-9f41-8b1e57181063",
    "chat_type": "Buyer_Seller",
    "message_id": "3000000000817031942",
    "created_at": "2022-07-18T20:58:04.528Z",
    "user": {"id": "115568", "type": "Сustomer"},
    "data": ["Текст сообщения"],
    "seller_id": SELLER,
}
CASES: dict[str, tuple[object, str]] = {
    "not JSON": ("<xml/>", "quarantined"),
    "nothing at all": ("", "quarantined"),
    "binary": ("\x00\x01\ufffe", "quarantined"),
    "JSON, but a list": ([STATE], "quarantined"),
    "JSON, but a number": ("42", "quarantined"),
    "JSON, but null": ("null", "quarantined"),
    "an empty object": ({}, "quarantined"),
    "nested without end": ("[" * 60_000, "quarantined"),
    "a number without end": ('{"message_type": "TYPE_STATE_CHANGED", "x": ' + "9" * 5000 + "}", "quarantined"),
    "no posting number": ({**STATE, "posting_number": None}, "quarantined"),
    "a posting number that is a key": ({**STATE, "posting_number": "1#POSTING#2"}, "quarantined"),
    "a posting number that is a list": ({**STATE, "posting_number": ["1", "2"]}, "quarantined"),
    "a posting number of another script": ({**STATE, "posting_number": "２４２１９５０９-0020-2"}, "quarantined"),
    "no type": ({key: STATE[key] for key in STATE if key != "message_type"}, "quarantined"),
    "an unknown type": ({**STATE, "message_type": "TYPE_OF_TOMORROW"}, "quarantined"),
    "a type that is an object": ({**STATE, "message_type": {"a": 1}}, "quarantined"),
    "another seller": ({**STATE, "seller_id": 15}, "quarantined"),
    "no seller": ({key: STATE[key] for key in STATE if key != "seller_id"}, "quarantined"),
    "seller_id as a string": ({**STATE, "seller_id": SELLER}, "received"),
    "a Cyrillic Сustomer": (CHAT, "noted"),
    "empty dates": ({**CUT_OFF, "new_cutoff_date": "", "old_cutoff_date": ""}, "received"),
    "null dates": ({**CUT_OFF, "new_cutoff_date": None}, "received"),
    "year 0001": ({**CUT_OFF, "new_cutoff_date": "0001-01-01T00:00:00Z"}, "received"),
    "year 9999": ({**CUT_OFF, "new_cutoff_date": "9999-12-31T23:59:59.999999Z"}, "received"),
    "a date that is none": ({**CUT_OFF, "new_cutoff_date": "завтра"}, "received"),
    "fields of tomorrow": ({**STATE, "carrier": {"deep": [1, 2]}}, "received"),
    "a number larger than the database holds": ({**STATE, "warehouse_id": 10**60}, "received"),
    "half a character": (json.dumps({**STATE, "new_state": "\ud800"}), "received"),
    "a stock change": ({"message_type": "TYPE_STOCKS_CHANGED", "items": [], "seller_id": int(SELLER)}, "noted"),
    "an FBO type of tomorrow": ({"message_type": "TYPE_FBO_STOCKS_CHANGED", "seller_id": int(SELLER)}, "noted"),
    "an order type with a digit": ({"message_type": "TYPE_ORDER_CANCELLED_V2", "seller_id": int(SELLER)}, "noted"),
    "an FBO type of another seller": ({"message_type": "TYPE_FBO_POSTING_NEW", "seller_id": 15}, "quarantined"),
    "what only looks like an FBO type": ({**STATE, "message_type": "TYPE_FBOX"}, "quarantined"),
}


@pytest.mark.parametrize(("body", "state"), CASES.values(), ids=CASES)
def test_whatever_comes_with_a_valid_token_is_kept_and_answered_with_true(shop: Shop, body: object, state: str) -> None:
    shop.add_seller()
    assert shop.push(body) == (200, {"result": True})
    (row,) = [item for item in shop.items() if item["SK"]["S"].startswith("PUSH#")]
    assert row["state"]["S"] == state
    assert ("problem" in row) == (state == "quarantined")


def test_the_content_type_does_not_matter(shop: Shop) -> None:
    shop.add_seller()
    assert shop.push(json.dumps(STATE), content_type="text/plain")[0] == 200
    assert [item["state"]["S"] for item in shop.items() if item["SK"]["S"].startswith("PUSH#")] == ["received"]


def test_quarantined_and_noted_pushes_ask_for_nothing(shop: Shop) -> None:
    shop.add_seller()
    for body, _ in CASES.values():
        assert shop.push(body)[0] == 200
    assert shop.pump() == []
    # A chat that changed asks for a look at the chat, and for nothing else.
    of_postings = [message for message in shop.bodies("sync") if message.get("task") != "buyer_chat"]
    assert {message["posting"] for message in of_postings} == {NUMBER}
    assert len(of_postings) == sum(state == "received" for _, state in CASES.values())


class Inbox:
    """One seller's push address on the store in memory, with a clock that moves when told to."""

    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.token = create_push_token(SELLER, store=self.store, clock=self.clock).text
        self.cache = TokenCache({})

    def take(self, body: dict[str, Any]) -> PushAnswer:
        raw = json.dumps(body).encode()
        return receive_push(self.token, raw, inbox=self.store, tokens=self.cache, now=self.clock.now())

    def rows(self) -> int:
        return len(self.store.pushes_on(SELLER, self.clock.now().date(), limit=1000).items)


def test_an_exact_repeat_within_the_window_is_one_hint() -> None:
    inbox = Inbox()
    outcomes = [inbox.take(STATE).outcome for _ in range(3)]
    assert outcomes == ["received", "repeated", "repeated"]
    assert inbox.rows() == 1


def test_a_cut_off_that_moves_there_and_back_twice_is_four_hints() -> None:
    inbox = Inbox()
    there, back = CUT_OFF, {**CUT_OFF, "new_cutoff_date": CUT_OFF["old_cutoff_date"]}
    for body in (there, back, there, back):
        assert inbox.take(body).outcome == "received"
        inbox.clock.advance(timedelta(seconds=WINDOW_SECONDS))
    assert inbox.rows() == 4


class CountingMarket:
    """Answers every read with the same posting, and counts."""

    def __init__(self, clock: a.FixedClock) -> None:
        self.clock = clock
        self.reads = 0

    def posting(self, number: str) -> MarketplacePosting:
        self.reads += 1
        return a.detail(number=number, read_at=self.clock.now())


def test_a_thousand_pushes_for_one_posting_at_once_are_all_kept_and_read_once() -> None:
    inbox = Inbox()
    bodies = [{**STATE, "warehouse_id": number} for number in range(1000)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(inbox.take, bodies))
    assert {answer.status for answer in answers} == {200}
    assert inbox.rows() == 1000
    hinted = inbox.clock.now()
    inbox.clock.advance(timedelta(seconds=2))
    market, store = CountingMarket(inbox.clock), inbox.store

    def sync(_: int) -> str:
        marketplace: Any = market
        checked: Store = store
        return sync_posting(
            SELLER, NUMBER, hinted_at=hinted, store=checked, marketplace=marketplace, clock=inbox.clock
        ).outcome

    outcomes = [sync(number) for number in range(1000)]
    assert outcomes.count("created") == 1
    assert outcomes.count("coalesced") == 999
    assert market.reads == 1
