"""Evidence on the whole product: a photo by its signed address, the chain, and a pack by its link; roles enforced."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
import urllib3
from PIL import Image

from tests.integration.whole.whole_support import Shop, Whole

pytestmark = pytest.mark.stack


def photo(colour: str = "tan") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    return out.getvalue()


def announce(whole: Whole, shop: Shop, path: str, content: bytes) -> Any:
    digest = hashlib.sha256(content).hexdigest()
    body = {"kind": "photo", "content_type": "image/jpeg", "size": len(content), "sha256": digest}
    return whole.api(shop, "POST", path, body).body


def send(upload: Any, content: bytes) -> int:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request(upload["method"], upload["url"], body=content, headers=upload["headers"]).status


def test_a_photo_is_sent_to_its_address_chained_and_packed(whole: Whole, shop: Shop) -> None:
    number = whole.arrived(shop)
    path, content = f"/v1/postings/{number}/evidence", photo()

    announced = announce(whole, shop, path, content)
    early = whole.api(shop, "POST", f"{path}/{announced['id']}/complete")
    wrong = send(announced["upload"], photo("red"))
    sent = send(announced["upload"], content)
    done = [whole.api(shop, "POST", f"{path}/{announced['id']}/complete") for _ in range(2)]
    noted = whole.api(shop, "POST", path, {"kind": "note", "data": {"text": "Всё на месте"}})
    asked = whole.api(shop, "POST", f"{path}-packs", {"purpose": "Запрос упаковки"})

    assert early.body["type"] == "urn:shipby:problem:stage_mismatch", early
    assert (wrong in (400, 403), sent) == (True, 200)
    assert [answer.status for answer in done] == [200, 200], done
    assert done[0].body == done[1].body
    assert (noted.status, asked.status) == (201, 202), (noted, asked)
    shown = whole.api(shop, "GET", path).body
    assert (shown["count"], shown["intact"]) == (2, True)
    ready = whole.wait(
        shop, f"/v1/evidence-packs/{asked.body['id']}", lambda pack: pack["state"] != "waiting", "the pack"
    )
    assert (ready["state"], ready["problem"]) == ("ready", None)
    with urllib3.PoolManager(retries=False) as pool:
        document = pool.request("GET", ready["pdf_link"]).data
        archive = pool.request("GET", ready["zip_link"]).data
        assert pool.request("GET", shown["items"][0]["link"]).data == content
    assert hashlib.sha256(document).hexdigest() == ready["pdf_sha256"]
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.read("evidence/001-photo.jpg") == content
        assert json.loads(opened.read("manifest.json"))["chain"]["intact"] is True


def test_a_photo_that_is_a_script_is_refused_and_gone(whole: Whole, shop: Shop) -> None:
    number = whole.arrived(shop)
    path, content = f"/v1/postings/{number}/evidence", b"#!/bin/sh\necho pwned\n" * 9

    announced = announce(whole, shop, path, content)
    sent = send(announced["upload"], content)
    refused = whole.api(shop, "POST", f"{path}/{announced['id']}/complete")
    again = whole.api(shop, "POST", f"{path}/{announced['id']}/complete")

    assert (sent, refused.status, again.status) == (200, 400, 409), (refused, again)
    assert refused.body["errors"][0]["field"] == "file"
    assert whole.api(shop, "GET", path).body["items"] == []
