"""Matters for a person, over the API."""

from __future__ import annotations

from datetime import timedelta

from shipby.application.cases.opening import open_case
from shipby.domain.cases.case import CaseKind
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a


def opens(api: Caller, subject: str = a.NUMBER, *, minutes: int = 0, seller: str = a.SELLER) -> str:
    return open_case(
        api.store,
        seller=seller,
        kind=CaseKind.OPEN_ORDER,
        subject=subject,
        reason="it has no next alarm",
        owner="anna",
        now=a.NOW + timedelta(minutes=minutes),
        actor="system:open_orders_audit",
    )


def test_open_cases_are_listed_oldest_first_and_closed_ones_apart(api: Caller) -> None:
    ids = [opens(api, f"p{n}", minutes=n) for n in range(3)]
    api.post(f"/v1/cases/{ids[1]}/close", {"resolution": "repaired"})

    first = api.get("/v1/cases", limit="1")
    rest = api.get("/v1/cases", limit="1", cursor=first.body["next_cursor"])

    assert [case["id"] for case in first.body["items"] + rest.body["items"]] == [ids[0], ids[2]]
    assert [case["id"] for case in api.get("/v1/cases", open="false").body["items"]] == [ids[1]]


def test_a_case_says_what_is_wrong_who_owns_it_and_when_it_is_told_again(api: Caller) -> None:
    case = api.get(f"/v1/cases/{opens(api)}").body

    assert (case["kind"], case["subject"], case["owner"]) == ("open_order", a.NUMBER, "anna")
    assert (case["reason"], case["open"]) == ("it has no next alarm", True)
    assert (case["opened_at"], case["reminded_next"]) == ("2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z")


def test_a_case_is_closed_with_a_resolution_once_per_key(api: Caller) -> None:
    path = f"/v1/cases/{opens(api)}/close"

    done = api.post(path, {"resolution": "repaired"}, key="close-1")
    again = api.post(path, {"resolution": "repaired"}, key="close-1")
    other = api.post(path, {"resolution": "repaired"}, key="close-2")

    assert (done.body["open"], done.body["closed_by"], done.body["resolution"]) == (False, "key:k1", "repaired")
    assert again.body == done.body
    assert (other.status, other.code) == (409, "stage_mismatch")


def test_a_case_is_not_closed_without_a_resolution(api: Caller) -> None:
    reply = api.post(f"/v1/cases/{opens(api)}/close", {"resolution": "  "})

    assert (reply.status, reply.fields) == (400, ["resolution"])


def test_support_reads_cases_and_the_office_closes_them(api: Caller) -> None:
    identifier = opens(api)

    assert api.as_role("support").get("/v1/cases").status == 200
    assert api.as_role("support").post(f"/v1/cases/{identifier}/close", {"resolution": "x"}).status == 403
    assert api.as_role("packer").get("/v1/cases").status == 403
    assert api.as_role("integration").post(f"/v1/cases/{identifier}/close", {"resolution": "x"}).status == 200


def test_nobody_sees_or_closes_the_cases_of_another_seller(api: Caller) -> None:
    identifier = opens(api)

    stranger = api.as_seller(OTHER)

    assert stranger.get("/v1/cases").body["items"] == []
    assert stranger.get(f"/v1/cases/{identifier}").status == 404
    assert stranger.post(f"/v1/cases/{identifier}/close", {"resolution": "x"}).status == 404
