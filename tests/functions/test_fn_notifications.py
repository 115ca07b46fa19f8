"""Notices: each event is told once over the seller's own channels."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functions.notifications.handler import handler
from shipby.application.ports import AppendEvents, SavePosting
from shipby.domain.events import EventType, posting_ref
from tests.functions.shop_support import LambdaContext, Shop, failed_ids, sqs_event
from tests.support import builders as a

CONTEXT = LambdaContext()
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


def late(shop: Shop, seller: str = a.SELLER) -> dict[str, object]:
    """A posting with one event to tell, and its message."""
    posting = a.posting(seller=seller)
    event = a.event(type=EventType.POSTING_LATE, reason="the cut-off has passed")
    shop.store.commit([SavePosting(posting), AppendEvents(seller, posting_ref(a.NUMBER), 1, (event,))])
    return {"seller": seller, "kind": "POSTING", "id": a.NUMBER, "version": 1, "index": 0}


def outcomes(shop: Shop) -> list[str]:
    return [line["outcome"] for line in shop.logged() if "outcome" in line]


def test_an_event_is_told_once_in_the_sellers_language(shop: Shop, messenger: Messenger) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url], language="zh")
    message = late(shop)
    assert failed_ids(handler(sqs_event(message, message), CONTEXT)) == []
    assert outcomes(shop) == ["notice_told", "notice_repeated"]
    (told,) = messenger.told
    assert a.NUMBER in told["title"]
    assert "逾期" in told["title"]
    assert "secret-channel" not in shop.log.getvalue()


def test_a_seller_without_channels_is_told_nothing_and_that_is_fine(shop: Shop) -> None:
    shop.add_seller(a.SELLER)
    assert failed_ids(handler(sqs_event(late(shop)), CONTEXT)) == []
    assert outcomes(shop) == ["notice_nobody"]


def test_when_all_channels_are_away_the_notice_comes_again(shop: Shop, messenger: Messenger) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url])
    message = late(shop)
    messenger.status = 503
    assert failed_ids(handler(sqs_event(message), CONTEXT)) == ["m0"]
    messenger.status = 200
    assert failed_ids(handler(sqs_event(message), CONTEXT)) == []
    assert len(messenger.told) == 1


def test_a_notice_of_nothing_and_a_foreign_message_go_on_failing(shop: Shop, messenger: Messenger) -> None:
    shop.add_seller(a.SELLER, channels=[messenger.url])
    message = late(shop)
    bad = [{**message, "version": 7}, {**message, "kind": "PIGEON"}, {"seller": a.SELLER}]
    assert failed_ids(handler(sqs_event(*bad, message), CONTEXT)) == ["m0", "m1", "m2"]
    assert len(messenger.told) == 1
