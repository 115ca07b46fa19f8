"""Tracking numbers through the API: one request for set and replace, a second person, a file."""

from __future__ import annotations

from shipby.domain.carriers.s10 import s10
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS

PATH = f"/v1/postings/{a.NUMBER}"
GOOD = s10("RB", 7, "CN")


def assembled(api: Caller) -> None:
    posting = a.posting(stage=Stage.PACKED, assembled_at=a.NOW, status="awaiting_deliver")
    api.has_posting(posting, a.detail(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS))


def test_a_number_is_judged_before_anything_is_asked_for(api: Caller) -> None:
    assembled(api)
    wrong = api.put(f"{PATH}/tracking-number", {"tracking_number": "RB000000071CN", "reason": "first"})
    assert (wrong.status, wrong.fields) == (400, ["tracking_number"])
    assert "should be" in wrong.body["detail"]
    unknown = api.put(f"{PATH}/tracking-number", {"tracking_number": GOOD, "reason": "first", "kind": "bored"})
    assert unknown.status == 400
    stale = api.put(f"{PATH}/tracking-number", {"tracking_number": GOOD, "reason": "first", "replaces": "X"})
    assert stale.status == 412
    asked = api.put(f"{PATH}/tracking-number", {"tracking_number": GOOD, "reason": "first", "kind": "first_number"})
    assert (asked.status, asked.body["state"]) == (202, "PENDING")


def test_a_doubtful_number_is_agreed_to_by_a_second_key(api: Caller) -> None:
    assembled(api)
    body = {"tracking_number": GOOD, "carrier": "СДЭК", "reason": "first"}
    asked = api.put(f"{PATH}/tracking-number", body)
    assert (asked.status, asked.body["state"]) == (202, "PROPOSED")
    path = f"/v1/tracking-changes/{asked.body['id']}"
    assert api.post(f"{path}/approve", {}).status == 409
    assert api.as_role("support").post(f"{path}/approve", {}).status == 403
    assert api.post(f"/v1/refunds/{asked.body['id']}/approve", {}).status in (400, 404, 409)
    assert api.post(f"{path}/reject", {"reason": "it is China Post's"}).body["state"] == "REJECTED"
    assert api.put(f"{PATH}/tracking-number", {**body, "carrier": "China Post"}).body["state"] == "PENDING"


def test_a_file_is_judged_row_by_row(api: Caller) -> None:
    assembled(api)
    csv = f"posting_number,tracking_number,reason\n{a.NUMBER},{GOOD},first\nnobody,{GOOD},first\n"
    dry = api.post("/v1/tracking-changes/import", {"csv": csv})
    assert (dry.status, dry.body["dry_run"], dry.body["good"], dry.body["refused"]) == (200, True, 1, 1)
    done = api.post("/v1/tracking-changes/import", {"csv": csv, "dry_run": False})
    assert done.body["items"][0]["intent"]
    assert api.post("/v1/tracking-changes/import", {"csv": "a,b\n1,2\n"}).fields[0] == "csv"


def test_a_ticket_is_read_and_its_files_are_asked_for(api: Caller) -> None:
    posting = a.posting(stage=Stage.PACKED, assembled_at=a.NOW, status="awaiting_deliver")
    api.has_posting(posting, a.detail(status="awaiting_deliver", actions=("cancel",)))
    refused = api.put(f"{PATH}/tracking-number", {"tracking_number": GOOD, "reason": "first"})
    assert (refused.status, f"{PATH}/tracking-ticket" in refused.body["detail"]) == (409, True)
    path = f"{PATH}/tracking-ticket"
    told = api.get(path, tracking_number=GOOD, language="ru")
    assert (told.status, told.body["evidence_pack"]) == (200, None)
    asked = api.post(path, {"tracking_number": GOOD, "language": "ru"})
    assert (asked.status, asked.body["state"]) == (202, "waiting")
    again = api.get(path, tracking_number=GOOD, language="ru").body
    assert again["evidence_pack"] == asked.headers["Location"]
    assert api.get(again["evidence_pack"]).body["id"] == asked.body["id"]
    assert api.post(path, {}).status == 400
    assert api.as_role("packer").post(path, {}).status == 403
