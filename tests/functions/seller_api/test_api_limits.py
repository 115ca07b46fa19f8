"""Who calls too often is told so, and when to come again; nobody else notices."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.seller_api.api import SellerApi
from functions.seller_api.wiring import Parts
from shipby.adapters.dynamodb.access.call_counts import CallCounts
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.sellers.call_limits import WINDOW_SECONDS, CallLimiter, CallLimits
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import Papers, http_event, read_reply
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.sellers.test_call_limits import Shared, Time

PATH = "/v1/postings"


def api_of(limiter: CallLimiter | None) -> SellerApi:
    parts = Parts(store=MemoryStore(), clock=a.FixedClock(), documents=Papers(), limiter=limiter)
    return SellerApi(lambda: parts)


def call(api: SellerApi, *, key: str = "k1", seller: str = a.SELLER, path: str = PATH, role: Role = Role.OWNER) -> Any:
    context = {"seller": seller, "role": str(role), "key_id": key}
    return read_reply(api(http_event("GET", path, context=context)), "GET", path)


@pytest.fixture
def limiter() -> CallLimiter:
    return CallLimiter(CallLimits(per_key=5, per_seller=8), Shared(), time=Time(1003.5))


def test_a_key_that_calls_too_often_is_refused_with_the_time_to_come_again(limiter: CallLimiter) -> None:
    api = api_of(limiter)
    for left in (4, 3, 2, 1, 0):
        reply = call(api)
        assert reply.status == 200
        assert reply.headers["RateLimit-Remaining"] == str(left)
    refused = call(api)
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert "5 calls in 10 s" in refused.body["detail"]
    told = {name: refused.headers[name] for name in refused.headers if name.startswith(("RateLimit", "Retry"))}
    assert told == {
        "Retry-After": "7",
        "RateLimit-Limit": "5",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "7",
        "RateLimit-Policy": "5;w=10",
    }
    assert call(api, key="k2").status == 200
    assert call(api, seller="another").status == 200


def test_all_keys_of_a_seller_together_are_refused_and_other_sellers_are_not(limiter: CallLimiter) -> None:
    api = api_of(limiter)
    states = [call(api, key=f"k{number}").status for number in range(10)]
    assert states == [200] * 8 + [429] * 2
    assert call(api, seller="another").status == 200


def test_refusals_count_and_carry_the_headers_too(limiter: CallLimiter) -> None:
    api = api_of(limiter)
    reply = call(api, path="/v1/settings", role=Role.PACKER)
    assert (reply.status, reply.headers["RateLimit-Remaining"]) == (403, "4")
    missing = call(api, path="/v1/postings/1-1-1")
    assert (missing.status, missing.headers["RateLimit-Remaining"]) == (404, "3")


def test_without_a_key_it_is_not_authorized_and_open_addresses_are_not_counted(limiter: CallLimiter) -> None:
    api = api_of(limiter)
    assert api(http_event("GET", PATH))["statusCode"] == 401
    for _ in range(20):
        answer = api(http_event("GET", "/v1/openapi.json"))
        assert answer["statusCode"] == 200
        assert "RateLimit-Limit" not in json.dumps(answer["headers"])


def test_without_limits_nothing_is_said_of_them() -> None:
    assert "RateLimit-Limit" not in call(api_of(None)).headers
    unlimited = CallLimiter(CallLimits(0, 0), Shared(), time=Time())
    assert "RateLimit-Limit" not in call(api_of(unlimited)).headers


@mock_aws
def test_counts_are_shared_in_one_item_a_seller_and_window_that_goes_by_itself() -> None:
    client = boto3.client("dynamodb", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    client.create_table(**table_definition("counts"))
    counts = CallCounts(table_name="counts", window_seconds=WINDOW_SECONDS, client=client)
    assert counts.count_calls("s1", "k-1", 100, 10) == (10, 10)
    assert counts.count_calls("s1", "k-2", 100, 3) == (3, 13)
    assert counts.count_calls("s1", "k-1", 100, 1) == (11, 14)
    assert counts.count_calls("s1", "k-1", 101, 1) == (1, 1)
    assert counts.count_calls("s2", "k-1", 100, 1) == (1, 1)
    items = client.scan(TableName="counts")["Items"]
    assert {item["PK"]["S"] for item in items} == {"CALLS#s1#100", "CALLS#s1#101", "CALLS#s2#100"}
    assert {int(item["ttl"]["N"]) for item in items} == {1610, 1620}
