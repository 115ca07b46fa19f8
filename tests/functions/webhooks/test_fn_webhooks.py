"""From the table's stream to a receiver: the router, its queue, the worker, on the tables and queues of moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from functions.webhooks.handler import handler
from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb.webhooks.rows import WebhookTable
from shipby.adapters.webhooks.secrets import SsmSecretKeeper
from shipby.application.ports.writes import AppendEvents
from shipby.application.webhooks import endpoints
from shipby.application.webhooks.endpoints import Desk, Wanted
from shipby.domain.events import EventType, posting_ref
from shipby.domain.json_types import Json
from tests.functions.shop_support import LambdaContext, Shop, failed_ids, sqs_event
from tests.support import builders as a
from tests.unit.world_support import forget

REF = posting_ref(a.NUMBER)


@pytest.fixture
def heard() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A receiver on this machine: its address, and what it was sent."""
    found: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hooks", found
        server.shutdown()


def desk(shop: Shop) -> Desk:
    return Desk(
        seller=a.SELLER,
        actor="person:anna",
        store=shop.store,
        rows=WebhookTable(table_name="shipby"),
        secrets=SsmSecretKeeper("/shipby/test"),
        clock=SystemClock(),
        refused=lambda _: "",
    )


def test_an_event_reaches_the_receiver_signed_and_is_logged(shop: Shop, heard: Any) -> None:
    standardwebhooks = pytest.importorskip("standardwebhooks")
    url, found = heard
    made = endpoints.make(desk(shop), Wanted(url=url), forget)
    shop.store.commit(
        [AppendEvents(a.SELLER, REF, 1, (a.event(type=EventType.POSTING_PACKED, at=SystemClock().now()),))]
    )
    assert shop.pump() == []
    body = {"seller": a.SELLER, "kind": "POSTING", "id": a.NUMBER}
    assert body in shop.bodies("webhook")
    assert failed_ids(handler(sqs_event(body), LambdaContext())) == []
    ((headers, sent),) = found
    assert json.loads(sent)["type"] == "posting.packed"
    assert standardwebhooks.Webhook(made.body["secret"]).verify(sent, headers)
    ((row),) = WebhookTable(table_name="shipby").log(a.SELLER, str(made.body["id"]), limit=5).items
    assert '"status": 204' in json.dumps(row)
    assert str(made.body["secret"]) not in json.dumps(row)


def test_a_seller_without_webhooks_has_no_message_of_them(shop: Shop) -> None:
    shop.store.commit([AppendEvents(a.SELLER, REF, 1, (a.event(type=EventType.POSTING_PACKED),))])
    assert shop.pump() == []
    assert shop.bodies("webhook") == []


def test_a_secret_is_kept_as_a_secure_string_and_forgotten_with_its_endpoint(shop: Shop, heard: Any) -> None:
    made = endpoints.make(desk(shop), Wanted(url=heard[0]), forget)
    name = f"/shipby/test/sellers/{a.SELLER}/webhooks/{made.body['id']}/1"
    kept = clients.ssm().get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (kept["Type"], json.loads(kept["Value"])) == ("SecureString", made.body["secret"])
    endpoints.delete(desk(shop), str(made.body["id"]), "moved", forget)
    assert clients.ssm().get_parameters(Names=[name])["Parameters"] == []


@pytest.mark.parametrize("body", [{}, {"seller": "s", "task": "nothing"}, {"seller": "s", "kind": "NONE", "id": "1"}])
def test_a_foreign_message_fails_alone(shop: Shop, body: dict[str, Json]) -> None:
    assert failed_ids(handler(sqs_event(body), LambdaContext())) != []
