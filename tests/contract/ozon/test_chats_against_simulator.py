"""Requests for proof in the simulated marketplace's support chat: our client, our judge, its rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.application.evidence.claim_hints import watch_chats
from shipby.application.intake.sync_posting import sync_posting
from shipby_local.simulator import SellerAccount, Simulator, SimulatorSettings
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


@pytest.fixture
def marketplace() -> Iterator[Simulator]:
    with Simulator(SimulatorSettings(rate_limit_per_second=10_000, engine_interval=0.02)) as running:
        yield running


@pytest.fixture
def seller(marketplace: Simulator) -> SellerAccount:
    return marketplace.add_seller(currency="RUB", chat_subscription=False)


def writes(marketplace: Simulator, seller: SellerAccount, text: str, **more: str) -> str:
    body = {"client_id": seller.client_id, "text": text, **more}
    return str(marketplace.control("POST", "/_sim/support-chats", body)["message_id"])


def client_of(marketplace: Simulator, seller: SellerAccount) -> OzonClient:
    return OzonClient(marketplace.base_url, seller.client_id, seller.api_key, requests_per_second=10_000.0)


def test_a_request_in_the_support_chat_opens_a_claim_without_a_subscription(
    marketplace: Simulator, seller: SellerAccount
) -> None:
    client, clock = client_of(marketplace, seller), a.FixedClock(datetime.now(UTC))
    store = MemoryStore(clock=clock)
    number = marketplace.add_posting(seller.client_id)
    sync_posting(a.SELLER, number, hinted_at=None, store=store, marketplace=client, clock=clock)
    marketplace.control("POST", "/_sim/chats", {"posting_number": number, "text": "Пришлите видео упаковки"})
    message = writes(marketplace, seller, f"Пришлите видео упаковки отправления {number}")
    writes(marketplace, seller, "Новости логистики", type="SELLER_NOTIFICATION_LOGISTICS")
    clock.advance(timedelta(minutes=1))

    seen = watch_chats(a.SELLER, store=store, chats=client.chats, clock=clock)

    assert (seen.state, seen.chats, seen.messages, seen.claims, seen.cases) == ("read", 2, 2, 1, 0)
    (claim_id,) = store.claims_in(a.SELLER).items
    claim = store.claim(a.SELLER, claim_id)
    assert claim is not None
    assert (claim.source_id, claim.posting_number) == (message, number)
    again = watch_chats(a.SELLER, store=store, chats=client.chats, clock=clock, at_once=True)
    assert (again.messages, again.claims) == (0, 0)


def test_a_long_history_is_read_to_its_end(marketplace: Simulator, seller: SellerAccount) -> None:
    ids = [writes(marketplace, seller, f"message {number}") for number in range(230)]
    client = client_of(marketplace, seller)
    (chat,) = client.chats.listed().items
    since = datetime.now(UTC) - timedelta(days=1)

    assert [one.id for one in client.chats.messages(chat.id, after="", since=since)] == ids
    assert [one.id for one in client.chats.messages(chat.id, after=ids[200], since=since)] == ids[201:]
    assert chat.last_message_id == ids[-1]


def test_a_chat_of_a_kind_that_the_marketplace_does_not_have_is_refused(
    marketplace: Simulator, seller: SellerAccount
) -> None:
    with pytest.raises(Exception, match="type is one of"):
        writes(marketplace, seller, "x", type="BUYER_SELLER")
