"""Reading postings: boards, search, single ones and their history."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from shipby.application.ports.writes import AppendTracking, ClaimPointer, SaveDocument
from shipby.domain.labels.documents import DocumentState
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a


def board(api: Caller, count: int, stage: Stage = Stage.RECEIVED, first: int = 0) -> list[str]:
    """Postings of a stage, an hour between their cut-offs; their numbers in order."""
    numbers = []
    for index in range(first, first + count):
        number = f"1000-{index:04d}-1"
        api.has_posting(a.posting(number=number, stage=stage, shipment_date=a.NOW + timedelta(hours=index)))
        numbers.append(number)
    return numbers


def walk(api: Caller, path: str = "/v1/postings", **query: str) -> list[list[str]]:
    """The numbers on each page, following the cursor to the end."""
    pages, cursor = [], ""
    while True:
        reply = api.get(path, **query, **({"cursor": cursor} if cursor else {}))
        assert reply.status == 200
        pages.append([item["posting_number"] for item in reply.body["items"]])
        cursor = reply.body["next_cursor"]
        if cursor is None:
            return pages
        assert len(pages) < 100


def test_a_stage_lists_its_postings_with_the_earliest_cut_off_first(api: Caller) -> None:
    numbers = board(api, 5)
    board(api, 2, Stage.PACKED, first=50)

    assert walk(api, stage="received", limit="2") == [numbers[:2], numbers[2:4], numbers[4:]]


def test_without_a_stage_all_open_stages_follow_each_other_under_one_cursor(api: Caller) -> None:
    received = board(api, 3)
    packed = board(api, 2, Stage.PACKED, first=10)
    blocked = board(api, 1, Stage.BLOCKED, first=20)
    board(api, 1, Stage.CLOSED, first=30)
    board(api, 1, Stage.CANCELLED, first=40)

    pages = walk(api, limit="2")

    assert [number for page in pages for number in page] == received + packed + blocked
    assert [len(page) for page in pages] == [2, 2, 2]


def test_the_last_page_has_no_cursor_even_when_it_is_full(api: Caller) -> None:
    numbers = board(api, 2)

    assert walk(api, limit="2") == [numbers]


def test_a_board_without_postings_is_an_empty_page(api: Caller) -> None:
    assert walk(api) == [[]]


def test_due_before_leaves_out_later_cut_offs_and_postings_without_one(api: Caller) -> None:
    numbers = board(api, 4)
    api.has_posting(a.posting(number="no-date", shipment_date=None))

    due = (a.NOW + timedelta(hours=2)).isoformat().replace("+00:00", "Z")

    assert walk(api, due_before=due) == [numbers[:2]]


def test_a_status_filter_fills_its_pages_from_behind_other_postings(api: Caller) -> None:
    for index in range(12):
        status = "awaiting_deliver" if index % 4 == 3 else "awaiting_packaging"
        api.has_posting(a.posting(number=f"n{index:02d}", status=status))

    assert walk(api, status="awaiting_deliver", limit="2") == [["n03", "n07"], ["n11"]]


@pytest.mark.parametrize("q", [a.NUMBER, "RB123456785CN", " rb 1234 56785 cn", "%101%806044518"])
def test_a_search_finds_a_posting_by_its_number_its_tracking_number_and_its_label(api: Caller, q: str) -> None:
    api.has_posting()
    api.has(
        ClaimPointer(a.SELLER, "tracking", "RB123456785CN", a.NUMBER),
        ClaimPointer(a.SELLER, "label", "%101%806044518", a.NUMBER),
    )

    [item] = api.get("/v1/postings", q=q).body["items"]

    assert item["posting_number"] == a.NUMBER
    assert item["version"] == 1


def test_a_search_for_another_sellers_posting_finds_nothing(api: Caller) -> None:
    api.has_posting()

    assert api.as_seller("seller-2").get("/v1/postings", q=a.NUMBER).body == {"items": [], "next_cursor": None}


def test_a_search_keeps_to_the_other_filters(api: Caller) -> None:
    api.has_posting()

    assert api.get("/v1/postings", q=a.NUMBER, stage="packed").body["items"] == []


def test_a_posting_shows_its_stage_the_marketplaces_facts_and_its_version_as_etag(api: Caller) -> None:
    api.has_posting(detail=a.detail())

    reply = api.get(f"/v1/postings/{a.NUMBER}")

    assert reply.headers["ETag"] == '"1"'
    assert reply.body["stage"] == "received"
    assert reply.body["cut_off"] == "2026-03-03T10:00:00Z"
    assert reply.body["available_actions"] == ["cancel", "ship"]
    assert reply.body["products"][0]["price"] == {"amount": "125.00", "currency": "RUB"}


def test_a_posting_late_in_its_life_shows_every_clock_and_price(api: Caller) -> None:
    api.has_posting(a.full_posting(version=1), a.detail())

    body = api.get(f"/v1/postings/{a.NUMBER}").body

    assert len(body["ladder"]) == 8
    assert body["at_risk"] == {"amount": "12.50", "currency": "RUB"}
    assert body["next_alarm"]["kind"] == "tariff_step"


def test_the_history_of_a_posting_comes_in_order_and_can_go_on_from_a_version(api: Caller) -> None:
    api.has_posting()
    api.post(f"/v1/postings/{a.NUMBER}/confirm")

    everything = api.get(f"/v1/postings/{a.NUMBER}/events").body["items"]
    newer = api.get(f"/v1/postings/{a.NUMBER}/events", after_version="1").body["items"]

    assert [event["type"] for event in everything] == ["posting.received", "posting.confirmed"]
    assert newer == everything[1:]
    assert newer[0]["actor"] == "key:k1"


def test_every_change_of_the_tracking_number_is_listed(api: Caller) -> None:
    api.has_posting()
    api.has(AppendTracking(a.tracking_change()), AppendTracking(a.tracking_change(sequence=2, old="RB123456785CN")))

    items = api.get(f"/v1/postings/{a.NUMBER}/tracking-numbers").body["items"]

    assert [(item["sequence"], item["old"]) for item in items] == [(1, None), (2, "RB123456785CN")]


def test_the_labels_of_a_posting_are_listed(api: Caller) -> None:
    api.has_posting()
    api.has(SaveDocument(a.document(id="label", state=DocumentState.READY, pages=1, barcodes=("%101%806044518",))))

    [label] = api.get(f"/v1/postings/{a.NUMBER}/labels").body["items"]

    assert (label["state"], label["barcodes"]) == ("ready", ["%101%806044518"])


@pytest.mark.parametrize("part", ["", "/events", "/tracking-numbers", "/labels"])
def test_another_sellers_posting_cannot_be_told_from_one_that_is_not_there(api: Caller, part: str) -> None:
    api.has_posting()
    stranger = api.as_seller("seller-2")

    foreign = stranger.get(f"/v1/postings/{a.NUMBER}{part}")
    missing = stranger.get(f"/v1/postings/99999999-0020-2{part}")

    assert (foreign.status, foreign.code) == (404, "not_found")
    assert missing.body | {"detail": ""} == foreign.body | {"detail": ""}
    assert foreign.body["detail"].replace(a.NUMBER, "99999999-0020-2") == missing.body["detail"]


@pytest.mark.parametrize("number", ["Сustomer", "a b", "x" * 900, "'; DROP TABLE", "😀"])
def test_a_number_that_cannot_be_one_is_simply_not_there(api: Caller, number: str) -> None:
    assert api.get(f"/v1/postings/{number}").status == 404
    assert api.get(f"/v1/postings/{quote(number)}").status == 404
