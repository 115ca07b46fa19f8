"""A question to a buyer, its answer in the marketplace's chat, by push and by poll: applied, and no word of it kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.marketplace_poll.handler import handler as poll
from functions.notifications.handler import handler as notices
from functions.posting_sync.handler import handler as sync
from shipby.application.messages import read_chats
from shipby.application.ports.writes import AppendEvents, SavePosting, SaveSettings
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.sellers.settings import Automation, MessagePolicy, SellerSettings
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop

CONTEXT = LambdaContext()
WORDS = "Да, жду, Канарейкина Ульяна, звоните 8 999 555 01 99"
CANARIES = ("Канарейкина", "жду", "555 01 99")


@pytest.fixture
def asked(shop: Shop, market: Simulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A posting whose buyer was asked over the marketplace's chat."""
    monkeypatch.setattr(read_chats, "SETTLED_AFTER", timedelta())
    current = shop.store.settings(SELLER) or SellerSettings(seller=SELLER)
    policy = MessagePolicy(read=Automation.ON)
    shop.store.commit([SaveSettings(replace(current, version=current.version + 1, messages=policy))])
    number = market.add_posting(SELLER, lines=(LineSpec(sku=11),), scheme="rFBS")
    poll({"task": "poll"}, CONTEXT)
    shop.deliver("sync", sync)
    posting = shop.store.posting(SELLER, number)
    assert posting is not None
    changed = replace(posting, version=posting.version + 1)
    due = Event(type=EventType.BUYER_ASK_DUE, at=datetime.now(UTC), actor="key:k1", data={"late": True})
    events = AppendEvents(SELLER, posting_ref(number), changed.version, (due,))
    shop.store.commit([SavePosting(changed), events])
    shop.pump()
    assert shop.deliver("notify", notices) == []
    return number


def kinds(shop: Shop, number: str) -> list[EventType]:
    return [found.event.type for found in shop.store.events(SELLER, posting_ref(number))]


def kept(shop: Shop) -> list[str]:
    text = json.dumps(shop.items(), ensure_ascii=False) + shop.log.getvalue()
    return [canary for canary in CANARIES if canary in text]


@pytest.mark.parametrize("way", ["push", "poll"])
def test_the_answer_is_applied_once_and_kept_nowhere(shop: Shop, market: Simulator, asked: str, way: str) -> None:
    assert EventType.BUYER_ASKED in kinds(shop, asked)
    written: Any = market.control("POST", "/_sim/chats", {"posting_number": asked, "text": WORDS})
    for _ in range(2):
        if way == "poll":
            poll({"task": "poll"}, CONTEXT)
            continue
        shop.push(
            {
                "message_type": "TYPE_NEW_MESSAGE",
                "chat_id": written["chat_id"],
                "chat_type": "Buyer_Seller",
                "message_id": str(written["message_id"]),
                "created_at": datetime.now(UTC).isoformat(),
                "user": {"id": "115568", "type": "Сustomer"},
                "data": [WORDS],
                "seller_id": SELLER,
            }
        )
        shop.pump()
        bodies = [body for body in shop.bodies("sync") if "buyer_chat" in str(body)]
        assert "жду" not in str(bodies)
        assert shop.deliver("sync", sync) == []
    assert kinds(shop, asked).count(EventType.BUYER_ANSWERED) == 1
    assert EventType.POSTING_PRIORITISED in kinds(shop, asked)
    assert kept(shop) == []
