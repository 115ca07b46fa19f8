"""Requests for proof, over the API: entered, answered, withdrawn, and refused where they make no sense."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shipby.application.ports.writes import SaveEvidencePack, SaveReturn, SaveSettings
from shipby.domain.evidence.pieces import EvidencePack, PackState
from tests.functions.seller_api.api_support import OTHER, Caller, Reply
from tests.support import builders as a

ASKED = "2026-03-02T08:00:00Z"


def enters(api: Caller, *, key: str = "", **body: object) -> Reply:
    return api.post("/v1/claims", {"posting_number": a.NUMBER, "asked_at": ASKED, **body}, key=key)


def has_pack(api: Caller, number: str = a.NUMBER) -> str:
    pack = EvidencePack(
        seller=a.SELLER,
        id="pack-1",
        version=1,
        posting_number=number,
        state=PackState.READY,
        asked_at=a.NOW,
        asked_by="key:k1",
    )
    api.has(SaveEvidencePack(pack))
    return pack.id


def test_a_claim_by_hand_has_the_markets_two_days_and_says_that_they_are_not_certain(api: Caller) -> None:
    api.has_posting()

    made = enters(api, note="video asked for in the chat")
    read = api.get(f"/v1/claims/{made.body['id']}").body

    assert (made.body["state"], made.body["answer_by"]) == ("open", "2026-03-04T08:00:00Z")
    assert made.body["reminded_next"] == "2026-03-03T20:00:00Z"
    assert (read["clock"]["certain"], "refunds/deviation" in read["clock"]["source"]) == (False, True)
    assert (read["source"], read["actor"], read["recognised_by"]) == ("hand", "key:k1", None)


def test_the_sellers_own_time_and_the_one_named_go_before_the_markets(api: Caller) -> None:
    api.has_posting()
    api.has(SaveSettings(a.settings(answer_claim_within=timedelta(hours=30))))

    own = enters(api)
    named = enters(api, kind="other", answer_by="2026-03-02T20:00:00Z")

    assert own.body["answer_by"] == "2026-03-03T14:00:00Z"
    assert api.get(f"/v1/claims/{own.body['id']}").body["clock"]["source"] == "settings: answer_claim_within"
    assert named.body["answer_by"] == "2026-03-02T20:00:00Z"
    # Its reminder would have been before now: the end itself is next.
    assert named.body["reminded_next"] == named.body["answer_by"]


def test_the_same_key_enters_one_claim_and_another_key_is_told_of_it(api: Caller) -> None:
    api.has_posting()

    made = enters(api, key="c1")
    again = enters(api, key="c1")
    other = enters(api, key="c2")

    assert again.body == made.body
    assert (other.status, other.code, made.body["id"] in other.body["detail"]) == (409, "already_exists", True)
    assert [one["id"] for one in api.get("/v1/claims").body["items"]] == [made.body["id"]]


def test_an_answer_with_its_pack_ends_a_claim_once(api: Caller) -> None:
    api.has_posting()
    claim, pack = enters(api).body["id"], has_pack(api)

    done = api.post(f"/v1/claims/{claim}/answer", {"pack_id": pack}, key="a1")
    again = api.post(f"/v1/claims/{claim}/answer", {"pack_id": pack}, key="a1")
    other = api.post(f"/v1/claims/{claim}/answer", {"note": "sent"}, key="a2")

    assert (done.body["state"], done.body["late"], done.body["pack_id"]) == ("answered", False, pack)
    assert again.body == done.body
    assert (other.status, other.code) == (409, "stage_mismatch")
    assert api.get("/v1/claims").body["items"] == []
    assert [one["id"] for one in api.get("/v1/claims", open="false").body["items"]] == [claim]


def test_after_a_claim_has_ended_another_one_may_be_made(api: Caller) -> None:
    api.has_posting()
    first = enters(api).body["id"]
    api.post(f"/v1/claims/{first}/withdraw", {"reason": "a mistake"})

    same = enters(api)
    second = enters(api, asked_at="2026-03-02T08:30:00Z")

    assert (same.status, same.code) == (409, "already_exists")
    assert second.status == 200
    assert second.body["id"] != first


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"asked_at": "2026-03-02T09:06:00Z"}, ["asked_at"]),
        ({"asked_at": "2025-11-01T09:00:00Z"}, ["asked_at"]),
        ({"answer_by": "2026-03-02T07:00:00Z"}, ["answer_by"]),
        ({"asked_at": "yesterday"}, ["asked_at"]),
        ({"kind": "complaint"}, ["kind"]),
        ({"return_id": "../x"}, ["return_id"]),
        ({"note": "x" * 501}, ["note"]),
        ({"actor": "me"}, ["actor"]),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused_by_field(api: Caller, body: dict[str, str], fields: list[str]) -> None:
    api.has_posting()

    reply = api.post("/v1/claims", {"posting_number": a.NUMBER, "asked_at": ASKED, **body})

    assert (reply.status, reply.fields) == (400, fields)
    assert api.get("/v1/claims").body["items"] == []


def test_a_claim_of_an_unknown_posting_or_a_foreign_return_is_refused(api: Caller) -> None:
    assert enters(api).status == 404

    api.has_posting()
    assert enters(api, return_id="77").status == 404

    api.has(SaveReturn(a.return_case(posting_number="24219509-0020-9")))
    assert enters(api, return_id=a.RETURN_ID).fields == ["return_id"]


def test_an_answer_needs_a_pack_of_the_same_posting_or_words(api: Caller) -> None:
    api.has_posting()
    claim, pack = enters(api).body["id"], has_pack(api, "24219509-0020-9")

    assert api.post(f"/v1/claims/{claim}/answer", {"pack_id": pack}).fields == ["pack_id"]
    assert api.post(f"/v1/claims/{claim}/answer", {"note": "  "}).fields == ["pack_id", "comment"]
    assert api.post(f"/v1/claims/{claim}/answer", {"note": "x"}, if_match='"7"').status == 412
    assert api.get(f"/v1/claims/{claim}").body["state"] == "open"


def test_the_desk_works_on_claims_and_nobody_sees_those_of_another_seller(api: Caller) -> None:
    api.has_posting()
    claim = enters(api).body["id"]
    stranger = api.as_seller(OTHER)

    assert api.as_role("packer").get("/v1/claims").status == 403
    assert api.as_role("support").post(f"/v1/claims/{claim}/answer", {"note": "sent in the chat"}).status == 200
    assert stranger.get(f"/v1/claims/{claim}").status == 404
    assert stranger.post(f"/v1/claims/{claim}/withdraw", {"reason": "x"}).status == 404
