"""Close the day through the API: begin, scan, approve, cancel, read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.ports.writes import AppendEvents, ClaimPointer, SaveCarriage, SaveDocument, SavePosting
from shipby.domain import pointers
from shipby.domain.carriages import Carriage, CarriageState
from shipby.domain.events import EventType, carriage_ref, posting_ref
from shipby.domain.labels.copies import copy_code
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.postings.posting import Posting, Stage
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a

METHOD = "1020005003107121"
BODY = {"delivery_method_id": METHOD, "departure": "2026-03-02"}


def packed(api: Caller, number: str, *, method: str = METHOD, **changes: Any) -> Posting:
    fields: dict[str, Any] = {"stage": Stage.PACKED, "assembled_at": a.NOW, "packed_at": a.NOW} | changes
    posting = replace(a.posting(number=number, status="awaiting_deliver"), **fields)
    detail = a.detail(number=number, status="awaiting_deliver", delivery_method_id=method)
    return api.has_posting(posting, detail)


def opened(api: Caller, *numbers: str, **changes: Any) -> str:
    """A carriage that the worker has made."""
    identifier = str(api.post("/v1/carriages", BODY).body["id"])
    row = row_of(api, identifier)
    fields: dict[str, Any] = {"state": CarriageState.OPEN, "marketplace_id": "9001", "numbers": numbers} | changes
    api.has(SaveCarriage(replace(row, version=2, **fields)), AppendEvents(a.SELLER, carriage_ref(identifier), 2, ()))
    return identifier


def row_of(api: Caller, identifier: str) -> Carriage:
    found = api.store.carriage(api.seller, identifier)
    assert found is not None
    return found


def test_a_carriage_is_begun_and_waits_for_the_worker(api: Caller) -> None:
    packed(api, "n-1")
    reply = api.post("/v1/carriages", BODY | {"posting_numbers": ["n-1"]}, key="k-1")
    assert reply.status == 202
    assert reply.headers["Location"] == f"/v1/carriages/{reply.body['id']}"
    assert (reply.body["state"], reply.body["open"]) == ("requested", True)
    [stored] = api.store.events(a.SELLER, carriage_ref(reply.body["id"]))
    assert stored.event.type is EventType.CARRIAGE_REQUESTED
    assert api.post("/v1/carriages", BODY | {"posting_numbers": ["n-1"]}, key="k-1").body == reply.body
    assert [one["id"] for one in api.get("/v1/carriages").body["items"]] == [reply.body["id"]]
    assert api.get("/v1/carriages", open="false").body["items"] == []


def test_one_carriage_is_open_per_method_and_day(api: Caller) -> None:
    first = api.post("/v1/carriages", BODY).body["id"]
    again = api.post("/v1/carriages", BODY)
    assert (again.status, again.code) == (409, "stage_mismatch")
    assert first in again.body["detail"]
    assert api.post("/v1/carriages", BODY | {"departure": "2026-03-03"}).status == 202
    assert api.as_seller(OTHER).post("/v1/carriages", BODY).status == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        BODY | {"delivery_method_id": "x"},
        BODY | {"departure": "2026-02-30"},
        BODY | {"departure": "tomorrow"},
        BODY | {"posting_numbers": ["nobody"]},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(api: Caller, body: object) -> None:
    assert api.post("/v1/carriages", body).status == 400


def test_a_scanned_parcel_is_handed_over_in_one_transaction(api: Caller) -> None:
    packed(api, "n-1")
    identifier = opened(api, "n-1", "n-2")
    reply = api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-1"})
    assert reply.status == 200
    assert (reply.body["posting_number"], reply.body["scanned"], reply.body["missing"]) == ("n-1", 1, 1)
    assert reply.body["warning"] is None
    posting = api.store.posting(a.SELLER, "n-1")
    assert posting is not None
    assert (posting.stage, posting.handed_over_at) == (Stage.HANDED_OVER, a.NOW)
    assert row_of(api, identifier).scanned == ("n-1",)
    assert api.store.events(a.SELLER, carriage_ref(identifier))[-1].event.type is EventType.CARRIAGE_SCANNED
    assert api.store.events(a.SELLER, posting_ref("n-1"))[-1].event.type is EventType.POSTING_HANDED_OVER


def test_a_parcel_is_known_by_any_of_its_codes(api: Caller) -> None:
    codes = {"n-1": "n-1", "n-2": "%101%2", "n-3": "RA123RU", "n-4": copy_code("n-4", DocumentKind.OWN_LABEL, 1)}
    for number in codes:
        packed(api, number)
    api.has(
        ClaimPointer(a.SELLER, pointers.LABEL, "%101%2", "n-2"),
        ClaimPointer(a.SELLER, pointers.TRACKING, "RA123RU", "n-3"),
        SaveDocument(own_label("n-4", 1)),
    )
    identifier = opened(api, *codes)
    for number, code in codes.items():
        assert api.post(f"/v1/carriages/{identifier}/scans", {"code": f" {code}\r\n"}).body["posting_number"] == number
    assert row_of(api, identifier).scanned == tuple(codes)


def own_label(number: str, copies: int) -> Document:
    return Document(
        seller=a.SELLER,
        posting_number=number,
        id="own",
        kind=DocumentKind.OWN_LABEL,
        state=DocumentState.READY,
        version=1,
        asked_at=a.NOW,
        printed_count=copies,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": Stage.CANCELLED, "cancelled_by": "client"}, "cancelled by client"),
        ({"stage": Stage.EXPIRED, "blocked_from": Stage.PACKED, "expired_reason": "given up"}, "given up"),
        ({"stage": Stage.BLOCKED, "blocked_from": Stage.PACKED, "blocked_reason": "scratched"}, "scratched"),
        ({"stage": Stage.PICKED, "packed_at": None}, "needs it to be packed"),
        ({"stage": Stage.HANDED_OVER, "handed_over_at": a.NOW}, "handed over already"),
        ({"assembled_at": None}, "not assembled"),
        ({"method": "77"}, "leaves with delivery method 77"),
    ],
)
def test_what_must_not_leave_is_refused_in_plain_words(api: Caller, changes: dict[str, Any], words: str) -> None:
    packed(api, "n-1", **changes)
    identifier = opened(api, "n-1")
    reply = api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-1"})
    assert reply.status == 409
    assert words in reply.body["detail"]
    assert row_of(api, identifier).scanned == ()


def test_a_void_copy_of_our_label_must_not_leave(api: Caller) -> None:
    packed(api, "n-1")
    api.has(SaveDocument(own_label("n-1", 2)))
    identifier = opened(api, "n-1")
    path = f"/v1/carriages/{identifier}/scans"
    void = api.post(path, {"code": copy_code("n-1", DocumentKind.OWN_LABEL, 1)})
    assert void.status == 409
    assert "voided by copy 2" in void.body["detail"]
    assert api.post(path, {"code": copy_code("n-1", DocumentKind.OWN_LABEL, 2)}).status == 200


def test_a_double_scan_and_an_unknown_code_are_refused(api: Caller) -> None:
    packed(api, "n-1")
    identifier = opened(api, "n-1")
    path = f"/v1/carriages/{identifier}/scans"
    assert api.post(path, {"code": "n-1"}).status == 200
    again = api.post(path, {"code": "n-1"})
    assert (again.status, "scanned into this hand-over already" in again.body["detail"]) == (409, True)
    assert api.post(path, {"code": "what is this"}).status == 404
    assert api.post("/v1/carriages/none/scans", {"code": "n-1"}).status == 404


def test_a_repeated_scan_call_with_its_key_answers_the_same(api: Caller) -> None:
    packed(api, "n-1")
    identifier = opened(api, "n-1")
    first = api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-1"}, key="s-1")
    assert api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-1"}, key="s-1").body == first.body
    assert row_of(api, identifier).version == 3


def test_a_parcel_outside_the_carriage_is_taken_with_a_warning_while_it_is_open(api: Caller) -> None:
    packed(api, "n-9")
    identifier = opened(api, "n-1")
    reply = api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-9"})
    assert "use_scans" in reply.body["warning"]


def test_after_approval_only_parcels_of_the_act_are_scanned(api: Caller) -> None:
    packed(api, "n-1")
    packed(api, "n-9")
    identifier = opened(api, "n-1", state=CarriageState.APPROVED, approved_at=a.NOW)
    path = f"/v1/carriages/{identifier}/scans"
    assert api.post(path, {"code": "n-9"}).status == 409
    assert api.post(path, {"code": "n-1"}).status == 200


def test_approval_shows_the_difference_first(api: Caller) -> None:
    packed(api, "n-1")
    packed(api, "n-9")
    identifier = opened(api, "n-1")
    api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-9"})
    path = f"/v1/carriages/{identifier}/approve"
    refused = api.post(path, {})
    assert refused.status == 400
    assert refused.fields == ["accept_difference", "n-1", "n-9"]
    assert api.post(path, {"accept_difference": True}).status == 400
    difference = api.get(f"/v1/carriages/{identifier}/difference").body
    assert (difference["left"], difference["agrees"]) == (False, False)
    assert [(one["posting_number"], one["kind"]) for one in difference["items"]] == [
        ("n-1", "not_scanned"),
        ("n-9", "not_in_act"),
    ]
    accepted = api.post(path, {"accept_difference": True, "reason": "the van is leaving"})
    assert (accepted.status, accepted.body["asked"]) == (202, "approve")
    last = api.store.events(a.SELLER, carriage_ref(identifier))[-1].event
    assert (last.type, last.reason) == (EventType.CARRIAGE_REQUESTED, "the van is leaving")
    assert api.post(path, {"accept_difference": True, "reason": "again"}).status == 409


def test_approval_may_take_exactly_what_was_scanned(api: Caller) -> None:
    packed(api, "n-9")
    identifier = opened(api, "n-1")
    path = f"/v1/carriages/{identifier}/approve"
    assert api.post(path, {"use_scans": True}).status == 400
    api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-9"})
    assert api.post(path, {"use_scans": True}).status == 202
    assert row_of(api, identifier).wanted == ("n-9",)


def test_only_an_open_carriage_is_approved_or_cancelled(api: Caller) -> None:
    asked = str(api.post("/v1/carriages", BODY).body["id"])
    assert api.post(f"/v1/carriages/{asked}/approve", {}).status == 409
    assert api.post(f"/v1/carriages/{asked}/cancel", {"reason": "typing error"}).status == 202
    other = api.as_seller(OTHER)
    assert other.post(f"/v1/carriages/{asked}/cancel", {"reason": "not mine"}).status == 404


def test_cargo_places_are_set_before_approval(api: Caller) -> None:
    identifier = opened(api, "n-1")
    path = f"/v1/carriages/{identifier}/containers"
    assert api.post(path, {"count": 3}).body["containers"] == 3
    assert api.post(path, {"count": -1}).status == 400
    api.post(f"/v1/carriages/{identifier}/approve", {"accept_difference": True, "reason": "x"})
    assert api.post(path, {"count": 4}).status == 409


def test_papers_come_as_links_of_five_minutes(api: Caller) -> None:
    identifier = opened(
        api, "n-1", state=CarriageState.DOCUMENTED, documents={"act": "carriages/s/1/act.pdf"}, barcode="%303%1"
    )
    body = api.get(f"/v1/carriages/{identifier}").body
    assert body["documents"] == [{"name": "act", "link": "https://files.example/carriages/s/1/act.pdf?expires=300"}]
    assert (body["barcode"], body["posting_numbers"]) == ("%303%1", ["n-1"])


def test_closing_the_day_begins_what_is_packed(api: Caller) -> None:
    packed(api, "n-1")
    packed(api, "n-2", method="77")
    reply = api.post("/v1/carriages/close-day", {"departure": "2026-03-02"})
    assert reply.status == 202
    assert [one["delivery_method_id"] for one in reply.body["begun"]] == [METHOD, "77"]
    assert api.post("/v1/carriages/close-day", {}).body["departure"] == "2026-03-02"
    assert api.post("/v1/carriages/close-day", {"departure": "2026-02-30"}).status == 400


@pytest.mark.parametrize(
    ("role", "call", "status"),
    [("packer", "scans", 404), ("support", "scans", 403), ("packer", "cancel", 403), ("support", "difference", 404)],
)
def test_roles_may_do_what_their_work_is(api: Caller, role: str, call: str, status: int) -> None:
    caller = api.as_role(role)
    path = f"/v1/carriages/none/{call}"
    bodies: dict[str, object] = {"scans": {"code": "x"}, "cancel": {"reason": "x"}}
    reply = caller.get(path) if call == "difference" else caller.post(path, bodies[call])
    assert reply.status == status


def test_another_sellers_carriage_does_not_exist(api: Caller) -> None:
    identifier = opened(api, "n-1")
    other = api.as_seller(OTHER)
    assert other.get(f"/v1/carriages/{identifier}").status == 404
    assert other.post(f"/v1/carriages/{identifier}/approve", {}).status == 404


def test_a_posting_that_was_put_back_after_an_override_leaves(api: Caller) -> None:
    posting = packed(api, "n-1")
    api.has(SavePosting(replace(posting, version=posting.version + 1, override_reason="the buyer insists")))
    identifier = opened(api, "n-1")
    assert api.post(f"/v1/carriages/{identifier}/scans", {"code": "n-1"}).status == 200
