"""Evidence over the API: announcing, completing, listing, packs, and everything that is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from shipby.application.ports.writes import SaveEvidencePack
from shipby.domain.evidence.pieces import EvidencePack, PackState
from tests.functions.seller_api.api_support import OTHER, Caller, Reply
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}/evidence"


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (60, 40), "tan").save(out, "JPEG")
    return out.getvalue()


PHOTO = photo()
SCRIPT = b"#!/bin/sh\necho pwned\n" * 10


def announced(content: bytes, **changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    body = {"kind": "photo", "content_type": "image/jpeg", "size": len(content), "sha256": digest}
    return body | changes


def send(api: Caller, content: bytes = PHOTO, **changes: Any) -> Reply:
    """Announce a file and send it to its address; the announcement's answer."""
    reply = api.post(PATH, announced(content, **changes))
    key = reply.body["upload"]["url"].removeprefix("https://files.example/").partition("?")[0]
    api.papers.files[key] = content
    return reply


def test_a_photo_goes_into_the_chain_and_is_listed_with_a_link(api: Caller) -> None:
    api.has_posting()

    reply = send(api, data={"about": "packing", "taken_at": "2026-03-02T09:00:00Z"})
    done = api.as_role("packer").post(f"{PATH}/{reply.body['id']}/complete", key="c-1")
    again = api.as_role("packer").post(f"{PATH}/{reply.body['id']}/complete", key="c-1")
    other = api.post(f"{PATH}/{reply.body['id']}/complete", key="c-2")
    shown = api.get(PATH)

    assert (reply.status, reply.body["state"], reply.body["upload"]["headers"]["Content-Type"]) == (
        201,
        "waiting",
        "image/jpeg",
    )
    assert (done.status, done.body["state"], done.body["item"]["data"]["width"]) == (200, "added", 60)
    assert done.body == again.body == other.body
    assert (shown.body["count"], shown.body["intact"], shown.body["broken_at"]) == (1, True, None)
    (item,) = shown.body["items"]
    assert item["link"].startswith(f"https://files.example/evidence/180/{a.SELLER}/{a.NUMBER}/")
    assert (item["data"]["about"], item["kept_until"]) == ("packing", "2026-08-29T09:00:00Z")


def test_pieces_without_a_file_are_added_at_once_and_once_per_idempotency_key(api: Caller) -> None:
    api.has_posting()

    first = api.post(PATH, {"kind": "weight", "data": {"grams": 1240}}, key="w-1")
    again = api.post(PATH, {"kind": "weight", "data": {"grams": 1240}}, key="w-1")
    api.post(PATH, {"kind": "scan", "data": {"code": "4607012345678"}})
    api.post(PATH, {"kind": "note", "data": {"text": "Всё на месте"}})

    assert (first.status, first.body["state"], first.body["upload"]) == (201, "added", None)
    assert again.body == first.body
    assert [item["kind"] for item in api.get(PATH).body["items"]] == ["weight", "scan", "note"]
    mismatch = api.post(PATH, {"kind": "weight", "data": {"grams": 1}}, key="w-1")
    assert (mismatch.status, mismatch.code) == (422, "idempotency_mismatch")


def test_a_photo_that_is_a_script_is_a_clear_problem_and_leaves_nothing(api: Caller) -> None:
    api.has_posting()
    reply = send(api, SCRIPT)

    refused = api.post(f"{PATH}/{reply.body['id']}/complete")

    assert (refused.status, refused.code, refused.fields) == (400, "invalid_input", ["file"])
    assert "something else" in refused.body["detail"]
    assert api.papers.files == {}
    assert api.get(PATH).body["items"] == []
    posting = api.store.posting(a.SELLER, a.NUMBER)
    assert posting is not None
    assert posting.version == 1


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"kind": "video", "content_type": "video/mp4", "size": 2 * 1024**3}, ["size"]),
        ({"size": 20 * 1024**2 + 1}, ["size"]),
        ({"size": 0}, ["size"]),
        ({"size": -1}, ["size"]),
        ({"size": "12"}, ["size"]),
        ({"size": 1.5}, ["size"]),
        ({"sha256": "A" * 64}, ["sha256"]),
        ({"sha256": None}, ["sha256"]),
        ({"content_type": "image/svg+xml"}, ["content_type"]),
        ({"content_type": "text/html"}, ["content_type"]),
        ({"kind": "video"}, ["content_type"]),
        ({"kind": "act", "content_type": "application/zip"}, ["content_type"]),
        ({"kind": "malware"}, ["kind"]),
        ({"return_id": "77"}, ["return_id"]),
        ({"data": {"grams": 4}}, ["data/grams"]),
        ({"data": {"about": "<b>"}}, ["data/about"]),
        ({"key": "labels/x.pdf"}, ["key"]),
    ],
)
def test_an_announcement_that_makes_no_sense_is_refused_with_its_field(
    api: Caller, changes: dict[str, Any], fields: list[str]
) -> None:
    api.has_posting()

    reply = api.post(PATH, announced(PHOTO, **changes))

    assert (reply.status, reply.fields) == (400, fields)
    assert api.papers.files == {}


def test_what_is_not_there_yet_or_never_was_cannot_be_completed(api: Caller) -> None:
    api.has_posting()
    waiting = api.post(PATH, announced(PHOTO)).body["id"]

    assert api.post(f"{PATH}/{waiting}/complete").code == "stage_mismatch"
    assert api.post(f"{PATH}/none/complete").code == "not_found"
    assert api.as_seller(OTHER).post(f"{PATH}/{waiting}/complete").status == 404
    assert api.as_seller(OTHER).get(PATH).status == 404
    assert api.post("/v1/postings/1-1-1/evidence", announced(PHOTO)).status == 404


def test_a_pack_is_accepted_and_shows_its_links_once_it_is_ready(api: Caller) -> None:
    api.has_posting()
    api.post(PATH, {"kind": "scan", "data": {"code": "1"}})

    asked = api.as_role("support").post(f"{PATH}-packs", {"purpose": "Запрос упаковки"}, key="p-1")
    again = api.as_role("support").post(f"{PATH}-packs", {"purpose": "Запрос упаковки"}, key="p-1")
    path = asked.headers["Location"]
    waiting = api.get(path)

    assert (asked.status, asked.body["state"], asked.body["items"]) == (202, "waiting", 1)
    assert again.body == asked.body
    assert (path, waiting.body["pdf_link"]) == (f"/v1/evidence-packs/{asked.body['id']}", None)
    stored = api.store.evidence_pack(a.SELLER, asked.body["id"])
    assert isinstance(stored, EvidencePack)
    ready = replace(
        stored, version=2, state=PackState.READY, pdf_key="evidence/180/x.pdf", zip_key="evidence/180/x.zip"
    )
    api.has(SaveEvidencePack(ready))
    assert api.get(path).body["zip_link"] == "https://files.example/evidence/180/x.zip?expires=300"
    assert api.as_seller(OTHER).get(path).status == 404
    assert api.as_role("packer").get(path).status == 403


def test_a_pack_for_something_that_is_not_there_is_refused(api: Caller) -> None:
    api.has_posting()

    reply = api.post(f"{PATH}-packs", {"claim_id": "c", "return_id": "r"})

    assert (reply.status, reply.fields) == (400, ["claim_id", "return_id"])
    assert api.post("/v1/postings/1-1-1/evidence-packs", {}).status == 404
