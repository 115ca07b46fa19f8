"""Buyers who want to cancel, through the API: listed, read, approved and rejected."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveCancelRequest
from shipby.domain.cancels.requests import CancelRequest, CancelRequestState
from shipby.domain.intents import request_hash
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a

UNTIL = a.NOW + timedelta(hours=48)
PATH = "/v1/cancel-requests/90"


def plea(**changes: Any) -> CancelRequest:
    base = CancelRequest(
        seller=a.SELLER,
        id="90",
        version=1,
        posting_number=a.NUMBER,
        state=CancelRequestState.ON_APPROVAL,
        requested_at=a.NOW,
        synced_at=a.NOW,
        state_name="На рассмотрении",
        initiator="CLIENT",
        reason_id=508,
        reason="Покупатель отменил заказ",
        auto_approve_at=UNTIL,
        suggestion="reject",
        suggestion_reason="it is on its way",
        facts={"stage": "in_transit", "packed": True},
        policy_version=4,
        next_alarm=a.alarm(UNTIL - timedelta(hours=3)),
    )
    return replace(base, **changes)


@pytest.fixture
def desk(api: Caller) -> Caller:
    api.has(SaveCancelRequest(plea()))
    return api


def test_a_request_is_shown_with_its_time_and_the_facts_of_its_suggestion(desk: Caller) -> None:
    reply = desk.get(PATH)
    assert (reply.status, reply.headers["ETag"]) == (200, '"1"')
    assert reply.body["auto_approve_at"] == "2026-03-04T09:00:00Z"
    assert reply.body["suggestion"] == {
        "decision": "reject",
        "reason": "it is on its way",
        "facts": {"stage": "in_transit", "packed": True},
        "policy_version": 4,
    }
    assert (reply.body["open"], reply.body["decided_by"], reply.body["linked"]) == (True, None, True)


def test_open_requests_are_listed_by_their_time_and_the_ended_ones_apart(desk: Caller) -> None:
    desk.has(SaveCancelRequest(plea(id="91", auto_approve_at=a.NOW + timedelta(hours=1))))
    desk.has(SaveCancelRequest(plea(id="92", state=CancelRequestState.APPROVED, decided_by="clock", next_alarm=None)))
    first = desk.get("/v1/cancel-requests", limit="1").body
    assert [item["id"] for item in first["items"]] == ["91"]
    second = desk.get("/v1/cancel-requests", limit="1", cursor=first["next_cursor"]).body
    assert [item["id"] for item in second["items"]] == ["90"]
    ended = desk.get("/v1/cancel-requests", open="false").body["items"]
    assert [(item["id"], item["decided_by"]) for item in ended] == [("92", "clock")]
    assert desk.as_seller(OTHER).get("/v1/cancel-requests").body["items"] == []


def test_approving_answers_with_the_intent_and_the_same_key_does_it_once(desk: Caller) -> None:
    first = desk.post(f"{PATH}/approve", {}, key="once")
    assert first.status == 202
    assert first.headers["Location"] == "/v1/intents/c.90.cancel_request.1"
    again = desk.post(f"{PATH}/approve", {}, key="once")
    assert (again.status, again.body) == (first.status, first.body)
    assert desk.get(PATH).body["open_intent"] == "c.90.cancel_request.1"
    intent = desk.store.intent(a.SELLER, "c.90.cancel_request.1")
    assert intent is not None
    assert intent.request_hash == request_hash({"decision": "approve", "comment": ""})
    assert desk.get("/v1/intents/c.90.cancel_request.1").body["action"] == "cancel_request"
    assert desk.post(f"{PATH}/reject", {"comment": "no"}, key="once").status == 422


def test_of_two_answers_the_second_is_a_conflict(desk: Caller) -> None:
    assert desk.post(f"{PATH}/reject", {"comment": "уже в пути", "reason": "курьер забрал"}).status == 202
    reply = desk.post(f"{PATH}/approve", {})
    assert (reply.status, reply.code) == (409, "action_not_offered")
    assert reply.body["offered"] == ["/v1/intents/c.90.cancel_request.1"]


@pytest.mark.parametrize("body", [{}, {"comment": ""}, {"comment": "  "}, {"comment": "x" * 501}, {"comment": 5}])
def test_a_rejection_says_why(desk: Caller, body: object) -> None:
    reply = desk.post(f"{PATH}/reject", body)
    assert (reply.status, reply.fields) == (400, ["comment"])
    assert desk.get(PATH).body["version"] == 1


def test_an_unknown_field_is_refused(desk: Caller) -> None:
    assert desk.post(f"{PATH}/approve", {"amount": "5"}).fields == ["amount"]


def test_after_its_time_the_answer_is_refused_and_says_who_decides(desk: Caller) -> None:
    desk.clock.time = UNTIL
    reply = desk.post(f"{PATH}/reject", {"comment": "уже в пути"})
    assert (reply.status, reply.code) == (409, "action_not_offered")
    assert "the marketplace approves it by itself" in reply.body["detail"]
    assert desk.store.intent(a.SELLER, "c.90.cancel_request.1") is None


def test_what_was_decided_already_says_by_whom(desk: Caller) -> None:
    ended = plea(version=2, state=CancelRequestState.REJECTED, decided_by="elsewhere", next_alarm=None)
    desk.has(SaveCancelRequest(ended))
    reply = desk.post(f"{PATH}/approve", {})
    assert reply.status == 409
    assert "elsewhere" in reply.body["detail"]


def test_a_stale_version_is_refused(desk: Caller) -> None:
    assert desk.post(f"{PATH}/approve", {}, if_match='"7"').status == 412
    assert desk.post(f"{PATH}/approve", {}, if_match='"1"').status == 202


@pytest.mark.parametrize("path", ["/v1/cancel-requests/91", "/v1/cancel-requests/91/approve"])
def test_a_request_that_is_not_there_is_not_found(desk: Caller, path: str) -> None:
    reply = desk.post(path, {}) if path.endswith("approve") else desk.get(path)
    assert (reply.status, reply.code) == (404, "not_found")
    assert desk.as_seller(OTHER).get(PATH).status == 404
