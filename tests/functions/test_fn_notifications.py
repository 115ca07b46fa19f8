"""Notices: each event is told once over the seller's own channels."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functions.deadline_sweep.worker import handler as alarm_worker
from functions.notifications.handler import handler
from shipby.adapters.aws.clock import SystemClock
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.events import EventType, posting_ref
from shipby.domain.sellers.settings import Recipient
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.conftest import forget_processes
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support import builders as a

CONTEXT = LambdaContext()
AT_ONCE = timedelta(0)
WINDOW = timedelta(minutes=10)
# Apprise still looks for a module that Python 3.13, which it is deployed on, has no more.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Messenger:
    """A seller's webhook on 127.0.0.1 that keeps what it is told; `status` is its answer."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        messenger = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if messenger.status == 200:
                    messenger.told.append(json.loads(raw))
                self.send_response(messenger.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"json://127.0.0.1:{self._server.server_port}/secret-channel"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def messenger() -> Iterator[Messenger]:
    made = Messenger()
    yield made
    made.close()


def late(shop: Shop, number: str = a.NUMBER) -> dict[str, object]:
    """A posting with one event to tell, and its message."""
    posting = a.posting(number=number)
    event = a.event(type=EventType.POSTING_LATE, reason="the cut-off has passed")
    shop.store.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (event,))])
    return {"seller": a.SELLER, "kind": "POSTING", "id": number, "version": 1, "index": 0}


def outcomes(shop: Shop) -> list[str]:
    return [line["outcome"] for line in shop.logged() if "outcome" in line]


def test_an_event_is_told_once_in_the_sellers_language(shop: Shop, messenger: Messenger) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url], language="zh", digest_window=AT_ONCE)
    message = late(shop)
    assert failed_ids(handler(sqs_event(message, message), CONTEXT)) == []
    assert outcomes(shop) == ["notice_told", "notice_repeated"]
    (told,) = messenger.told
    assert a.NUMBER in told["title"]
    assert "逾期" in told["title"]
    assert "secret-channel" not in shop.log.getvalue()


def test_a_seller_without_channels_is_told_nothing_and_that_is_fine(shop: Shop) -> None:
    shop.add_seller(a.SELLER, digest_window=AT_ONCE)
    assert failed_ids(handler(sqs_event(late(shop)), CONTEXT)) == []
    assert outcomes(shop) == ["notice_nobody"]


def test_when_all_channels_are_away_the_notice_comes_again(shop: Shop, messenger: Messenger) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url], digest_window=AT_ONCE)
    message = late(shop)
    messenger.status = 503
    assert failed_ids(handler(sqs_event(message), CONTEXT)) == ["m0"]
    messenger.status = 200
    assert failed_ids(handler(sqs_event(message), CONTEXT)) == []
    assert len(messenger.told) == 1


def test_a_burst_is_one_message_by_way_of_the_alarm_and_the_router(
    shop: Shop, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url], digest_window=WINDOW)
    messages = [late(shop, f"n-{index:02}") for index in range(12)]
    shop.pump()
    shop.empty("notify")
    assert failed_ids(handler(sqs_event(*messages), CONTEXT)) == []
    assert (set(outcomes(shop)), messenger.told) == ({"notice_collected"}, [])
    assert [body["id"] for body in shop.bodies("alarm")] == ["digest.everybody"]
    # The workers are made anew with the clock of that window later.
    forget_processes()
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + WINDOW)
    assert shop.deliver("alarm", alarm_worker) == []
    shop.pump()
    assert shop.bodies("notify") == [{"seller": a.SELLER, "task": "digest", "recipient": "everybody"}]
    assert shop.deliver("notify", handler) == []
    (told,) = messenger.told
    assert "12" in told["title"]
    assert all(f"n-{index:02}" in told["message"] for index in range(12))
    assert shop.store.digest_entries(a.SELLER, "everybody") == []
    watch = shop.store.watch(a.SELLER, "digest.everybody")
    assert watch is not None
    assert watch.next_alarm is None
    assert failed_ids(handler(sqs_event(*messages), CONTEXT)) == []
    assert set(outcomes(shop)[-12:]) == {"notice_repeated"}


def test_named_channels_tell_each_recipient_on_their_own(shop: Shop, messenger: Messenger) -> None:
    here, nowhere = Recipient(name="anna", channels=("tg",)), Recipient(name="boris", channels=("typo",))
    shop.add_seller(a.SELLER, digest_window=AT_ONCE, recipients=(here, nowhere))
    shop.put_parameter(a.SELLER, "channels", {"tg": messenger.url})
    assert failed_ids(handler(sqs_event(late(shop)), CONTEXT)) == []
    assert len(messenger.told) == 1
    assert "secret-channel" not in shop.log.getvalue()


def ask_due(shop: Shop, number: str) -> dict[str, object]:
    """A posting whose buyer is to be asked, and the message of it."""
    event = a.event(type=EventType.BUYER_ASK_DUE, actor="system:alarm_worker")
    shop.store.commit(
        [SavePosting(a.posting(seller=SELLER, number=number)), AppendEvents(SELLER, posting_ref(number), 1, (event,))]
    )
    return {"seller": SELLER, "task": "ask", "posting": number, "version": 1}


def noted(shop: Shop, number: str) -> EventType:
    return shop.store.events(SELLER, posting_ref(number))[-1].event.type


def test_the_buyer_of_a_late_posting_is_asked_in_the_marketplaces_chat(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER, lines=(LineSpec(sku=11),), scheme="rFBS")
    message = ask_due(shop, number)
    assert failed_ids(handler(sqs_event(message, message), CONTEXT)) == []
    assert outcomes(shop) == ["ask_asked", "ask_repeated"]
    assert noted(shop, number) is EventType.BUYER_ASKED


def test_a_buyer_without_a_lawful_channel_is_not_asked_and_that_is_noted(shop: Shop, market: Simulator) -> None:
    message = ask_due(shop, market.add_posting(SELLER, lines=(LineSpec(sku=11),), scheme="FBS"))
    assert failed_ids(handler(sqs_event(message, message), CONTEXT)) == []
    assert outcomes(shop) == ["ask_undeliverable", "ask_repeated"]
    assert noted(shop, str(message["posting"])) is EventType.NOTICE_UNDELIVERABLE


def test_a_notice_of_nothing_and_a_foreign_message_go_on_failing(shop: Shop, messenger: Messenger) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url], digest_window=AT_ONCE)
    message = late(shop)
    bad = [
        {**message, "version": 7},
        {**message, "kind": "PIGEON"},
        {"seller": a.SELLER},
        {"seller": a.SELLER, "task": "digest"},
        {"seller": a.SELLER, "task": "ask", "posting": "nobody", "version": 1},
        {"seller": a.SELLER, "task": "sing"},
    ]
    assert failed_ids(handler(sqs_event(*bad, message), CONTEXT)) == [f"m{index}" for index in range(6)]
    assert len(messenger.told) == 1
