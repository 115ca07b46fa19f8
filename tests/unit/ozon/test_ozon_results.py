"""What the client makes of the answers of each method."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.cases.odd_entries import noting
from shipby.application.ports.marketplace import CancelReason, ItemResult, LabelTask
from shipby.domain.errors import (
    InvalidInputError,
    MarketplaceRefusedError,
    OutcomeUnknownError,
    RateLimitedError,
)
from shipby.domain.money import Money
from tests.unit.ozon.stub_marketplace import PUSH_URLS_ANSWER, Reply, StubMarketplace, sample

NUMBER = "24219509-0020-2"
SINCE = datetime(2026, 10, 1, 3, 0, 0, 123456, tzinfo=timezone(timedelta(hours=3)))
TO = datetime(2026, 10, 2, tzinfo=UTC)
RETURNS_LISTED = {
    "returns": [
        {
            "return_id": 8000123455,
            "client_name": "Иванов",
            "created_at": "2026-02-15T10:30:00Z",
            "posting_number": "789456123-0002-3",
            "product": {"name": "x", "offer_id": "y", "currency_code": "RUB", "price": 1990, "sku": 5},
            "return_number": "RET-1",
            "state": {"group_state": "New", "state": "ON_APPROVAL", "state_name": "На проверке"},
        },
        {"return_id": "8000123456", "posting_number": "789456123-0002-4", "state": {"state": "ARRIVED"}},
    ]
}


def test_ship_returns_the_postings_that_came_out(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.POSTING_SHIP.path, Reply({"result": [NUMBER, "24219509-0020-3"]}))
    assert client.ship(NUMBER, [{"1": 1}, {"2": 1}]) == (NUMBER, "24219509-0020-3")


def test_ship_without_any_posting_in_the_answer_is_unknown(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.POSTING_SHIP.path, Reply({"result": []}))
    with pytest.raises(OutcomeUnknownError):
        client.ship(NUMBER, [{"1": 1}])


@pytest.mark.parametrize("packages", [[], [{}], [{"1": 0}], [{"1": -1}], [{"A-1": 1}], [{"١": 1}]])
def test_impossible_packages_are_never_sent(
    marketplace: StubMarketplace, client: OzonClient, packages: list[dict[str, int]]
) -> None:
    with pytest.raises(InvalidInputError):
        client.ship(NUMBER, packages)
    assert marketplace.received == []


def test_cancel_reasons_are_those_of_the_posting_asked_for(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CANCEL_REASONS.path, Reply(sample("posting_fbs_cancel_reason.response")))
    reasons = client.cancel_reasons("73837363-0010-3")
    assert reasons[0] == CancelReason(id=352, title="Товар закончился на складе продавца", by="seller")
    assert [reason.id for reason in reasons] == [352, 400, 402]
    assert client.cancel_reasons("73837363-0010-9") == ()


def tracking_answer(numbers: list[str], **errors: object) -> Reply:
    return Reply(
        {"result": [{"posting_number": n, "result": n not in errors, "error": errors.get(n, "")} for n in numbers]}
    )


def test_tracking_numbers_go_in_chunks_of_twenty_with_a_result_each(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    numbers = [f"{i:08d}-0001-1" for i in range(45)]
    marketplace.on(
        methods.TRACKING_SET.path,
        tracking_answer(numbers[:20], **{numbers[3]: "INVALID_TRACK"}),
        tracking_answer(numbers[20:40], **{numbers[21]: ["A", "B"]}),
        tracking_answer(numbers[40:], **{numbers[44]: {"code": 3, "message": "bad"}}),
    )
    results = client.set_tracking_numbers({number: f"RA{number}" for number in numbers})
    assert [len(one.json["tracking_numbers"]) for one in marketplace.received] == [20, 20, 5]
    assert [result.posting_number for result in results] == numbers
    assert [result for result in results if not result.ok] == [
        ItemResult(posting_number=numbers[3], ok=False, error="INVALID_TRACK"),
        ItemResult(posting_number=numbers[21], ok=False, error="A; B"),
        ItemResult(posting_number=numbers[44], ok=False, error="bad"),
    ]


def test_a_failure_after_the_first_chunk_of_tracking_numbers_is_an_unknown_outcome(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    numbers = [f"{i:08d}-0001-1" for i in range(25)]
    marketplace.on(methods.TRACKING_SET.path, tracking_answer(numbers[:20]), Reply(status=429))
    with pytest.raises(OutcomeUnknownError, match="20 of 25"):
        client.set_tracking_numbers(dict.fromkeys(numbers, "RA1"))


def test_a_failure_of_the_first_chunk_is_raised_as_it_is(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.TRACKING_SET.path, Reply(status=429))
    with pytest.raises(RateLimitedError):
        client.set_tracking_numbers({NUMBER: "RA1"})


def test_a_tracking_number_without_a_result_is_an_unknown_outcome(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(methods.TRACKING_SET.path, tracking_answer(["other"]))
    with pytest.raises(OutcomeUnknownError, match=NUMBER):
        client.set_tracking_numbers({NUMBER: "RA1"})


def test_no_tracking_numbers_are_no_call(marketplace: StubMarketplace, client: OzonClient) -> None:
    assert client.set_tracking_numbers({}) == ()
    assert marketplace.received == []


def test_label_tasks_may_be_several(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.LABEL_CREATE.path, Reply(sample("package_label_create_v3.response")))
    assert client.create_label_tasks([NUMBER]) == (
        LabelTask(id="5819327210248", type="big_label"),
        LabelTask(id="5819327210249", type="small_label"),
    )


def test_label_tasks_for_more_than_a_thousand_postings_take_several_calls(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(methods.LABEL_CREATE.path, Reply({"tasks": [{"task_id": "1", "task_type": "big_label"}]}))
    assert len(client.create_label_tasks([str(i) for i in range(1001)])) == 2
    assert [len(one.json["posting_numbers"]) for one in marketplace.received] == [1000, 1]


def test_a_label_for_nothing_is_invalid(client: OzonClient) -> None:
    with pytest.raises(InvalidInputError):
        client.create_label_tasks([])


def test_a_label_task_tells_its_state_its_file_and_what_it_left_out(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    left_out = {"code": "completed", "unprinted_postings": [{"posting_number": NUMBER, "message": "cancelled"}]}
    marketplace.on(
        methods.LABEL_GET.path,
        Reply(sample("package_label_get_v2.pending.response")),
        Reply(sample("package_label_get_v2.completed.response")),
        Reply({"status": left_out, "file_url": None}),
        Reply({"status": {"code": "error"}, "error": {"code": "X", "message": "no printer"}}),
        Reply({"status": {"code": "something new"}}),
    )
    assert client.label_task("1").state == "in_progress"
    assert client.label_task("1").file_url == "https://ir.ozone.ru/s3/ord-tmp-12/small_label/ticket-00-0000-0000.pdf"
    assert client.label_task("1").unprinted == {NUMBER: "cancelled"}
    assert client.label_task("1").error == "X: no printer"
    assert client.label_task("1").state == "something new"


@pytest.mark.parametrize("task_id", ["", "323231234-1234", "１", "1e3", "9" * 20])
def test_an_id_that_is_none_is_never_sent(client: OzonClient, task_id: str) -> None:
    with pytest.raises(InvalidInputError):
        client.label_task(task_id)


def test_listed_returns_show_their_state_and_the_page_after_them(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(methods.RETURNS_LIST.path, Reply(RETURNS_LISTED), Reply({"returns": []}))
    page = client.returns()
    assert [(one.id, one.state, one.posting_number, one.actions) for one in page.items] == [
        ("8000123455", "ON_APPROVAL", "789456123-0002-3", ()),
        ("8000123456", "ARRIVED", "789456123-0002-4", ()),
    ]
    assert page.items[0].price == Money(199000, "RUB")
    assert "Иванов" not in repr(page)
    assert page.cursor == "8000123456"
    assert client.returns(last_id=8000123456).cursor is None
    assert [one.json["last_id"] for one in marketplace.received] == [0, 8000123456]


def test_a_page_of_returns_that_stands_still_is_the_last(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.RETURNS_LIST.path, Reply(RETURNS_LISTED))
    assert client.returns(last_id=8000123456).cursor is None


@pytest.mark.parametrize(
    ("action", "data"),
    [
        (-1, {}),
        (-1, {"comment": "x"}),
        (-10, {"rejection_reason_id": 1, "comment": " "}),
        (1020, {}),
        (1020, {"compensation": Money(0, "RUB")}),
    ],
)
def test_a_return_action_that_lacks_its_data_is_never_sent(
    marketplace: StubMarketplace, client: OzonClient, action: int, data: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.act_on_return("8", action, **data)
    assert caught.value.errors
    assert marketplace.received == []


@pytest.mark.parametrize(("minor", "raw"), [(50000, b"500}"), (1, b"0.01}"), (123456789012, b"1234567890.12}")])
def test_a_compensation_is_sent_to_the_kopeck(
    marketplace: StubMarketplace, client: OzonClient, minor: int, raw: bytes
) -> None:
    marketplace.on(methods.RETURNS_ACT.path, Reply(b""))
    client.act_on_return("8", 1020, compensation=Money(minor, "RUB"))
    assert marketplace.received[0].raw.endswith(b'"compensation_amount":' + raw)


def test_push_health_names_the_state_and_masks_the_secret(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.PUSH_URLS.path, Reply(PUSH_URLS_ANSWER))
    health = client.push_health()
    assert [(one.state, one.reason) for one in health] == [("YELLOW", "TYPE_NEW_POSTING"), ("DISABLED", "AVAILABILITY")]
    assert [one.url for one in health] == [
        "https://api.example.test/ozon/push/shop1.***",
        "https://api.example.test/ozon/push/***",
    ]


def test_push_urls_are_read_over_all_pages(marketplace: StubMarketplace, client: OzonClient) -> None:
    one = PUSH_URLS_ANSWER["urls"][0]
    marketplace.on(
        methods.PUSH_URLS.path,
        Reply({"urls": [one], "total_count": 3}),
        Reply({"urls": [one], "total_count": 3}),
        Reply({"urls": [], "total_count": 3}),
    )
    assert len(client.push_health()) == 2
    assert [request.json["offset"] for request in marketplace.received] == [0, 1, 2]


def test_chat(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.CHAT_START.path, Reply(sample("chat_start.response")))
    marketplace.on(methods.CHAT_SEND.path, Reply({"result": "failure"}))
    assert client.start_chat(NUMBER) == "5969c331-2e64-44b7-8a0e-ff9526762c62"
    for text in ("", "x" * 1001):
        with pytest.raises(InvalidInputError):
            client.send_chat_message("c", text)
    with pytest.raises(MarketplaceRefusedError):
        client.send_chat_message("c", "x")


def test_a_naive_time_is_never_sent(client: OzonClient) -> None:
    with pytest.raises(InvalidInputError):
        client.set_cut_off(NUMBER, datetime(2026, 1, 1))  # noqa: DTZ001  # the wrong input under test


# -- pages


def listed(has_next: object, cursor: str, *, empty: bool = False) -> Reply:
    answer = sample("posting_fbs_unfulfilled_list_v4.response")
    return Reply({"postings": [] if empty else answer["postings"], "has_next": has_next, "cursor": cursor})


@pytest.mark.parametrize(
    ("reply", "asked", "items", "following"),
    [
        (listed(True, "next"), "", 1, "next"),
        (listed(False, "next"), "", 1, None),
        (listed(True, ""), "", 1, None),
        (listed("true", "next"), "", 1, "next"),
        (listed(True, "next", empty=True), "", 0, "next"),
        (listed(True, "same", empty=True), "same", 0, None),
        (Reply({"postings": None}), "", 0, None),
    ],
)
def test_the_cursor_says_whether_there_is_more(
    marketplace: StubMarketplace, client: OzonClient, reply: Reply, asked: str, items: int, following: str | None
) -> None:
    marketplace.on(methods.POSTING_LIST.path, reply)
    page = client.postings(since=SINCE, to=TO, cursor=asked)
    assert (len(page.items), page.cursor) == (items, following)


def test_an_unreadable_posting_in_a_page_is_set_aside_by_its_name(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    answer = sample("posting_fbs_unfulfilled_list_v4.response")
    answer["postings"].append({"posting_number": 5, "status": {"a": "secret"}})
    marketplace.on(methods.POSTING_UNFULFILLED.path, Reply(answer))
    with noting() as odd:
        page = client.unfulfilled(cutoff_from=SINCE, cutoff_to=TO)
    assert [facts.number for facts in page.items] == ["41517061-0214-1"]
    assert [(entry.subject, entry.method) for entry in odd] == [("posting 5", methods.POSTING_UNFULFILLED.path)]
    assert odd[0].problem == "status is not text"
