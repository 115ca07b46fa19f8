"""Purchases over HTTP: whole, versioned, from a table, and only for those who may."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = "/v1/purchases/1688-1"
WHOLE: dict[str, Any] = {
    "supplier": "Yiwu 7",
    "comment": "ask for the invoice",
    "postings": [a.NUMBER],
    "hops": [{"kind": "domestic", "number": "SF1", "carrier": "SF", "expected_by": "2026-03-05T10:00:00Z"}],
}


@pytest.fixture(autouse=True)
def posting(api: Caller) -> None:
    api.has_posting()


def test_a_purchase_is_created_read_changed_as_it_was_seen_and_shown_on_its_order(api: Caller) -> None:
    created = api.put(PATH, WHOLE, if_match='"0"')
    assert (created.status, created.headers["ETag"]) == (200, '"1"')
    assert api.get(PATH).body == created.body
    shown = api.get(f"/v1/postings/{a.NUMBER}").body
    assert shown["purchases"] == ["1688-1"]
    assert {"kind": "goods_by", "due": "2026-03-05T10:00:00Z", "price": None} in shown["ladder"]
    hops = [{**created.body["hops"][0], "done_at": "2026-03-02T08:00:00Z"}]
    changed = api.put(PATH, {**WHOLE, "hops": hops}, if_match='"1"')
    assert (changed.status, changed.body["goods_at"]) == (200, None)
    assert api.put(PATH, WHOLE, if_match='"1"').status == 412
    assert api.put(PATH, WHOLE).status == 428
    assert [item["id"] for item in api.get("/v1/purchases").body["items"]] == ["1688-1"]
    assert api.get("/v1/purchases", late="true").body["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"postings": ["1-1-1"]}, "postings"),
        ({"postings": [str(n) for n in range(21)]}, "postings"),
        ({"hops": [{"kind": "moon"}]}, "hops/0/kind"),
        ({"hops": [{"kind": "bought", "done_at": "2099-01-01T00:00:00Z"}]}, "hops/0/done_at"),
        ({"hops": [{"kind": "bought", "done_at": "yesterday"}]}, "hops/0/done_at"),
        ({"comment": "a\u0000b"}, "comment"),
        ({"price": 1}, "price"),
    ],
)
def test_bad_input_is_named_and_nothing_is_stored(api: Caller, change: dict[str, Any], field: str) -> None:
    reply = api.put(PATH, {**WHOLE, **change}, if_match='"0"')
    assert (reply.status, reply.fields) == (400, [field])
    assert api.get(PATH).status == 404
    assert api.put("/v1/purchases/a b", WHOLE, if_match='"0"').status in (400, 404)


def test_a_table_is_a_dry_run_unless_it_is_said_otherwise(api: Caller) -> None:
    csv = f"purchase;posting_number;hop;number\nP1;{a.NUMBER};bought;77\nP2;1-1-1;;\n"
    dry = api.post("/v1/purchases/import", {"csv": csv})
    assert (dry.body["dry_run"], dry.body["good"], dry.body["problem"]) == (True, 1, 1)
    assert api.get("/v1/purchases").body["items"] == []
    done = api.post("/v1/purchases/import", {"csv": csv, "dry_run": False}, key="once")
    assert [item["result"] for item in done.body["items"]] == ["saved", "problem"]
    assert api.post("/v1/purchases/import", {"csv": csv, "dry_run": False}, key="once").body == done.body
    refused = api.post("/v1/purchases/import", {"csv": "colour\nred\n"})
    assert (refused.status, set(refused.fields)) == (400, {"csv"})


def test_another_sellers_purchase_is_not_there_and_a_packer_changes_none(api: Caller) -> None:
    api.put(PATH, WHOLE, if_match='"0"')
    assert api.as_seller("seller-2").get(PATH).status == 404
    assert api.as_role("packer").put(PATH, WHOLE, if_match='"1"').status == 403
