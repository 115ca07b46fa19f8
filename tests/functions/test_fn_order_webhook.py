"""The push address: what is answered, what is kept, and what a stranger learns."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.order_webhook import wiring
from functions.order_webhook.handler import handler
from shipby.adapters.dynamodb.inbox import PushInbox
from shipby.application.intake.receive_push import token_hash
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.postings.inbox import PushToken
from tests.functions.conftest import forget_processes
from tests.functions.shop_support import SELLER, LambdaContext, Shop, http_push

NEW_POSTING = {
    "message_type": "TYPE_NEW_POSTING",
    "posting_number": "24319409-0021-1",
    "products": [{"sku": 147451939, "offer_id": "Товар2", "quantity": 1}],
    "in_process_at": "2021-01-26T06:56:36.294Z",
    "warehouse_id": 12850503335000,
    "shipment_date": "2021-01-26T06:56:36.294Z",
    "tpl_integration_type": "3pl_tracking",
    "is_express": False,
    "tracking_number": "ZZV-23",
    "delivery_date_begin": "2025-01-26T06:56:36.294Z",
    "delivery_date_end": "2025-01-26T06:56:36.294Z",
    "seller_id": int(SELLER),
}


def kept(shop: Shop) -> list[dict[str, dict[str, str]]]:
    return [item for item in shop.items() if item["SK"]["S"].startswith("PUSH#")]


def test_a_push_is_stored_and_answered_with_true(shop: Shop) -> None:
    shop.add_seller()
    assert shop.push(NEW_POSTING) == (200, {"result": True})
    (row,) = kept(shop)
    assert row["posting_number"]["S"] == "24319409-0021-1"
    assert row["state"]["S"] == "received"


def test_the_answer_is_json_with_its_content_type(shop: Shop) -> None:
    token = shop.add_seller()
    answer = handler(http_push(token, json.dumps(NEW_POSTING)), LambdaContext())
    assert answer["headers"] == {"content-type": "application/json"}


def test_a_base64_body_is_the_same_push(shop: Shop) -> None:
    token = shop.add_seller()
    raw = json.dumps(NEW_POSTING, ensure_ascii=False).encode()
    answer = handler(http_push(token, base64.b64encode(raw).decode(), base64=True), LambdaContext())
    assert answer["statusCode"] == 200
    assert kept(shop)[0]["state"]["S"] == "received"


def test_ping_is_answered_with_version_name_and_time_and_not_kept(shop: Shop) -> None:
    shop.add_seller()
    status, answer = shop.push({"message_type": "TYPE_PING", "time": "2019-08-24T14:15:22Z"})
    assert status == 200
    assert sorted(answer) == ["name", "time", "version"]
    assert datetime.fromisoformat(answer["time"]).tzinfo is UTC
    assert kept(shop) == []


@pytest.mark.parametrize(
    "token",
    [
        "700001.wrong-secret-wrong-secret",
        "700002.{secret}",
        "{secret}",
        "700001",
        "",
        "700001..",
        "700001.short",
        "700001." + "x" * 4000,
        "../../etc/passwd",
        "700001.Сecret-with-a-Cyrillic-letter",
        "700001.{secret}\n",
        "' OR 1=1 --.aaaaaaaaaaaaaaaaaaaa",
    ],
)
def test_a_wrong_or_malformed_token_always_gets_the_same_404(shop: Shop, token: str) -> None:
    secret = shop.add_seller().partition(".")[2]
    answer = handler(http_push(token.replace("{secret}", secret), json.dumps(NEW_POSTING)), LambdaContext())
    unknown = handler(http_push("1.nobody-nobody-nobody", "{}"), LambdaContext())
    assert answer == unknown
    assert answer["statusCode"] == 404
    assert kept(shop) == []


def test_a_revoked_token_gets_the_same_404(shop: Shop) -> None:
    token = shop.add_seller()
    digest = token_hash(token.partition(".")[2])
    now = datetime.now(UTC)
    shop.store.save_push_token(PushToken(sha256=digest, seller=SELLER, created_at=now, revoked_at=now))
    unknown = handler(http_push("1.nobody-nobody-nobody", "{}"), LambdaContext())
    assert handler(http_push(token, json.dumps(NEW_POSTING)), LambdaContext()) == unknown


def test_a_missing_path_parameter_is_a_wrong_token(shop: Shop) -> None:
    request = http_push("", "{}")
    del request["pathParameters"]
    assert handler(request, LambdaContext())["statusCode"] == 404


def test_more_than_64_kb_is_refused_with_413_and_not_kept(shop: Shop) -> None:
    shop.add_seller()
    status, _ = shop.push("x" * (64 * 1024 + 1))
    assert status == 413
    assert kept(shop) == []
    assert shop.push("x" * (64 * 1024))[0] == 200


def test_a_stranger_never_learns_of_the_size_limit(shop: Shop) -> None:
    assert handler(http_push("1.nobody-nobody-nobody", "x" * 70_000), LambdaContext())["statusCode"] == 404


@pytest.mark.parametrize(
    ("source", "status"),
    [("195.34.21.17", 200), ("185.73.195.255", 200), ("185.73.196.0", 404), ("not an address", 404), ("::1", 404)],
)
def test_only_the_marketplaces_networks_may_send_if_they_are_configured(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, source: str, status: int
) -> None:
    monkeypatch.setenv("SENDER_NETWORKS", "195.34.21.0/24, 185.73.192.0/22,91.223.93.0/24")
    forget_processes()
    shop.add_seller()
    assert shop.push(NEW_POSTING, source=source)[0] == status


def test_a_network_named_by_one_of_its_addresses_is_that_network(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDER_NETWORKS", "195.34.21.17/24")  # the template lets it pass
    forget_processes()
    shop.add_seller()
    assert shop.push(NEW_POSTING, source="195.34.21.99")[0] == 200


def test_a_stranger_from_elsewhere_gets_the_same_answer_as_a_wrong_token(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shop.add_seller()
    unknown = handler(http_push("1.nobody-nobody-nobody", "{}"), LambdaContext())
    monkeypatch.setenv("SENDER_NETWORKS", "195.34.21.0/24")
    forget_processes()
    assert handler(http_push(token, json.dumps(NEW_POSTING), source="10.0.0.1"), LambdaContext()) == unknown


def test_when_the_store_is_away_the_marketplace_is_asked_to_send_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add_seller()

    def away(*_: object) -> bool:
        raise StoreUnavailableError("away") from EndpointConnectionError(endpoint_url="x")

    monkeypatch.setattr(PushInbox, "put_push", away)
    status, answer = shop.push(NEW_POSTING)
    assert status == 503
    assert sorted(answer["error"]) == ["code", "details", "message"]


def test_outcomes_are_counted_per_seller_and_strangers_are_not_named(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.add_seller()
    shop.push(NEW_POSTING)
    shop.push(NEW_POSTING)
    shop.push("no json")
    handler(http_push("stranger.nobody-nobody-nobody", "{}"), LambdaContext())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [next(name for name in line if name.startswith("push_")) for line in lines]
    assert names == ["push_received", "push_repeated", "push_quarantined", "push_refused"]
    assert [line.get("seller") for line in lines] == [SELLER, SELLER, SELLER, None]
    assert all(line[name] == 1 for line, name in zip(lines, names, strict=True))
    assert "stranger" not in json.dumps(lines)
    assert not any(
        "_aws" in line for line in lines
    )  # no alarm reads them: a metric each would cost more than the pushes


def test_the_wiring_is_made_once_per_process(shop: Shop) -> None:
    assert wiring.parts() is wiring.parts()
