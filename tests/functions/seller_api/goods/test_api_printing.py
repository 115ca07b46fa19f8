"""Printing through the API: what is asked, how a job shows itself, the log of prints, a scan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from shipby.application.ports.writes import AppendEvents, SaveDocument, SavePosting, SavePrintJob
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.labels.copies import copy_code
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.labels.prints import PrintState
from shipby.domain.postings.posting import RungKind
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

WHOLE = {
    "posting_numbers": [a.NUMBER],
    "order": "pick",
    "content": "labels",
    "source": "own",
    "form": "small",
    "size": "100x150",
    "sheet": "a4-4",
    "format": "pdf",
    "dpi": 300,
    "matrix": "data_matrix",
    "slips": True,
    "language": "kk",
    "reason": "it tore",
}


def printed(api: Caller, *, copies: int = 1) -> Document:
    """A posting whose own label was printed."""
    posting = api.has_posting(a.posting(tracking_number="T1"))
    api.has(SavePosting(replace(posting, version=2, printed_at=a.NOW)))
    paper = a.document(
        id="own",
        kind=DocumentKind.OWN_LABEL,
        state=DocumentState.READY,
        printed_count=copies,
        printed_at=a.NOW,
        printed_by="key:k7",
        print_reason="it tore",
        printed_as=f"{a.NUMBER} T1",
    )
    api.has(SaveDocument(paper))
    return paper


def test_everything_that_can_be_asked_is_kept_with_the_job(api: Caller) -> None:
    api.has_posting()
    reply = api.post("/v1/labels", WHOLE)
    assert (reply.status, reply.body["state"], reply.body["total"]) == (202, "waiting", 1)
    assert reply.body["style"] == {
        key: value for key, value in WHOLE.items() if key not in ("posting_numbers", "content", "reason")
    }
    assert (reply.body["content"], reply.body["reason"]) == ("labels", "it tore")
    assert api.get(reply.headers["Location"]).body == reply.body


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"order": "random"}, "order"),
        ({"content": "poems"}, "content"),
        ({"size": "10x10"}, "size"),
        ({"dpi": 600}, "dpi"),
        ({"dpi": "203"}, "dpi"),
        ({"language": "de"}, "language"),
        ({"slips": "yes"}, "slips"),
        ({"format": "zpl", "sheet": "a4-8"}, "sheet"),
        ({"reason": "x" * 501}, "reason"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_printed_is_refused_by_field(api: Caller, more: dict[str, object], field: str) -> None:
    api.has_posting()
    reply = api.post("/v1/labels", {"posting_numbers": [a.NUMBER], **more})
    assert (reply.status, reply.fields) == (400, [field])


def test_a_reprint_without_a_reason_names_the_prints_before(api: Caller) -> None:
    printed(api)
    reply = api.post("/v1/labels", {"posting_numbers": [a.NUMBER]})
    assert (reply.status, reply.fields) == (400, ["reason", f"posting_numbers/{a.NUMBER}"])
    assert "key:k7" in str(reply.body["errors"])
    assert api.post("/v1/labels", {"posting_numbers": [a.NUMBER], "reason": "wet"}).status == 202


def test_one_idempotency_key_is_one_job(api: Caller) -> None:
    api.has_posting()
    first = api.post("/v1/labels", {"posting_numbers": [a.NUMBER]}, key="k-1")
    api.clock.advance(timedelta(seconds=5))
    assert api.post("/v1/labels", {"posting_numbers": [a.NUMBER]}, key="k-1") == first


def test_a_file_that_was_deleted_has_no_link(api: Caller) -> None:
    job = a.print_job()
    api.has(SavePrintJob(job))
    ready = replace(
        job, version=2, state=PrintState.READY, key="personal/prints/x.pdf", personal=True,
        next_alarm=a.alarm(a.NOW + timedelta(hours=4), RungKind.EXPIRE_AT),
    )  # fmt: skip
    api.has(SavePrintJob(ready))
    body = api.get("/v1/labels/job-1").body
    assert body["link"] == "https://files.example/personal/prints/x.pdf?expires=300"
    assert (body["personal"], body["expires_at"]) == (True, "2026-03-02T13:00:00Z")
    api.has(SavePrintJob(replace(ready, version=3, state=PrintState.EXPIRED, next_alarm=None)))
    body = api.get("/v1/labels/job-1").body
    assert (body["state"], body["link"], body["expires_at"]) == ("expired", None, None)


def test_the_log_of_prints_names_each_copy(api: Caller) -> None:
    printed(api)
    events = [
        Event(
            type=EventType.LABEL_PRINTED,
            at=a.NOW,
            actor=f"key:k{copy}",
            reason="wet" if copy > 1 else "",
            data={"job": f"job-{copy}", "copy": copy, "kind": "own_label", "form": "75x120"},
        )
        for copy in (1, 2)
    ]
    api.has(AppendEvents(a.SELLER, posting_ref(a.NUMBER), 2, tuple(events)))
    first, second = api.get(f"/v1/postings/{a.NUMBER}/prints").body["items"]
    assert (first["copy"], first["by"], first["reason"], first["current"]) == (1, "key:k1", None, False)
    assert (second["copy"], second["by"], second["reason"], second["current"]) == (2, "key:k2", "wet", True)
    assert (second["job"], second["kind"], second["form"]) == ("job-2", "own_label", "75x120")
    assert api.get("/v1/postings/nobody/prints").status == 404


@pytest.mark.parametrize("role", ["packer", "support", "integration"])
def test_a_scan_tells_everybody_whether_the_label_is_current(api: Caller, role: str) -> None:
    printed(api, copies=2)
    code = copy_code(a.NUMBER, DocumentKind.OWN_LABEL, 1)
    body = api.as_role(role).get(f"/v1/labels/scan/{quote(code, safe='')}").body
    assert (body["posting_number"], body["copy"], body["copies"], body["current"]) == (a.NUMBER, 1, 2, False)
    assert (body["next"], body["why_not"]) == (
        "use_current",
        "voided by copy 2 at 2026-03-02T09:00:00Z by key:k7 because it tore",
    )


def test_an_unknown_code_is_told_with_what_to_do(api: Caller) -> None:
    printed(api)
    reply = api.get("/v1/labels/scan/nothing")
    assert reply.status == 404
    assert "Scan the label's largest barcode again" in reply.body["detail"]
    assert api.as_seller("seller-2").get(f"/v1/labels/scan/{a.NUMBER}").status == 404
