"""A poll round reads the marketplace's chats and makes the reason analysis, and fails over neither."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from functions.marketplace_poll.handler import handler
from functions.posting_sync.handler import handler as sync
from shipby.application.returns.reason_report import REPORT
from shipby_local.simulator import Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop

CONTEXT = LambdaContext()
POLL = {"task": "poll"}


def test_a_round_opens_claims_from_chats_and_makes_the_days_figures(shop: Shop, market: Simulator) -> None:
    (number,) = market.generate([SELLER], 1)
    first: Any = handler(POLL, CONTEXT)
    shop.deliver("sync", sync)
    text = f"Пришлите видео упаковки отправления {number}"
    market.control("POST", "/_sim/support-chats", {"client_id": SELLER, "text": text})

    summary: Any = handler(POLL, CONTEXT)
    chats = summary["sellers"][SELLER]["chats"]
    assert (chats["state"], chats["claims"]) == ("read", 1)
    (claim_id,) = shop.store.claims_in(SELLER).items
    claim = shop.store.claim(SELLER, claim_id)
    assert claim is not None
    assert claim.posting_number == number
    today = datetime.now(UTC).date()
    # A poll makes what is due; asked for by name, today is made in any case.
    by_name: Any = handler({"task": "reasons", "seller": SELLER}, CONTEXT)
    made = [today.isoformat() in one["reasons"][SELLER] for one in (first, summary, by_name)]
    assert made == [True, False, True]
    report = shop.store.report(SELLER, REPORT, today)
    assert report is not None
    assert report["complete"] is True
    assert not any(word in str(line) for line in shop.logged() for word in ("Пришлите", "видео"))


def test_chats_that_do_not_answer_fail_no_round(shop: Shop, market: Simulator) -> None:
    market.control("POST", "/_sim/faults", {"kind": "http_error", "method": "/v3/chat/list", "times": 9, "status": 503})

    summary: Any = handler(POLL, CONTEXT)

    assert summary["sellers"][SELLER]["chats"]["state"] == "unavailable"
    assert list(summary["proofs"]) == [SELLER]


def test_a_push_from_the_support_chat_is_followed_without_waiting_for_the_poll(shop: Shop, market: Simulator) -> None:
    (number,) = market.generate([SELLER], 1)
    handler(POLL, CONTEXT)
    shop.deliver("sync", sync)
    text = f"Please send a video of packing for {number}"
    written = market.control("POST", "/_sim/support-chats", {"client_id": SELLER, "text": text})

    shop.push(
        {
            "message_type": "TYPE_NEW_MESSAGE",
            "chat_id": written["chat_id"],
            "chat_type": "Seller_Support",
            "message_id": written["message_id"],
            "created_at": datetime.now(UTC).isoformat(),
            "user": {"id": "1", "type": "Support"},
            "data": [text],
            "seller_id": SELLER,
        }
    )
    shop.pump()
    shop.deliver("sync", sync)

    assert len(shop.store.claims_in(SELLER).items) == 1
