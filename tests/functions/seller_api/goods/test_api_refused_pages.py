"""Refused pages and labels that wait for a person, over the API."""

from __future__ import annotations

from datetime import timedelta

from shipby.application.ports.writes import SaveDocument, SavePosting, SaveRefusedPage
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.pages import PageVerdict, RefusedPage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

UNPROVEN = {"key": "labels/x.pdf", "pages": 1, "sha256": a.HASH, "form": "big", "problem": "could not be read back"}


def refused(identifier: str, *, days: int = 0, seller: str = a.SELLER) -> SaveRefusedPage:
    page = RefusedPage(
        seller=seller,
        id=identifier,
        at=a.NOW + timedelta(days=days),
        verdict=PageVerdict.MISMATCH,
        reason="its barcode and the number printed on it disagree: A, B",
        page=3,
        asked_for=(a.NUMBER,),
        names=(a.NUMBER, "24219509-0021-1"),
        barcodes=("%101%1",),
        form="big",
        sha256=a.HASH,
        key=f"aside/{seller}/{a.HASH}.pdf",
    )
    return SaveRefusedPage(page)


def test_the_refused_pages_of_a_day_are_listed_with_their_reason_and_a_link(api: Caller) -> None:
    api.has(refused("one"), refused("two"), refused("later", days=1), refused("theirs", seller="seller-2"))

    first = api.get("/v1/labels/refused-pages", date="2026-03-02", limit="1")
    rest = api.get("/v1/labels/refused-pages", date="2026-03-02", limit="1", cursor=first.body["next_cursor"])

    (page,) = first.body["items"]
    assert [page["id"], rest.body["items"][0]["id"]] == ["one", "two"]
    assert (page["verdict"], page["page"], page["names"]) == ("mismatch", 3, [a.NUMBER, "24219509-0021-1"])
    assert "disagree" in page["reason"]
    assert page["link"] == f"https://files.example/aside/{a.SELLER}/{a.HASH}.pdf?expires=300"


def test_the_day_has_to_be_named(api: Caller) -> None:
    reply = api.get("/v1/labels/refused-pages")

    assert (reply.status, reply.fields) == (400, ["date"])


def test_an_unproven_label_is_shown_with_a_link_and_prints_after_its_override(api: Caller) -> None:
    api.has(SavePosting(a.posting(assembled_at=a.NOW)))
    api.has(SaveDocument(a.document(id="label", state=DocumentState.UNPROVEN, **UNPROVEN)))
    path = f"/v1/postings/{a.NUMBER}/labels"

    (label,) = api.get(path).body["items"]
    done = api.post(f"{path}/label/override", {"reason": "I looked at it"}, key="o-1")
    again = api.post(f"{path}/label/override", {"reason": "I looked at it"}, key="o-1")
    other = api.post(f"{path}/label/override", {"reason": "me too"}, key="o-2")

    assert (label["state"], label["form"], label["printable"]) == ("unproven", "big", False)
    assert label["link"] == "https://files.example/labels/x.pdf?expires=300"
    assert (done.body["printable"], done.body["override_by"]) == (True, "key:k1")
    assert again.body == done.body
    assert (other.status, other.code) == (409, "stage_mismatch")


def test_an_override_needs_a_reason_and_a_label_that_is_there(api: Caller) -> None:
    api.has(SavePosting(a.posting(assembled_at=a.NOW)))
    path = f"/v1/postings/{a.NUMBER}/labels"

    assert api.post(f"{path}/label/override", {"reason": " "}).fields == ["reason"]
    assert api.post(f"{path}/label/override", {"reason": "why not"}).status == 404
    api.has(SaveDocument(a.document(id="label", state=DocumentState.READY, **UNPROVEN)))
    assert api.post(f"{path}/label/override", {"reason": "why not"}).status == 409
    assert api.as_role("support").post(f"{path}/label/override", {"reason": "why not"}).status == 403
