"""Evidence through the real handlers: a photo over the API, and its pack by the label worker, on DynamoDB and S3."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from functions.label_generation.handler import handler as label_worker
from functions.seller_api import wiring
from functions.seller_api.handler import handler as api
from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.application.alarms.ringing import ring
from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveEvidencePack, SavePosting
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import evidence_pack_ref, posting_ref
from shipby.domain.postings.posting import Alarm, RungKind
from tests.functions.seller_api.api_support import http_event
from tests.functions.shop_support import SELLER, LambdaContext, Shop, sqs_event
from tests.support import builders as a

BUCKET = "shipby-documents"
PATH = f"/v1/postings/{a.NUMBER}/evidence"
HEAVY = {"PIL", "reportlab", "pikepdf", "pypdfium2", "zint", "zxingcpp"}


@pytest.fixture
def papers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DOCUMENT_BUCKET", BUCKET)
    monkeypatch.setenv("TABLE_NAME", shop.table)
    wiring.parts.cache_clear()
    shop.add_seller()
    posting = a.posting(seller=SELLER)
    born = AppendEvents(SELLER, posting_ref(a.NUMBER), 1, (a.event(),))
    shop.store.commit([SavePosting(posting), born, SaveDetail(SELLER, a.detail())])
    yield clients.s3()
    wiring.parts.cache_clear()


def call(method: str, path: str, body: Any = None) -> Any:
    context = {"seller": SELLER, "role": "owner", "key_id": "k1"}
    text = None if body is None else json.dumps(body)
    answer = api(http_event(method, path, body=text, context=context), LambdaContext())
    return json.loads(answer["body"])


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (600, 400), "tan").save(out, "JPEG")
    return out.getvalue()


def test_a_photo_becomes_evidence_a_pack_and_both_are_gone_after_their_time(shop: Shop, papers: Any) -> None:
    content = photo()
    digest = hashlib.sha256(content).hexdigest()
    told = {"kind": "photo", "content_type": "image/jpeg", "size": len(content), "sha256": digest}
    announced = call("POST", PATH, told)
    arrives = f"evidence/incoming/{SELLER}/{a.NUMBER}/{announced['id']}.jpg"
    assert arrives in announced["upload"]["url"]
    papers.put_object(Bucket=BUCKET, Key=arrives, Body=content, ContentType="image/jpeg")

    done = call("POST", f"{PATH}/{announced['id']}/complete")
    call("POST", PATH, {"kind": "note", "data": {"text": "Всё на месте"}})
    asked = call("POST", f"{PATH}-packs", {"purpose": "Запрос упаковки"})
    shop.pump()
    messages = [body for body in shop.bodies("label") if body["task"] == "pack"]
    assert messages == [{"seller": SELLER, "task": "pack", "pack": asked["id"]}]
    assert shop.deliver("label", label_worker, millis=60_000) == []

    pack = shop.store.evidence_pack(SELLER, asked["id"])
    assert pack is not None
    assert (done["state"], pack.state, pack.items) == ("added", "ready", 2)
    archive = zipfile.ZipFile(BytesIO(papers.get_object(Bucket=BUCKET, Key=pack.zip_key)["Body"].read()))
    assert archive.read("evidence/001-photo.jpg") == content
    assert call("GET", PATH)["intact"] is True
    listed = [found["Key"] for found in papers.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert len(listed) == 4
    assert not [key for key in listed if "incoming" in key]

    past = replace(pack, version=3, next_alarm=Alarm(due=a.NOW, kind=RungKind.EXPIRE_AT))
    shop.store.commit([SaveEvidencePack(past)])
    alarm = AlarmRef(seller=SELLER, ref=evidence_pack_ref(pack.id), due=a.NOW, intent_id="")
    assert ring(alarm, store=shop.store, clock=SystemClock()).outcome == "fired"
    shop.pump()
    assert shop.deliver("label", label_worker) == []
    assert len(papers.list_objects_v2(Bucket=BUCKET)["Contents"]) == 2  # the photo and the note stay


def test_a_message_about_a_pack_that_is_not_there_is_a_failure_of_its_own(shop: Shop, papers: Any) -> None:
    answer = label_worker(sqs_event({"seller": SELLER, "task": "drop_pack", "pack": "none"}), LambdaContext())

    assert "batchItemFailures" in answer
    assert shop.store.evidence_pack(SELLER, "none") is None


def test_the_api_never_loads_what_draws() -> None:
    code = (
        "import sys, functions.seller_api.handler, functions.seller_api.routes as all_areas; all_areas.OPERATIONS; "
        "print(*sorted(sys.modules))"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)

    assert not set(done.stdout.split()) & HEAVY
