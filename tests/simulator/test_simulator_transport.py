"""Credentials, envelopes, rate limit, request validation, faults of the wire."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest
import urllib3

from shipby_local.simulator import Simulator, SimulatorSettings, gateway
from tests.simulator.sim_support import Caller, quick
from tests.unit.ozon.stub_marketplace import Pauses

LIMIT = 8


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """The seconds by which the marketplace counts calls: they pass when a test says so."""
    seconds = Pauses()
    monkeypatch.setattr(gateway, "time", seconds)
    return seconds


@pytest.fixture
def limited(second: Pauses) -> Iterator[Caller]:
    with Simulator(quick(rate_limit_per_second=LIMIT)) as simulator:
        caller = Caller(simulator.base_url, simulator.add_seller())
        yield caller
        caller.close()


@pytest.mark.parametrize(
    ("headers", "status", "code", "text"),
    [
        ({"Api_Key": ""}, 401, 16, "required"),
        ({"Content_Type": "text/plain"}, 400, 4, "application/json"),
        ({"Client_Id": "abc"}, 400, 3, "malformed"),
        ({"Api_Key": "wrong"}, 404, 5, "Invalid Api-Key, please check the key and try again"),
        ({"Client_Id": "999"}, 404, 5, "Invalid Api-Key"),
    ],
)
def test_bad_credentials_are_refused_in_the_marketplaces_envelope(
    call: Caller, headers: dict[str, str], status: int, code: int, text: str
) -> None:
    answer = call("/v1/roles", None, expect=status, **headers)
    assert set(answer) == {"code", "message", "details"}
    assert answer["code"] == code
    assert text in answer["message"]


def test_an_unknown_method_is_404(call: Caller) -> None:
    assert call("/v9/posting/invented", expect=404)["code"] == 5


def test_an_expired_key_is_refused(call: Caller) -> None:
    call.control("clock", {"advance_seconds": 91 * 86_400})
    assert "deactivated" in call("/v1/roles", expect=403)["message"]


def test_the_call_over_the_limit_is_429_with_retry_after(limited: Caller, second: Pauses) -> None:
    for left in reversed(range(LIMIT)):
        limited("/v1/roles")
        assert limited.headers["Ratelimit-Remaining"] == str(left)
    answer = limited("/v1/roles", expect=429)
    assert limited.headers["Retry-After"] == "1"
    assert limited.headers["Ratelimit-Remaining"] == "0"
    assert answer["message"] == "You have reached request rate limit per second"
    second.sleep(1.05)
    limited("/v1/roles")
    books = limited.control("books")["sellers"][limited.seller.client_id]
    assert books["calls"]["/v1/roles"] == {"200": LIMIT + 1, "429": 1}
    assert books["rate_limited"] == 1


def test_the_limit_is_50_a_second_unless_told_otherwise() -> None:
    assert SimulatorSettings().rate_limit_per_second == 50


def test_one_sellers_limit_does_not_touch_another(limited: Caller) -> None:
    other = limited.control("sellers", {"client_id": "8001"})
    for _ in range(LIMIT):
        limited("/v1/roles", Client_Id="8001", Api_Key=other["api_key"])
    limited("/v1/roles", expect=429, Client_Id="8001", Api_Key=other["api_key"])
    limited("/v1/roles")


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/v4/posting/fbs/list", {"limit": 10}, "Filter: value is required"),
        ("/v4/posting/fbs/list", {"limit": 10, "filter": {}}, "since and to are required"),
        (
            "/v4/posting/fbs/list",
            {"limit": 101, "filter": {"since": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}},
            "range [1, 100]",
        ),
        ("/v4/posting/fbs/unfulfilled/list", {"limit": 0}, "range [1, 100]"),
        ("/v4/posting/fbs/unfulfilled/list", {"limit": 5, "cursor": "not a cursor"}, "invalid Cursor"),
        (
            "/v4/posting/fbs/unfulfilled/list",
            {
                "limit": 5,
                "filter": {"cutoff_from": "2026-01-01T00:00:00Z", "delivering_date_from": "2026-01-01T00:00:00Z"},
            },
            "exclude each other",
        ),
        ("/v2/fbs/posting/delivering", {"posting_number": "one"}, "proto: syntax error"),
        ("/v2/fbs/posting/delivering", {"posting_number": ["x"] * 21}, "between 1 and 20 items"),
        ("/v3/posting/fbs/get", {}, "posting_number: value is required"),
        ("/v1/returns/list", {"limit": 501}, "range [1, 500]"),
    ],
)
def test_a_bad_request_is_refused_with_the_reason(call: Caller, path: str, body: dict[str, object], text: str) -> None:
    answer = call(path, body, expect=400)
    assert answer["code"] == 3
    assert text in answer["message"]


def test_a_body_that_is_not_json_is_400(simulator: Simulator, call: Caller) -> None:
    headers = {
        "Client-Id": call.seller.client_id,
        "Api-Key": call.seller.api_key,
        "Content-Type": "application/json",
    }
    pool = urllib3.PoolManager(retries=False)
    response = pool.request("POST", f"{simulator.base_url}/v1/roles", body=b"{not json", headers=headers)
    pool.clear()
    assert response.status == 400
    assert json.loads(response.data)["message"].startswith("proto: syntax error")


def test_an_armed_error_hits_its_method_and_count_only(call: Caller) -> None:
    call.control("faults", {"kind": "http_error", "method": "/v1/roles", "status": 503, "times": 2})
    call.control("faults", {"kind": "http_error", "method": "/v1/seller/info", "status": 429})
    call("/v2/warehouse/list", {"limit": 1})
    assert call("/v1/roles", expect=503)["code"] == 13
    call("/v1/roles", expect=503)
    call("/v1/roles")
    call("/v1/seller/info", expect=429)
    assert call.headers["Retry-After"] == "1"
    assert [fault["fired"] for fault in call.control("books")["faults"]] == [2, 1]


def test_an_armed_fault_for_a_posting_or_a_seller_spares_the_others(simulator: Simulator, call: Caller) -> None:
    hit, spared = (simulator.add_posting(call.seller.client_id) for _ in range(2))
    call.control("faults", {"kind": "http_error", "posting_number": hit, "status": 500})
    call.control("faults", {"kind": "http_error", "client_id": "8001", "status": 500})
    call("/v3/posting/fbs/get", {"posting_number": spared})
    call("/v3/posting/fbs/get", {"posting_number": hit}, expect=500)
    call("/v3/posting/fbs/get", {"posting_number": hit})


def test_a_timeout_after_success_does_the_work_and_never_answers(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(call.seller.client_id)
    call.control("faults", {"kind": "timeout_after_success", "method": "/v2/posting/fbs/cancel", "seconds": 0.1})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        call("/v2/posting/fbs/cancel", {"posting_number": number, "cancel_reason_id": 352})
    assert call.posting(number)["status"] == "cancelled"
    assert [entry["method"] for entry in simulator.books()["postings"][number]["calls"]] == ["/v2/posting/fbs/cancel"]


def test_a_timeout_before_does_no_work(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(call.seller.client_id)
    call.control("faults", {"kind": "timeout_before", "method": "/v2/posting/fbs/cancel"})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        call("/v2/posting/fbs/cancel", {"posting_number": number, "cancel_reason_id": 352})
    assert call.posting(number)["status"] == "awaiting_packaging"
    calls = simulator.books()["sellers"][call.seller.client_id]["calls"]
    assert calls["/v2/posting/fbs/cancel"] == {"no answer": 1}


def test_a_slow_answer_is_slow_and_right(call: Caller) -> None:
    call.control("faults", {"kind": "slow", "method": "/v1/roles", "seconds": 0.2})
    started = time.monotonic()
    assert call("/v1/roles")["roles"]
    assert time.monotonic() - started >= 0.2


def test_it_listens_on_the_loopback_only(simulator: Simulator) -> None:
    port = int(simulator.base_url.rpartition(":")[2])
    assert simulator.base_url.startswith("http://127.0.0.1:")
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # would fail if the server had taken all addresses


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nothing", {"a": 1}, 404),
        ("faults", {"kind": "earthquake"}, 400),
        ("postings", {"client_id": "404404"}, 400),
        ("postings", {"client_id": "7001", "scheme": "FBO"}, 400),
        ("postings/unknown-1", {"act": "deliver"}, 404),
        ("clock", {"advance_seconds": -1}, 400),
        ("returns", {"posting_number": "unknown-1"}, 404),
        ("sellers", {"client_id": "abc"}, 400),
        ("sellers", {"client_id": "9001", "push_url": "ftp://nowhere"}, 400),
        ("returns", {"sku": 1}, 400),
        ("faults", {"push": {"sloth_fraction": 1}}, 400),
    ],
)
def test_a_bad_control_call_says_what_is_wrong(call: Caller, path: str, body: dict[str, object], status: int) -> None:
    assert call.control(path, body, expect=status)["error"]


def test_the_control_api_makes_sellers_and_postings(call: Caller) -> None:
    call.control("sellers", {"client_id": "8001", "chat_subscription": False, "currency": "CNY"})
    made = call.control("postings", {"generate": 6, "client_ids": ["8001"], "ship_in": 60})["postings"]
    assert len(made) == 6
    books = call.control("books")
    assert {books["postings"][number]["currency"] for number in made} == {"CNY"}
    one = {
        "client_id": "8001",
        "posting_number": "555-0001-1",
        "lines": [{"sku": 5, "quantity": 2, "price": "10.50"}],
        "buyer": {"name": "Canary"},
    }
    assert call.control("postings", one)["postings"] == ["555-0001-1"]
    assert call.control("postings/555-0001-1")["total"] == "21"
    assert [seller["client_id"] for seller in call.control("sellers")["sellers"]] == ["7001", "8001"]
