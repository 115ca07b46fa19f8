"""Webhooks on the whole stack: roles enforced, secrets in SSM, what is replayed is signed and in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import standardwebhooks

from tests.integration.whole.whole_support import Shop, Whole
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack


class Receiver:
    """Answers `status`, and keeps what it took."""

    def __init__(self) -> None:
        self.status = 204
        self.tries = 0
        self.taken: list[tuple[dict[str, str], bytes]] = []

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.taken]


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.tries += 1
            if kept.status < 300:
                kept.taken.append((dict(self.headers), body))
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield kept, f"http://127.0.0.1:{server.server_address[1]}/hooks"
        server.shutdown()


def test_a_receiver_that_was_away_gets_what_happened_signed_and_in_order(
    whole: Whole, quiet_shop: Shop, receiver: tuple[Receiver, str]
) -> None:
    kept, url = receiver
    since = datetime.now(UTC) - timedelta(minutes=5)
    number = whole.arrived(quiet_shop)
    quiet_shop.api.post(f"/v1/postings/{number}/confirm")
    made = quiet_shop.api.post("/v1/webhooks", {"url": url, "types": ["posting.*"]})
    path = f"/v1/webhooks/{made['id']}"
    quiet_shop.api.post(f"{path}/test")
    eventually(lambda: kept.types() == ["webhook.test"], "the test message")
    kept.status = 503
    quiet_shop.api.post(f"{path}/replay", {"since": since.isoformat(), "reason": "the ERP is new"})
    eventually(lambda: kept.tries >= 2, "a try that fails")
    whole.wait(
        quiet_shop, path, lambda view: view["problem"] is not None or view["tried_again_at"] is not None, "to fail"
    )
    kept.status = 204
    quiet_shop.api.post(f"{path}/pause", {"reason": "mended"})
    quiet_shop.api.post(f"{path}/resume", {"reason": "mended"})

    def mine() -> list[int]:
        said = [json.loads(body) for _, body in kept.taken]
        return [body["version"] for body in said if body["aggregate_id"] == number]

    eventually(lambda: {"posting.received", "posting.confirmed"} <= set(kept.types()), "what was missed")
    assert mine() == sorted(mine())
    for headers, body in kept.taken:
        assert standardwebhooks.Webhook(made["secret"]).verify(body, headers)
    rows = quiet_shop.api.get(f"{path}/deliveries")["items"]
    assert {entry["status"] for row in rows for entry in row["entries"]} == {204, 503}
    quiet_shop.api.post(f"{path}/delete", {"reason": "over"})
