"""What every kind of broken or refused call becomes, over real sockets."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, assumptions
from shipby.adapters.ozon.methods import (
    CANCEL_REASONS,
    CHAT_SEND,
    CHAT_START,
    CUT_OFF_SET,
    LABEL_CREATE,
    LABEL_GET,
    POSTING_CANCEL,
    POSTING_CANCEL_ITEMS,
    POSTING_GET,
    POSTING_SHIP,
    PUSH_URLS,
    RETURNS_ACT,
    RETURNS_GET,
    RETURNS_LIST,
    TRACKING_SET,
    Method,
)
from shipby.adapters.ozon.refusals import refusal
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    NotReadyYetError,
    OutcomeUnknownError,
    RateLimitedError,
    ShipbyError,
)
from shipby.domain.money import Money
from tests.unit.ozon.stub_marketplace import Pauses, Reply, StubMarketplace, client_of, sample

Call = Callable[[OzonClient], object]
NUMBER = "24219509-0020-2"
WHEN = datetime(2026, 10, 1, 12, tzinfo=UTC)

ACTING: list[tuple[Method, Call]] = [
    (POSTING_SHIP, lambda c: c.ship(NUMBER, [{"827098843": 1}])),
    (POSTING_CANCEL, lambda c: c.cancel(NUMBER, 352, "нет в наличии")),
    (POSTING_CANCEL_ITEMS, lambda c: c.cancel_items(NUMBER, {"827098843": 1}, 352, "нет в наличии")),
    (TRACKING_SET, lambda c: c.set_tracking_numbers({NUMBER: "RA1"})),
    (CUT_OFF_SET, lambda c: c.set_cut_off(NUMBER, WHEN)),
    (RETURNS_ACT, lambda c: c.act_on_return("8", 1020, compensation=Money(1250, "RUB"))),
    (CHAT_START, lambda c: c.start_chat(NUMBER)),
    (CHAT_SEND, lambda c: c.send_chat_message("5969c331", "Здравствуйте")),
]
READS: list[tuple[Method, Call]] = [
    (POSTING_GET, lambda c: c.posting(NUMBER)),
    (CANCEL_REASONS, lambda c: c.cancel_reasons(NUMBER)),
    (LABEL_CREATE, lambda c: c.create_label_tasks([NUMBER])),
    (LABEL_GET, lambda c: c.label_task("5819327210248")),
    (RETURNS_LIST, lambda c: c.returns()),
    (RETURNS_GET, lambda c: c.return_details("8")),
    (PUSH_URLS, lambda c: c.push_health()),
]
each_acting = pytest.mark.parametrize(("method", "call"), ACTING, ids=[m.path for m, _ in ACTING])
each_read = pytest.mark.parametrize(("method", "call"), READS, ids=[m.path for m, _ in READS])


def error(message: str, code: int = 3) -> dict[str, Any]:
    return {"code": code, "message": message, "details": []}


@pytest.fixture
def short_time_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumptions, "READ_SECONDS", 0.15)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- acting calls


@each_acting
@pytest.mark.parametrize("fault", ["hang_up", "stall", "cut"])
def test_an_acting_call_without_a_whole_answer_has_an_unknown_outcome_and_is_sent_once(
    marketplace: StubMarketplace, client: OzonClient, short_time_limits: None, method: Method, call: Call, fault: Any
) -> None:
    marketplace.on(method.path, Reply({"result": True}, fault=fault))
    with pytest.raises(OutcomeUnknownError, match=method.path):
        call(client)
    assert marketplace.paths() == [method.path]


@each_acting
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 499, 302])
def test_an_acting_call_answered_by_a_failure_of_the_server_has_an_unknown_outcome_and_is_sent_once(
    marketplace: StubMarketplace, client: OzonClient, method: Method, call: Call, status: int
) -> None:
    marketplace.on(method.path, Reply(error("Internal error", 13), status, {"Location": "/elsewhere"}))
    with pytest.raises(OutcomeUnknownError):
        call(client)
    assert marketplace.paths() == [method.path]


@each_acting
@pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"[]", b"null", b'{"result": {"wrong": 1}}'])
def test_an_acting_call_with_an_unreadable_answer_has_an_unknown_outcome(
    marketplace: StubMarketplace, client: OzonClient, method: Method, call: Call, body: bytes
) -> None:
    marketplace.on(method.path, Reply(body))
    if method is RETURNS_ACT and (body == b"" or body.startswith(b"{")):
        call(client)  # its 200 has no body by design
    else:
        with pytest.raises(OutcomeUnknownError):
            call(client)
    assert marketplace.paths() == [method.path]


@each_acting
def test_an_acting_call_whose_connection_is_refused_was_not_sent_and_is_safe_to_repeat(
    method: Method, call: Call
) -> None:
    with pytest.raises(MarketplaceUnavailableError, match="nothing was sent"):
        call(client_of(f"http://127.0.0.1:{closed_port()}"))


@each_acting
def test_an_empty_object_never_says_that_an_acting_call_was_refused(
    marketplace: StubMarketplace, client: OzonClient, method: Method, call: Call
) -> None:
    marketplace.on(method.path, Reply({}))
    if method in (RETURNS_ACT, POSTING_CANCEL_ITEMS):
        call(client)  # their answer says nothing at all
    else:
        with pytest.raises(OutcomeUnknownError):
            call(client)
    assert marketplace.paths() == [method.path]


@each_acting
def test_an_acting_call_that_is_rate_limited_carries_retry_after_and_is_sent_once(
    marketplace: StubMarketplace, client: OzonClient, method: Method, call: Call
) -> None:
    marketplace.on(method.path, Reply(sample("error_429"), 429, {"Retry-After": "7"}))
    with pytest.raises(RateLimitedError) as caught:
        call(client)
    assert caught.value.retry_after == 7
    assert marketplace.paths() == [method.path]


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (400, "TRANSITION_IS_NOT_POSSIBLE", MarketplaceRefusedError),
        (400, "HAS_INCORRECT_TPL_INTEGRATION_TYPE", MarketplaceRefusedError),
        (409, "HAS_INCORRECT_STATUS", MarketplaceRefusedError),
        (400, "HAS_INCORRECT_CANCEL_REASON", MarketplaceRefusedError),
        (400, "something new of next year", MarketplaceRefusedError),
        (403, "something new of next year", MarketplaceRefusedError),
        (404, "POSTING_NOT_FOUND", NotFoundError),
        (400, "POSTING_NOT_FOUND", NotFoundError),
        (403, "not available with existing subscription", ActionNotOfferedError),
        (403, "Invalid Api-Key, please check the key and try again", CredentialsRejectedError),
        (404, "Invalid Api-Key, please check the key and try again", CredentialsRejectedError),
        (403, "Api-key is deactivated, use another one or generate a new one", CredentialsRejectedError),
        (403, "Api-Key is missing a required role for a method", CredentialsRejectedError),
        (403, "Api-Key is restricted to specific IP addresses", CredentialsRejectedError),
        (403, "method is not allowed", CredentialsRejectedError),
        (403, "Offer not signed", CredentialsRejectedError),
        (401, "", CredentialsRejectedError),
        (400, "The next postings aren't ready", NotReadyYetError),
        (409, "The next postings aren't ready", NotReadyYetError),
        (200, "The next postings aren't ready", NotReadyYetError),
        (400, "Circle is open", MarketplaceUnavailableError),
        (404, "Not Found", MarketplaceUnavailableError),
    ],
)
@pytest.mark.parametrize("method", [POSTING_CANCEL, LABEL_CREATE], ids=["acting", "read"])
def test_the_error_text_decides_what_a_refusal_means(
    marketplace: StubMarketplace,
    client: OzonClient,
    method: Method,
    status: int,
    text: str,
    expected: type[ShipbyError],
) -> None:
    marketplace.on(method.path, Reply(error(text), status))
    if method is LABEL_CREATE and status == 403 and expected is MarketplaceRefusedError:
        expected = CredentialsRejectedError  # a read that is forbidden for no stated reason lacks a right
    call = dict(ACTING + READS)[method]
    with pytest.raises(expected) as caught:
        call(client)
    assert type(caught.value) is expected
    assert NUMBER in str(caught.value)
    assert "top-secret-key" not in str(caught.value)
    assert len(marketplace.received) == 1


@pytest.mark.parametrize(
    ("path", "text", "advice"),
    [
        ("/v1/carriage/create 1", "POSTING_NOT_FOUND", "no new posting waits"),
        ("/v1/carriage/create 1", "code: there_are_incomplete_carriages.", "an earlier carriage is not finished"),
        ("/v1/carriage/approve 1", "INCORRECT_E_WAYBILL_STATUS", "electronic waybill"),
        ("/v2/posting/fbs/act/get-pdf 1", "Incorrect_carriage_status", "approve it first"),
        ("/v2/products/stocks", "STOCK_TOO_BIG", "below 1,000,000"),
        ("/v6/fbs/posting/product/exemplar/set 1", "Posting must have 'awaiting_packaging' status", "before assembly"),
        (
            "/v6/x/exemplar/set 1",
            "EXEMPLAR_ID does not belong to product PRODUCT_ID",
            "another product",
        ),
        ("/v2/posting/fbs/cancel 1", "the date is outdated", ""),
        ("/v1/carriage/create 1", "NOT_outdated", ""),
        ("/v2/posting/fbs/cancel 1", "STOCK_TOO_BIG", ""),
    ],
)
def test_a_published_code_says_what_to_do_where_it_is_published(path: str, text: str, advice: str) -> None:
    found = refusal(400, text, what=path, acts=True)
    assert isinstance(found, MarketplaceRefusedError)
    said = str(found).partition(text)[2]
    assert advice in said if advice else said == ""


def test_no_new_postings_for_a_carriage_is_no_unknown_posting_and_elsewhere_it_is() -> None:
    for status in (400, 404):
        assert isinstance(
            refusal(status, "POSTING_NOT_FOUND", what="/v1/carriage/create 7", acts=True), MarketplaceRefusedError
        )
        for path in ("/v1/carriage/set-postings 7", "/v3/posting/fbs/get 1-1-1"):
            assert isinstance(refusal(status, "POSTING_NOT_FOUND", what=path, acts=False), NotFoundError)
    assert isinstance(refusal(404, "DELIVERY_METHOD_NOT_FOUND", what="/v1/carriage/create 7", acts=True), NotFoundError)


def test_a_stock_that_was_sent_too_soon_waits_and_a_posting_that_is_registered_now_is_asked_for_again() -> None:
    for text in ("TOO_MANY_REQUESTS", "Stock is updated too frequently"):
        found = refusal(400, text, what="/v2/products/stocks", acts=True)
        assert isinstance(found, RateLimitedError)
        assert found.retry_after == 30
    assert isinstance(
        refusal(400, "posting_statuses_not_ready", what="/v1/carriage/create 7", acts=True), NotReadyYetError
    )


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("error_400", 400, MarketplaceRefusedError),
        ("error_403_subscription", 403, ActionNotOfferedError),
        ("error_404", 404, NotFoundError),
        ("error_429", 429, RateLimitedError),
    ],
)
def test_the_sample_envelopes(
    marketplace: StubMarketplace, client: OzonClient, name: str, status: int, expected: type[ShipbyError]
) -> None:
    marketplace.on(CHAT_SEND.path, Reply(sample(name), status))
    with pytest.raises(expected) as caught:
        client.send_chat_message("c", "x")
    assert type(caught.value) is expected


def test_a_business_refusal_keeps_the_marketplaces_text_and_says_what_to_do(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(POSTING_SHIP.path, Reply(error("UNKNOW_PRODUCT"), 400))
    with pytest.raises(MarketplaceRefusedError, match="by SKU") as caught:
        client.ship(NUMBER, [{"1": 1}])
    assert caught.value.text == "UNKNOW_PRODUCT"


def test_shipping_what_is_shipped_and_cancelling_what_is_cancelled_count_as_done(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(POSTING_SHIP.path, Reply(error("POSTING_ALREADY_SHIPPED"), 400))
    marketplace.on(POSTING_CANCEL.path, Reply(error("POSTING_ALREADY_CANCELLED"), 400))
    assert client.ship(NUMBER, [{"1": 1}]) == (NUMBER,)
    client.cancel(NUMBER, 352, "")


def test_shipping_what_is_cancelled_and_cancelling_what_is_shipped_are_refused(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(POSTING_SHIP.path, Reply(error("POSTING_ALREADY_CANCELLED"), 400))
    marketplace.on(POSTING_CANCEL.path, Reply(error("POSTING_ALREADY_SHIPPED"), 400))
    with pytest.raises(MarketplaceRefusedError):
        client.ship(NUMBER, [{"1": 1}])
    with pytest.raises(MarketplaceRefusedError):
        client.cancel(NUMBER, 352, "")


@pytest.mark.parametrize(
    ("method", "call"), [pair for pair in ACTING if pair[0] in (POSTING_CANCEL, CUT_OFF_SET)], ids=["cancel", "cut-off"]
)
def test_a_200_with_result_false_is_a_refusal(
    marketplace: StubMarketplace, client: OzonClient, method: Method, call: Call
) -> None:
    marketplace.on(method.path, Reply({"result": False}))
    with pytest.raises(MarketplaceRefusedError):
        call(client)


def test_a_chat_that_the_marketplace_refuses_for_its_time_is_not_offered(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(CHAT_START.path, Reply(error("chat is not available for this posting"), 400))
    with pytest.raises(ActionNotOfferedError):
        client.start_chat(NUMBER)


# -- reads


@each_read
@pytest.mark.parametrize("fault", ["hang_up", "stall", "cut"])
def test_a_read_is_repeated_three_times_at_most(
    marketplace: StubMarketplace, client: OzonClient, short_time_limits: None, method: Method, call: Call, fault: Any
) -> None:
    marketplace.on(method.path, Reply({}, fault=fault))
    with pytest.raises(MarketplaceUnavailableError):
        call(client)
    assert marketplace.paths() == [method.path] * 3


def test_a_read_succeeds_when_a_repeat_is_answered(marketplace: StubMarketplace) -> None:
    pauses = Pauses()
    marketplace.on(
        POSTING_GET.path, Reply(status=503), Reply(fault="hang_up"), Reply(sample("posting_fbs_get.response"))
    )
    posting = client_of(marketplace.base_url, pauses, chance=lambda: 1.0).posting(NUMBER)
    assert posting.number == "0132112277-0101-1"
    assert [pause for pause in pauses.slept if pause > 0.1] == [0.4, 0.8]


def test_a_read_starts_no_attempt_beyond_its_time_budget(
    marketplace: StubMarketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assumptions, "READ_BUDGET_SECONDS", 0.5)
    marketplace.on(POSTING_GET.path, Reply(status=500))
    with pytest.raises(MarketplaceUnavailableError):
        client_of(marketplace.base_url, chance=lambda: 1.0).posting(NUMBER)
    assert len(marketplace.received) == 2


@pytest.mark.parametrize("fault", ["stall", "drip"])
def test_a_read_of_a_worker_with_little_time_ends_in_time_whatever_the_marketplace_does(
    marketplace: StubMarketplace, fault: Any
) -> None:
    marketplace.on(POSTING_GET.path, Reply({"result": {"padding": "x" * 5000}}, fault=fault))
    began = time.monotonic()
    with pytest.raises(MarketplaceUnavailableError):
        client_of(marketplace.base_url, read_within=0.3, monotonic=time.monotonic).posting(NUMBER)
    assert time.monotonic() - began < 2


def test_an_acting_call_keeps_its_patience_where_reads_have_little_time(marketplace: StubMarketplace) -> None:
    marketplace.on(POSTING_CANCEL.path, Reply({"result": True, "padding": "x" * 100}, fault="drip"))
    client_of(marketplace.base_url, read_within=0.001, monotonic=time.monotonic).cancel(NUMBER, 352, "")


def test_an_open_breaker_is_not_hammered(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(POSTING_GET.path, Reply(error("Circle is open", 13), 500))
    with pytest.raises(MarketplaceUnavailableError) as caught:
        client.posting(NUMBER)
    assert caught.value.retry_after == 120
    assert len(marketplace.received) == 1


@each_read
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"[" * 100_000, b"[" * 9000 + b"]" * 9000, b'"x"', b"\xff\xfe"]
)
def test_a_read_with_an_answer_that_is_no_json_object_is_unavailable_and_shows_nothing_of_it(
    marketplace: StubMarketplace, client: OzonClient, method: Method, call: Call, body: bytes
) -> None:
    marketplace.on(method.path, Reply(body))
    with pytest.raises(MarketplaceUnavailableError, match="not a JSON object"):
        call(client)


def test_redirects_are_not_followed(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(POSTING_GET.path, Reply(status=307, headers={"Location": "/other"}))
    with pytest.raises(MarketplaceUnavailableError, match="redirect"):
        client.posting(NUMBER)
    assert marketplace.paths() == [POSTING_GET.path]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("", 1.0),
        ("soon", 1.0),
        ("-4", 1.0),
        ("-0", 1.0),
        ("-0.5", 1.0),
        ("nan", 1.0),
        ("inf", 1.0),
        ("1_000", 1.0),
        ("9e9", 3600),
        ("9" * 400, 3600),
        ("9" * 5000, 3600),
    ],
)
def test_retry_after_is_read_with_care(
    marketplace: StubMarketplace, client: OzonClient, header: str, seconds: float
) -> None:
    marketplace.on(POSTING_GET.path, Reply(sample("error_429"), 429, {"Retry-After": header}))
    with pytest.raises(RateLimitedError) as caught:
        client.posting(NUMBER)
    assert caught.value.retry_after == seconds
    assert math.copysign(1, caught.value.retry_after) == 1


def test_an_endless_answer_is_given_up(marketplace: StubMarketplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumptions, "WHOLE_ANSWER_SECONDS", 0.1)
    marketplace.on(POSTING_CANCEL.path, Reply({"result": True, "padding": "x" * 500}, fault="drip"))
    with pytest.raises(OutcomeUnknownError, match="does not end"):
        client_of(marketplace.base_url, monotonic=time.monotonic).cancel(NUMBER, 352, "")


def test_an_answer_beyond_all_measure_is_not_kept(
    marketplace: StubMarketplace, client: OzonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assumptions, "LARGEST_ANSWER", 1000)
    marketplace.on(POSTING_GET.path, Reply({"result": "x" * 2000}))
    with pytest.raises(MarketplaceUnavailableError, match="more than 1000 bytes"):
        client.posting(NUMBER)
