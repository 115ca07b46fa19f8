"""Values that Python's own reader refuses: one of them costs one entry, or one field of it, and never the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.ozon.client import OzonClient
from shipby.adapters.ozon.methods import POSTING_UNFULFILLED
from shipby.adapters.ozon.transport import Answer, rate_limited
from shipby.application.cases.odd_entries import noting
from shipby.domain.json_types import read_json
from shipby.domain.postings.inbox import PushState
from shipby.domain.postings.push import judge, read_body
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace, sample

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOSTILE = {
    "a number of 5,000 digits": b"9" * 5000,
    "minus one of 5,000 digits": b"-" + b"9" * 5000,
    "an exponent beyond Decimal": b"1e99999999999999999999",
    "a small one": b"1e-99999999999999999999",
    "a large exponent": b"1e999999",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "nested lists": b"[" * 9000 + b"]" * 9000,
    "nested objects": b'{"x":' * 9000 + b"1" + b"}" * 9000,
    "half an emoji": b'"\\ud83d"',
    "bytes that are no UTF-8": b'"\xff\xfe"',
    "a line break": b'"a\nb"',
}


def page(place: str, hostile: bytes) -> bytes:
    """A page of three postings; the second has something hostile in a field."""
    answer: dict[str, Any] = sample("posting_fbs_unfulfilled_list_v4.response")
    postings = []
    for count in range(3):
        posting: dict[str, Any] = json.loads(json.dumps(answer["postings"][0])) | {"posting_number": f"1-000{count}-1"}
        if count == 1 and place == "quantity":
            posting["products"][0]["quantity"] = "HOSTILE"
        elif count == 1:
            posting[place] = "HOSTILE"
        postings.append(posting)
    text = json.dumps({**answer, "postings": postings, "cursor": "", "has_next": False})
    return text.encode().replace(b'"HOSTILE"', hostile)


@pytest.mark.parametrize(
    "place", ["quantity", "posting_number", "status", "shipment_date", "tariffication", "new_field"]
)
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_the_neighbours_on_its_page_are_read(
    marketplace: StubMarketplace, client: OzonClient, place: str, hostile: bytes
) -> None:
    marketplace.on(POSTING_UNFULFILLED.path, Reply(page(place, hostile)))
    with noting():
        found = client.unfulfilled(cutoff_from=NOW, cutoff_to=NOW + timedelta(days=9), cursor="")
    assert [one.number for one in found.items if one.number in ("1-0000-1", "1-0002-1")] == ["1-0000-1", "1-0002-1"]


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_push_with_such_a_value_is_a_hint_all_the_same_but_in_no_foreign_encoding(hostile: bytes) -> None:
    raw = (
        b'{"message_type":"TYPE_STATE_CHANGED","seller_id":7,"posting_number":"1-0001-1","new_state":' + hostile + b"}"
    )
    row = judge(raw, *read_body(raw), seller="7", at=NOW)
    if hostile == HOSTILE["bytes that are no UTF-8"]:
        assert (row.state, row.problem) == (PushState.QUARANTINED, "not JSON")
    else:
        assert (row.state, row.posting_number) == (PushState.RECEIVED, "1-0001-1")
    json.dumps(row.payload).encode()
    assert len(json.dumps(row.payload)) < 1000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[" * 100_000,
        b'{"a":',
        b'{"a":"' + b'\\"' * 200_000,
        b'"' * 200_001,
        b'{"a":"' + b"\\" * 200_001,
        b'{"a":1,' + b"[{" * 100_000,
    ],
)
def test_what_is_no_json_is_told_so_without_being_gone_through_again_and_again(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        read_json(raw)


def test_what_is_nested_too_deep_is_left_out_and_the_rest_is_read() -> None:
    found = read_json(b'{"before":"[{","deep":' + b"[" * 9000 + b"]" * 9000 + b',"after":[{"x":"}"}]}')
    assert isinstance(found, dict)
    assert (found["before"], found["after"]) == ("[{", [{"x": "}"}])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Mon, 30 Nov 2026 12:00:20 GMT", 20.0),
        ("Monday, 30-Nov-26 12:00:20 GMT", 20.0),
        ("Mon, 30 Nov 2026 11:00:00 GMT", 1.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Mon, 99 Nov 2026 12:00:20 GMT", 1.0),
    ],
)
def test_retry_after_may_be_a_date_which_is_held_against_the_answers_own(header: str, seconds: float) -> None:
    answer = Answer(429, {"Retry-After": header, "Date": "Mon, 30 Nov 2026 12:00:00 GMT"}, b"")
    assert rate_limited(answer, "a call").retry_after == seconds
