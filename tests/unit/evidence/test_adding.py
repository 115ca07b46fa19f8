"""Adding evidence: files by announcement and completion, pieces at once, always one chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.evidence.pieces import MOST_PIECES
from shipby.application.evidence.views import get_evidence
from shipby.application.ports.writes import AppendEvidence, SaveReturn, SaveSettings
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, StageMismatchError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.evidence.chain import next_item
from shipby.domain.evidence.pieces import EvidenceKind
from tests.support import builders as a
from tests.unit.evidence.evidence_support import Desk, mp4, pdf, picture, sha256

JPEG = picture()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def listed(desk: Desk) -> dict[str, Any]:
    return get_evidence(a.SELLER, a.NUMBER, store=desk.store, documents=desk.documents, clock=desk.clock)


def kept(desk: Desk) -> list[str]:
    return sorted(desk.documents.files)


def test_a_photo_is_announced_sent_and_taken_into_the_chain(desk: Desk) -> None:
    answer = desk.announce(desk.wish(JPEG, "image/jpeg", about="packing"))
    identifier = desk.send(JPEG, about="packing")
    done = desk.complete(identifier)

    upload = answer.body["upload"]
    assert isinstance(upload, dict)
    assert (answer.status, answer.body["state"], answer.body["id"], upload["method"]) == (
        201,
        "waiting",
        identifier,
        "PUT",
    )
    item = done.body["item"]
    assert isinstance(item, dict)
    assert (done.status, done.body["state"], item["sequence"], item["sha256"]) == (200, "added", 1, sha256(JPEG))
    assert item["data"] == {"about": "packing", "width": 640, "height": 480}
    # It lies where it is kept, and not any more where it arrived.
    assert kept(desk) == [f"evidence/180/{a.SELLER}/{a.NUMBER}/{identifier}.jpg"]
    shown = listed(desk)
    assert (shown["intact"], shown["count"], shown["hash"]) == (True, 1, item["hash"])
    assert "evidence/180/" in str(shown["items"][0]["link"])


def test_each_piece_is_a_version_of_its_posting_so_that_its_history_has_no_gap(desk: Desk) -> None:
    desk.add(EvidenceKind.SCAN, code="46070123\x0045678")
    desk.add(EvidenceKind.WEIGHT, grams=1240)
    desk.complete(desk.send(JPEG))

    posting = desk.store.posting(a.SELLER, a.NUMBER)
    events = desk.store.events(a.SELLER, posting_ref(a.NUMBER))
    items = desk.store.evidence(a.SELLER, a.NUMBER)
    assert posting is not None
    assert posting.version == 4
    assert [stored.version for stored in events] == [1, 2, 3, 4]
    assert posting.next_alarm is not None  # its clocks go on
    added = [stored.event.data for stored in events if stored.event.type is EventType.EVIDENCE_ADDED]
    assert [(data["sequence"], data["hash"]) for data in added] == [(item.sequence, item.hash) for item in items]
    assert [item.data for item in items[:2]] == [{"code": "4607012345678"}, {"grams": 1240}]


@pytest.mark.parametrize("kind", [EvidenceKind.NOTE, EvidenceKind.CHAT])
def test_what_people_write_lies_in_a_file_and_nowhere_in_the_table(desk: Desk, kind: EvidenceKind) -> None:
    text = "Анна Петрова, +7 900 000-00-00: не хватает чашки"
    desk.add(kind, text=text)

    (item,) = desk.store.evidence(a.SELLER, a.NUMBER)
    assert desk.documents.files[item.key].decode() == text
    assert (item.sha256, item.size, item.data) == (sha256(text.encode()), len(text.encode()), {})
    everything = repr([item, desk.store.events(a.SELLER, posting_ref(a.NUMBER)), listed(desk)])
    assert "Петрова" not in everything
    assert "900" not in everything


def test_the_same_file_completed_twice_is_one_item_and_one_answer(desk: Desk) -> None:
    identifier = desk.send(JPEG)

    answers = [desk.complete(identifier) for _ in range(3)]
    again = desk.announce(desk.wish(JPEG, "image/jpeg"))

    assert answers[0] == answers[1] == answers[2]
    assert (again.body["state"], again.body["item"]) == ("added", answers[0].body["item"])
    assert len(desk.store.evidence(a.SELLER, a.NUMBER)) == 1


def test_completions_at_the_same_time_make_one_chain_without_gaps(desk: Desk) -> None:
    identifiers = [desk.send(picture(size=(64 + index, 64))) for index in range(4)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(desk.complete, [*identifiers, identifiers[0]]))

    assert all(answer.body["state"] == "added" for answer in answers)
    assert (listed(desk)["intact"], listed(desk)["count"]) == (True, 4)


def test_a_worker_that_dies_before_the_chain_is_written_leaves_nothing_half_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = desk.send(JPEG)
    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "commit", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            desk.complete(identifier)
    assert desk.store.evidence(a.SELLER, a.NUMBER) == []

    assert desk.complete(identifier).body["state"] == "added"
    assert len(kept(desk)) == 1


@pytest.mark.parametrize(
    ("content", "content_type", "why"),
    [
        (b"#!/bin/sh\nrm -rf /\n" * 20, "image/jpeg", "something else"),
        (b"<svg onload=alert(1)><script>1</script></svg>" * 9, "image/png", "script|something else"),
        (JPEG + b"<script>alert(1)</script>", "image/jpeg", "<script"),
        (pdf(b"/JavaScript 1 0 R"), "image/jpeg", "application/pdf"),
    ],
)
def test_a_photo_that_is_a_script_is_deleted_and_nothing_is_added(
    desk: Desk, content: bytes, content_type: str, why: str
) -> None:
    identifier = desk.send(content, content_type)

    with pytest.raises(InvalidInputError, match=why):
        desk.complete(identifier)

    posting = desk.store.posting(a.SELLER, a.NUMBER)
    assert posting is not None
    assert (kept(desk), desk.store.evidence(a.SELLER, a.NUMBER), posting.version) == ([], [], 1)


def test_another_file_than_was_announced_is_deleted_and_nothing_is_added(desk: Desk) -> None:
    for other in (picture(colour="red"), JPEG + b"\0", JPEG[:-1] + b"\0"):
        identifier = desk.send(JPEG)
        upload = desk.store.evidence_upload(a.SELLER, a.NUMBER, identifier)
        assert upload is not None
        desk.documents.files[upload.key] = other
        with pytest.raises(InvalidInputError, match="announced"):
            desk.complete(identifier)
        assert kept(desk) == []
    assert desk.store.evidence(a.SELLER, a.NUMBER) == []


def test_a_file_of_2_gb_is_refused_before_anything_is_sent(desk: Desk) -> None:
    wish = desk.wish(mp4(), "video/mp4", kind=EvidenceKind.VIDEO, size=2 * 1024**3)

    with pytest.raises(InvalidInputError) as refused:
        desk.announce(wish)

    assert refused.value.errors[0][0] == "size"
    assert "100 MiB" in refused.value.errors[0][1]


def test_a_file_that_was_not_sent_or_not_announced_cannot_be_completed(desk: Desk) -> None:
    identifier = str(desk.announce(desk.wish(JPEG, "image/jpeg")).body["id"])

    with pytest.raises(StageMismatchError, match="has not arrived"):
        desk.complete(identifier)
    with pytest.raises(NotFoundError, match="announce it"):
        desk.complete("0" * 20)


def test_a_file_belongs_to_the_posting_it_was_announced_for(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="no posting"):
        desk.announce(desk.wish(JPEG, "image/jpeg", number="1-1-1"))
    with pytest.raises(InvalidInputError, match="no return"):
        desk.announce(desk.wish(JPEG, "image/jpeg", return_id="77"))
    desk.store.commit([SaveReturn(a.return_case(posting_number=a.NUMBER))])
    done = desk.complete(desk.send(JPEG, return_id=a.RETURN_ID))
    assert done.body["item"]["return_id"] == a.RETURN_ID  # type: ignore[index, call-overload]  # a view


@pytest.mark.parametrize(
    ("kind", "fields", "blamed"),
    [
        (EvidenceKind.SCAN, {}, "data/code"),
        (EvidenceKind.SCAN, {"code": "\x00\x07 "}, "data/code"),
        (EvidenceKind.SCAN, {"code": "1", "grams": 5}, "data/grams"),
        (EvidenceKind.WEIGHT, {}, "data/grams"),
        (EvidenceKind.WEIGHT, {"grams": 0}, "data/grams"),
        (EvidenceKind.WEIGHT, {"grams": -5}, "data/grams"),
        (EvidenceKind.WEIGHT, {"grams": 10**9}, "data/grams"),
        (EvidenceKind.NOTE, {"text": "x" * 4001}, "data/text"),
        (EvidenceKind.CHAT, {}, "data/text"),
        (EvidenceKind.PHOTO, {"text": "x"}, "content_type"),
    ],
)
def test_a_piece_that_is_not_complete_is_refused_with_the_field(
    desk: Desk, kind: EvidenceKind, fields: dict[str, Any], blamed: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        desk.add(kind, **fields)

    assert blamed in [name for name, _ in refused.value.errors]
    assert (kept(desk), desk.store.evidence(a.SELLER, a.NUMBER)) == ([], [])


def test_a_file_has_no_code_weight_or_text(desk: Desk) -> None:
    with pytest.raises(InvalidInputError) as refused:
        desk.announce(desk.wish(JPEG, "image/jpeg", grams=5, text="x"))

    assert [name for name, _ in refused.value.errors] == ["data/grams", "data/text"]


def test_a_posting_takes_a_bounded_number_of_pieces(desk: Desk) -> None:
    for _ in range(MOST_PIECES):
        head = desk.store.evidence_chain(a.SELLER, a.NUMBER)
        item = next_item(
            head, seller=a.SELLER, number=a.NUMBER, kind=EvidenceKind.SCAN, at=a.NOW, actor="k", sha256=a.HASH
        )
        desk.store.commit([AppendEvidence(item)])

    with pytest.raises(ActionNotOfferedError):
        desk.add(EvidenceKind.SCAN, code="1")
    with pytest.raises(ActionNotOfferedError):
        desk.announce(desk.wish(JPEG, "image/jpeg"))


def test_files_are_kept_as_long_as_the_seller_says_and_their_links_end_with_them(desk: Desk) -> None:
    known = desk.store.settings(a.SELLER)
    assert known is not None
    desk.store.commit([SaveSettings(replace(known, version=known.version + 1, evidence_kept=timedelta(days=60)))])
    desk.complete(desk.send(JPEG))
    assert kept(desk)[0].startswith("evidence/90/")

    desk.clock.advance(timedelta(days=90))

    (item,) = listed(desk)["items"]
    assert (item["link"], listed(desk)["intact"]) == (None, True)


def test_a_chain_that_somebody_changed_in_the_table_is_shown_as_broken(desk: Desk) -> None:
    for code in ("1", "2", "3"):
        desk.add(EvidenceKind.SCAN, code=code)
    rows = desk.store.evidence(a.SELLER, a.NUMBER)
    desk.store.evidence = lambda *_: [rows[0], replace(rows[1], data={"code": "9"}), rows[2]]  # type: ignore[method-assign]  # a forged table

    shown = listed(desk)

    assert (shown["intact"], shown["broken_at"]) == (False, 2)
    desk.store.evidence = lambda *_: rows[:2]  # type: ignore[method-assign]  # a forged table
    assert (listed(desk)["intact"], listed(desk)["broken_at"]) == (False, 3)
