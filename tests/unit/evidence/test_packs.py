"""Packs: a document and an archive that show what the chain holds, and what became of it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.evidence.make_pack import drop_pack, make_pack
from shipby.application.evidence.pack_contents import Files
from shipby.application.evidence.packs import PackWish, request_pack
from shipby.application.evidence.views import get_pack
from shipby.application.ports.writes import (
    AppendTracking,
    SaveBenchCheck,
    SaveCarriage,
    SaveClaim,
    SaveDocument,
    SavePosting,
)
from shipby.domain.alarm import AlarmRef
from shipby.domain.carriages import Carriage, CarriageState
from shipby.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError
from shipby.domain.events import EventType, evidence_pack_ref
from shipby.domain.evidence.chain import canonical
from shipby.domain.evidence.claims import Claim, ClaimKind, ClaimState
from shipby.domain.evidence.pieces import EvidenceKind, EvidencePack, PackState
from shipby.domain.labels.documents import DocumentState
from shipby.domain.packing.cards import BenchCheck
from shipby.domain.postings.posting import RungKind
from tests.support import builders as a
from tests.unit.evidence.evidence_support import PRESS, Desk, bomb_png, heic, mp4, picture, sha256

HOSTILE = "<b>жирный</b> & &#60; \u202e 😀 \x07 {0} %s <script>alert(1)</script>"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def label_pdf(text: str = "LABEL") -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=(213, 340), invariant=1)
    canvas.drawString(20, 300, text)
    canvas.save()
    return out.getvalue()


def full(desk: Desk) -> None:
    """A posting with a piece of every kind, and everything the product knows."""
    desk.add(EvidenceKind.SCAN, code="4607012345678")
    desk.add(EvidenceKind.WEIGHT, grams=1240)
    desk.complete(desk.send(picture(size=(1500, 900)), about="packing", taken_at=a.NOW))
    desk.complete(desk.send(picture("PNG"), "image/png", about="sealed"))
    desk.complete(desk.send(heic(), "image/heic"))
    desk.complete(desk.send(mp4(), "video/mp4", kind=EvidenceKind.VIDEO))
    desk.complete(desk.send(label_pdf("ACT"), "application/pdf", kind=EvidenceKind.ACT))
    desk.add(EvidenceKind.NOTE, text=HOSTILE)
    label = label_pdf()
    desk.documents.put("labels/x.pdf", label, content_type="application/pdf")
    ready = a.document(id="label", state=DocumentState.READY, key="labels/x.pdf", sha256=sha256(label), ready_at=a.NOW)
    check = BenchCheck(seller=a.SELLER, posting_number=a.NUMBER, version=1, scanned={"149123456": 2}, by="key:k1")
    desk.store.commit([SaveDocument(ready), SaveBenchCheck(check), AppendTracking(a.tracking_change())])


def ask(desk: Desk, **changes: Any) -> str:
    desk.clock.advance(timedelta(seconds=1))
    wish = PackWish(seller=a.SELLER, number=a.NUMBER, actor="key:k1", **changes)
    answer = request_pack(wish, lambda _: [], store=desk.store, clock=desk.clock)
    assert (answer.status, answer.body["state"]) == (202, "waiting")
    assert answer.location == f"/v1/evidence-packs/{answer.body['id']}"
    return str(answer.body["id"])


def make(desk: Desk, **changes: Any) -> EvidencePack:
    return make_pack(a.SELLER, ask(desk, **changes), desk.tools)


def opened(desk: Desk, pack: EvidencePack) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(desk.documents.files[pack.zip_key])) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def manifest(desk: Desk, pack: EvidencePack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(opened(desk, pack)["manifest.json"])
    return found


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)
    finally:
        document.close()


def test_a_pack_has_every_file_with_its_hash_and_what_the_product_knows(desk: Desk) -> None:
    full(desk)

    pack = make(desk, purpose="Запрос доказательств упаковки")

    files, told = opened(desk, pack), manifest(desk, pack)
    assert (pack.state, pack.items) == (PackState.READY, 8)
    assert pack.pdf_sha256 == sha256(desk.documents.files[pack.pdf_key]) == sha256(files["evidence.pdf"])
    assert pack.zip_sha256 == sha256(desk.documents.files[pack.zip_key])
    assert told["files"] == {name: sha256(content) for name, content in files.items() if name != "manifest.json"}
    assert [entry["file"] and entry["file"].partition("-")[2] for entry in told["items"]] == [
        None,
        None,
        "photo.jpg",
        "photo.png",
        "photo.heic",
        "video.mp4",
        "act.pdf",
        "note.txt",
    ]
    assert [record["what"] for record in told["records"]] == ["label", "bench", "tracking", "history"]
    assert files["papers/label.pdf"] == label_pdf()
    assert json.loads(files["records/bench.json"])["scanned"] == {"149123456": 2}
    assert len(json.loads(files["records/history.json"])["events"]) == 9


def test_a_stranger_can_check_the_pack_with_sha_256_alone(desk: Desk) -> None:
    full(desk)
    pack = make(desk)
    files, told = opened(desk, pack), manifest(desk, pack)

    before = ""
    for entry in told["items"]:
        item = entry["item"]
        assert sha256(canonical(item)) == entry["hash"]
        assert item["previous"] == before
        before = entry["hash"]
        content = files[entry["file"]] if entry["file"] else canonical(item["data"])
        assert sha256(content) == item["sha256"]
    assert before == told["chain"]["hash"] == pack.chain_hash


@pytest.mark.parametrize(
    ("language", "title", "verdict"),
    [
        ("ru", "Доказательства по отправлению", "Цепочка цела: 8"),
        ("en", "Evidence for posting", "The chain is whole: 8"),
        ("zh", "货件证据", "证据链完整"),
        ("kk", "Доказательства по отправлению", "Цепочка цела: 8"),
    ],
)
def test_the_document_speaks_the_sellers_language_and_draws_hostile_text_as_it_is(
    language: str, title: str, verdict: str
) -> None:
    desk = Desk(language=language)
    full(desk)

    pack = make(desk, purpose=HOSTILE)
    pdf = desk.documents.files[pack.pdf_key]

    text = words(pdf)
    assert title in text
    assert verdict in text
    assert text.count("<script>alert(1)</script>") == 2
    assert text.count("<b>жирный</b>") == 2
    for item in desk.store.evidence(a.SELLER, a.NUMBER):
        assert item.sha256 in text.replace(" ", "")
    with pikepdf.open(BytesIO(pdf)) as document:
        pictures = [name for page in document.pages for name in page.obj.Resources.get("/XObject", {})]
        assert len(pictures) == 4  # two photos, the act, the label
        assert "/Names" not in document.Root
        assert "/OpenAction" not in document.Root


def test_the_same_pack_is_made_again_to_the_byte_whatever_came_since(desk: Desk) -> None:
    full(desk)
    identifier = ask(desk)
    first = make_pack(a.SELLER, identifier, desk.tools)
    files = {key: desk.documents.files[key] for key in (first.pdf_key, first.zip_key)}

    other = Desk()
    full(other)
    same = ask(other)
    other.add(EvidenceKind.SCAN, code="later")
    other.clock.advance(timedelta(hours=2))
    second = make_pack(a.SELLER, same, other.tools)

    assert (second.id, second.pdf_sha256, second.zip_sha256) == (first.id, first.pdf_sha256, first.zip_sha256)
    assert {key: other.documents.files[key] for key in files} == files


def test_a_message_that_comes_twice_makes_nothing_twice(desk: Desk) -> None:
    full(desk)
    pack = make(desk)

    assert make_pack(a.SELLER, pack.id, desk.tools) == pack
    assert len(desk.store.events(a.SELLER, evidence_pack_ref(pack.id))) == 2
    with pytest.raises(NotFoundError):
        make_pack(a.SELLER, "none", desk.tools)


def test_a_posting_without_evidence_still_has_what_the_product_knows(desk: Desk) -> None:
    pack = make(desk)

    assert (pack.state, pack.items) == (PackState.READY, 0)
    assert "Записей в цепочке нет" in words(desk.documents.files[pack.pdf_key])
    assert sorted(opened(desk, pack)) == ["evidence.pdf", "manifest.json", "records/history.json"]


def test_a_broken_chain_is_shown_and_never_hidden(desk: Desk) -> None:
    full(desk)
    identifier = ask(desk)
    rows = desk.store.evidence(a.SELLER, a.NUMBER)
    desk.store.evidence = lambda *_: [rows[0], replace(rows[1], data={"grams": 9}), *rows[2:]]  # type: ignore[method-assign]  # a forged table

    pack = make_pack(a.SELLER, identifier, desk.tools)

    assert "Цепочка нарушена на записи № 2" in words(desk.documents.files[pack.pdf_key])
    assert manifest(desk, pack)["chain"]["broken_at"] == 2


def test_files_that_are_gone_changed_or_not_to_be_drawn_are_named_and_stop_nothing(desk: Desk) -> None:
    full(desk)
    keys = {item.sequence: item.key for item in desk.store.evidence(a.SELLER, a.NUMBER)}
    del desk.documents.files[keys[3]]
    desk.documents.files[keys[4]] = bomb_png()
    del desk.documents.files["labels/x.pdf"]

    pack = make(desk)

    told = manifest(desk, pack)
    assert [entry["problem"] for entry in told["items"]] == [
        None,
        None,
        "gone",
        "changed",
        "not_shown",
        "not_shown",
        None,
        None,
    ]
    assert told["records"][0]["problem"] == "gone"
    assert "evidence/003-photo.jpg" not in opened(desk, pack)
    text = words(desk.documents.files[pack.pdf_key])
    assert "Файлы не совпадают со своими хешами: № 4" in text
    assert "ФАЙЛ ИЗМЕНЁН" in text


def test_files_beyond_the_archives_room_are_left_out_and_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    full(desk)
    identifier = ask(desk)
    monkeypatch.setattr("shipby.application.evidence.make_pack.Files", partial(Files, _room=8_000))

    pack = make_pack(a.SELLER, identifier, desk.tools)

    problems = [entry["problem"] for entry in manifest(desk, pack)["items"]]
    assert problems[2] == "too_large"
    assert problems[5] == "not_shown"  # the small video after it still has room


def test_a_document_that_cannot_be_drawn_fails_the_pack_with_its_problem_and_can_be_made_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(desk)
    identifier = ask(desk)
    with monkeypatch.context() as patch:
        patch.setattr(type(PRESS), "document", lambda *_: (_ for _ in ()).throw(InvalidInputError("no ink is left")))
        failed = make_pack(a.SELLER, identifier, desk.tools)
    assert (failed.state, failed.problem, failed.next_alarm) == (PackState.FAILED, "no ink is left", None)
    assert not [key for key in desk.documents.files if "/packs/" in key]

    made = make_pack(a.SELLER, identifier, desk.tools)

    assert (made.state, made.problem, made.version) == (PackState.READY, "", 3)


def test_a_store_that_is_away_lets_the_message_come_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    full(desk)
    identifier = ask(desk)
    with monkeypatch.context() as patch:
        patch.setattr(
            desk.documents, "put_file", lambda *_, **__: (_ for _ in ()).throw(StoreUnavailableError("S3 is away"))
        )
        with pytest.raises(StoreUnavailableError):
            make_pack(a.SELLER, identifier, desk.tools)

    assert make_pack(a.SELLER, identifier, desk.tools).state is PackState.READY


def test_links_are_there_while_the_pack_is_and_its_files_go_when_its_time_is_over(desk: Desk) -> None:
    full(desk)
    pack = make(desk)

    def view() -> dict[str, Any]:
        return get_pack(a.SELLER, pack.id, store=desk.store, documents=desk.documents, clock=desk.clock)

    assert pack.next_alarm is not None
    assert pack.next_alarm.kind is RungKind.EXPIRE_AT
    assert pack.next_alarm.due == desk.clock.now() + timedelta(days=180)
    assert view()["pdf_link"].endswith(f"{pack.id}.pdf?expires=300")
    assert not drop_pack(a.SELLER, pack.id, desk.tools)
    desk.clock.time = pack.next_alarm.due
    assert view()["zip_link"] is None  # even before the alarm has rung

    alarm = AlarmRef(seller=a.SELLER, ref=evidence_pack_ref(pack.id), due=pack.next_alarm.due, intent_id="")
    rang = [ring(alarm, store=desk.store, clock=desk.clock).outcome for _ in range(2)]
    assert rang == ["fired", "gone"]
    assert view()["state"] == "expired"
    assert drop_pack(a.SELLER, pack.id, desk.tools)
    assert not [key for key in desk.documents.files if "/packs/" in key]
    assert drop_pack(a.SELLER, pack.id, desk.tools)  # the message may come again


def test_both_messages_of_a_pack_go_to_the_label_worker(desk: Desk) -> None:
    pack = make(desk)
    alarm = AlarmRef(
        seller=a.SELLER, ref=evidence_pack_ref(pack.id), due=desk.clock.advance(timedelta(days=180)), intent_id=""
    )
    ring(alarm, store=desk.store, clock=desk.clock)

    events = desk.store.events(a.SELLER, evidence_pack_ref(pack.id))
    routed = [one for stored in events for one in route_event(stored, label_delay_seconds=60)]

    assert {one.destination for one in routed} == {Destination.LABELS}
    assert [(one.message.body["task"], one.message.body["pack"]) for one in routed] == [
        ("pack", pack.id),
        ("drop_pack", pack.id),
    ]


def test_a_pack_for_a_claim_or_return_of_another_posting_is_refused(desk: Desk) -> None:
    claim = Claim(
        seller=a.SELLER,
        id="c1",
        version=1,
        kind=ClaimKind.PACKING_EVIDENCE,
        state=ClaimState.OPEN,
        posting_number="1-1-1",
        asked_at=a.NOW,
        answer_by=a.NOW + timedelta(days=2),
        source="hand",
    )
    desk.store.commit([SaveClaim(claim), SaveClaim(replace(claim, id="c2", posting_number=a.NUMBER))])

    with pytest.raises(InvalidInputError) as refused:
        ask(desk, claim_id="c1", return_id="none")
    assert [name for name, _ in refused.value.errors] == ["claim_id", "return_id"]
    assert make(desk, claim_id="c2").claim_id == "c2"


def test_the_act_of_the_carriage_that_a_posting_left_with_is_in_its_pack(desk: Desk) -> None:
    day = f"{a.NOW:%Y%m%d}"
    posting = desk.store.posting(a.SELLER, a.NUMBER)
    assert posting is not None
    act = label_pdf("АКТ")
    desk.documents.put("carriages/act.pdf", act, content_type="application/pdf")
    carriage = Carriage(
        seller=a.SELLER,
        id=f"{day}-abc",
        version=1,
        state=CarriageState.DOCUMENTED,
        delivery_method_id="7",
        departure=f"{a.NOW:%Y-%m-%d}",
        asked_at=a.NOW,
        asked_by="key:k1",
        scanned=(a.NUMBER,),
        documents={"act": "carriages/act.pdf"},
        approved_at=a.NOW,
    )
    others = (replace(carriage, id=f"{day}-xyz", scanned=("1-1-1",)), replace(carriage, id="20200101-old"))
    desk.store.commit([SavePosting(replace(posting, version=2, handed_over_at=a.NOW))])
    desk.store.commit([SaveCarriage(one) for one in (carriage, *others)])

    pack = make(desk)

    assert opened(desk, pack)[f"papers/act-{day}-abc.pdf"] == act
    assert [record["what"] for record in manifest(desk, pack)["records"]] == ["act", "history"]


def test_a_finished_pack_is_told_in_its_history(desk: Desk) -> None:
    pack = make(desk)

    events = desk.store.events(a.SELLER, evidence_pack_ref(pack.id))

    assert [stored.event.type for stored in events] == [EventType.PACK_REQUESTED, EventType.PACK_FINISHED]


def test_a_pack_for_a_claim_speaks_russian_because_the_marketplace_reads_it() -> None:
    desk = Desk(language="zh")
    claim = Claim(
        seller=a.SELLER,
        id="c1",
        version=1,
        kind=ClaimKind.PACKING_EVIDENCE,
        state=ClaimState.OPEN,
        posting_number=a.NUMBER,
        asked_at=a.NOW,
        answer_by=a.NOW + timedelta(days=2),
        source="hand",
    )
    desk.store.commit([SaveClaim(claim)])
    full(desk)

    own, for_claim = make(desk), make(desk, claim_id="c1", purpose="claim")

    assert "货件证据" in words(desk.documents.files[own.pdf_key])
    assert "Доказательства по отправлению" in words(desk.documents.files[for_claim.pdf_key])
