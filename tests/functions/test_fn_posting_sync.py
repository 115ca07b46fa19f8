"""The sync worker against the simulated marketplace: a hint becomes a posting with its history."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from functions.posting_sync.handler import handler
from shipby.adapters.ozon import OzonClient
from shipby.application.shared.messages import sync_message
from shipby.domain.events import EventType, posting_ref
from shipby.domain.postings.inbox import PushState
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event

CONTEXT = LambdaContext()


def hint(number: str, seller: str = SELLER) -> dict[str, object]:
    return dict(sync_message(seller, number, hinted_at=datetime.now(UTC), why="TYPE_NEW_POSTING").body)


def push(shop: Shop, number: str) -> None:
    body = {"message_type": "TYPE_STATE_CHANGED", "posting_number": number, "seller_id": int(SELLER)}
    assert shop.push(body) == (200, {"result": True})


def outcomes(shop: Shop) -> list[str]:
    return [line["outcome"] for line in shop.logged() if "outcome" in line]


def test_a_push_becomes_a_posting_and_its_first_event_reaches_people(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER)
    push(shop, number)
    assert shop.pump() == []
    assert shop.deliver("sync", handler) == []
    posting = shop.store.posting(SELLER, number)
    assert posting is not None
    assert posting.version == 1
    assert posting.status == "awaiting_packaging"
    assert [stored.event.type for stored in shop.store.events(SELLER, posting_ref(number))] == [
        EventType.POSTING_RECEIVED
    ]
    assert shop.pump() == []
    assert [body["id"] for body in shop.bodies("notify")] == [number]


def test_a_second_hint_changes_nothing_that_did_not_change(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER)
    assert failed_ids(handler(sqs_event(hint(number), hint(number)), CONTEXT)) == []
    assert outcomes(shop) == ["created", "unchanged"]


def test_both_parts_of_a_split_are_known_after_one_hint(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=1), LineSpec(sku=12, quantity=1)))
    handler(sqs_event(hint(number)), CONTEXT)
    OzonClient(market.base_url, SELLER, "a-key-of-the-seller").ship(number, [{"11": 1}, {"12": 1}])
    assert failed_ids(handler(sqs_event(hint(number)), CONTEXT)) == []
    parts = list(market.books()["postings"])
    assert len(parts) > 1
    assert all(shop.store.posting(SELLER, part) is not None for part in parts)


def test_a_part_of_a_split_that_cannot_be_read_keeps_no_other_back_and_comes_again(
    shop: Shop, market: Simulator
) -> None:
    number = market.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=1), LineSpec(sku=12, quantity=1)))
    OzonClient(market.base_url, SELLER, "a-key-of-the-seller").ship(number, [{"11": 1}, {"12": 1}])
    first, second = (part for part in market.books()["postings"] if part != number)
    market.control("POST", "/_sim/faults", {"kind": "http_error", "status": 502, "times": 3, "posting_number": first})
    # Pushed a little before it was read: the message that comes again is covered, except for what is missing.
    early = hint(number) | {"hinted_at": (datetime.now(UTC) - timedelta(seconds=5)).isoformat()}
    assert failed_ids(handler(sqs_event(early), CONTEXT)) == ["m0"]
    assert shop.store.posting(SELLER, first) is None
    assert shop.store.posting(SELLER, second) is not None
    assert failed_ids(handler(sqs_event(early, attempt=2), CONTEXT)) == []
    assert outcomes(shop)[-1] == "coalesced"
    assert shop.store.posting(SELLER, first) is not None


def test_a_number_the_marketplace_does_not_know_quarantines_its_push(shop: Shop, market: Simulator) -> None:
    push(shop, "99999999-0001-1")
    shop.pump()
    assert shop.deliver("sync", handler) == []
    assert outcomes(shop) == ["unknown"]
    (row,) = shop.store.pushes_on(SELLER, datetime.now(UTC).date()).items
    assert row.state is PushState.QUARANTINED


def test_on_429_the_message_waits_as_long_as_the_marketplace_says(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER)
    market.control("POST", "/_sim/faults", {"kind": "http_error", "status": 429, "times": 1})
    push(shop, number)
    shop.pump()
    received, began = shop.receive("sync"), time.time()
    assert failed_ids(handler(received, CONTEXT)) == [received["Records"][0]["messageId"]]
    assert shop.held("sync", 1, began)
    assert shop.logged()[-1]["code"] == "rate_limited"
    assert failed_ids(handler(received, CONTEXT)) == []
    assert shop.store.posting(SELLER, number) is not None


def test_when_the_marketplace_is_down_the_message_comes_again_later(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER)
    market.control("POST", "/_sim/faults", {"kind": "http_error", "status": 502, "times": 3})
    push(shop, number)
    shop.pump()
    received, began = shop.receive("sync"), time.time()
    assert len(failed_ids(handler(received, CONTEXT))) == 1
    assert shop.held("sync", 10, began)
    assert failed_ids(handler(received, CONTEXT)) == []


def test_a_key_that_is_rejected_again_waits_five_minutes_and_hurts_no_other_seller(
    shop: Shop, market: Simulator
) -> None:
    number = market.add_posting(SELLER)
    shop.add_seller("700002", api_key="not-the-key-of-this-seller")
    shop.add_seller("700003")
    batch = sqs_event(hint("1-1-1", "700002"), hint("1-1-1", "700003"), hint(number), attempt=2)
    response = handler(batch, CONTEXT)
    assert failed_ids(response) == ["m0", "m1"]
    failed = [line for line in shop.logged() if line["message"] == "message failed"]
    assert {(line["code"], line["wait"]) for line in failed} == {("credentials_rejected", 300)}
    assert shop.store.posting(SELLER, number) is not None


def test_a_foreign_message_goes_on_failing_until_it_is_a_dead_letter(shop: Shop, market: Simulator) -> None:
    strange = [
        {},
        {"seller": SELLER},
        hint("1-1-1") | {"hinted_at": "yesterday"},
        hint("1") | {"hinted_at": "2026-01-01"},
    ]
    assert failed_ids(handler(sqs_event(*strange), CONTEXT)) == ["m0", "m1", "m2", "m3"]
    failed = [line for line in shop.logged() if line["message"] == "message failed"]
    assert [line["code"] for line in failed] == ["invalid_input"] * 4
