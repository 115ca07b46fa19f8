"""Clocks started by hand and the buyer's answer: times, versions, repeats and roles."""

from __future__ import annotations

import pytest

from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
CLOCK = {"clock": "answer_tracking_request", "since": "2026-03-02T11:00:00+03:00"}


def test_a_clock_is_started_and_stopped_and_shows_in_the_ladder(api: Caller) -> None:
    api.has_posting(a.posting(stage=Stage.IN_TRANSIT))

    started = api.post(f"{PATH}/clocks", CLOCK | {"reason": "chat of this morning"})
    stopped = api.post(f"{PATH}/clocks/stop", {"clock": "answer_tracking_request"})
    again = api.post(f"{PATH}/clocks/stop", {"clock": "answer_tracking_request"})

    dues = [rung["due"] for rung in started.body["ladder"] if rung["kind"] == "answer_tracking_by"]
    assert dues == ["2026-03-04T08:00:00Z", "2026-03-05T08:00:00Z"]
    assert "answer_tracking_by" not in {rung["kind"] for rung in stopped.body["ladder"]}
    assert (again.status, again.code) == (409, "stage_mismatch")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (CLOCK | {"since": "2026-03-02T13:00:00Z"}, "since"),
        (CLOCK | {"since": "2026-03-02T08:00:00"}, "since"),
        (CLOCK | {"since": "2025-12-01T08:00:00Z"}, "since"),
        (CLOCK | {"since": "1970-01-01T00:00:00Z"}, "since"),
        (CLOCK | {"since": "0001-01-01T00:00:00Z"}, "since"),
        (CLOCK | {"clock": "tea"}, "clock"),
        ({"clock": "answer_tracking_request"}, "since"),
    ],
)
def test_a_clock_needs_a_known_name_and_a_time_that_was_lately(api: Caller, body: dict[str, str], field: str) -> None:
    api.has_posting(a.posting(stage=Stage.IN_TRANSIT))

    reply = api.post(f"{PATH}/clocks", body)

    assert (reply.status, reply.fields) == (400, [field])


def test_the_same_key_starts_a_clock_once(api: Caller) -> None:
    api.has_posting(a.posting(stage=Stage.IN_TRANSIT))

    first = api.post(f"{PATH}/clocks", CLOCK, key="erp-17")
    second = api.post(f"{PATH}/clocks", CLOCK, key="erp-17")

    assert first.body == second.body
    assert first.headers["ETag"] == '"2"'


@pytest.mark.parametrize("wanted", [True, False])
def test_the_buyers_answer_is_noted_once(api: Caller, wanted: bool) -> None:
    api.has_posting(a.posting(late=True))

    first = api.post(f"{PATH}/buyer-answer", {"wanted": wanted, "note": "by phone"}, key="answer-1")
    again = api.post(f"{PATH}/buyer-answer", {"wanted": wanted, "note": "by phone"}, key="answer-1")
    stale = api.post(f"{PATH}/buyer-answer", {"wanted": wanted}, if_match='"1"')

    assert (first.status, first.body) == (200, again.body)
    assert first.headers["ETag"] == '"2"'
    assert (stale.status, stale.code) == (412, "precondition_failed")
    history = api.get(f"{PATH}/events").body["items"]
    assert next(event["type"] for event in history if event["version"] == 2) == "buyer.answered"


def test_an_answer_about_what_has_left_is_refused(api: Caller) -> None:
    api.has_posting(a.posting(stage=Stage.HANDED_OVER))

    reply = api.post(f"{PATH}/buyer-answer", {"wanted": False})

    assert (reply.status, reply.code) == (409, "stage_mismatch")


@pytest.mark.parametrize("path", ["clocks", "clocks/stop", "buyer-answer"])
def test_the_desk_may_and_the_packer_may_not(api: Caller, path: str) -> None:
    api.has_posting(a.posting(stage=Stage.CONFIRMED))
    bodies: dict[str, object] = {
        "clocks": CLOCK,
        "clocks/stop": {"clock": "answer_tracking_request"},
        "buyer-answer": {"wanted": True},
    }

    refused = api.as_role("packer").post(f"{PATH}/{path}", bodies[path])
    allowed = api.as_role("support").post(f"{PATH}/{path}", bodies[path])

    assert (refused.status, refused.code) == (403, "forbidden")
    assert allowed.status in (200, 409)


def test_a_posting_of_another_seller_is_not_there(api: Caller) -> None:
    assert api.post(f"{PATH}/buyer-answer", {"wanted": True}).status == 404
    assert api.post(f"{PATH}/clocks", CLOCK).status == 404
