"""Pages that were set aside, and labels that wait for a person's word."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Paged, Time, View
from shipby.domain.labels.documents import DocumentKind, DocumentState
from shipby.domain.labels.pages import PageVerdict


class RefusedPagesQuery(Paged):
    date: Annotated[date, Field(description="The day (UTC) on which the page was set aside.")]


class RefusedPageView(View):
    """A page of a label file that was set aside and never printed: why, and what it says."""

    id: str
    at: Time
    verdict: Annotated[
        PageVerdict,
        Field(
            description="mismatch: it contradicts itself; foreign: not asked for; double: it came before; unreadable: "
            "it says nothing, so its posting's label was asked for again alone."
        ),
    ]
    reason: str
    page: Annotated[int, Field(description="Its number in the file, from 1; never what it is bound by.")]
    asked_for: Annotated[list[str], Field(description="Postings the file was asked for; the first 20.")]
    names: Annotated[list[str], Field(description="Postings that it names.")]
    barcodes: list[str]
    form: str | None
    sha256: str
    link: Annotated[str | None, Field(description="The page as a PDF; the link works for 300 seconds.")]


class LabelView(View):
    """A label kept for a posting, and whether it may print."""

    id: Annotated[str, Field(description="label: the big form; label-small; own; sticker.")]
    posting_number: str
    kind: DocumentKind
    form: Annotated[str | None, Field(description="big or small, else the paper's size.")]
    state: DocumentState
    printable: Annotated[bool, Field(description="An unproven label prints only after its override.")]
    pages: int
    sha256: str | None
    barcodes: Annotated[list[str], Field(description="Read back from the page itself.")]
    printed_count: int
    printed_at: Annotated[Time | None, Field(description="When its last copy was printed.")]
    attempts: int
    asked_at: Time
    ready_at: Time | None
    personal: Annotated[bool, Field(description="It shows a person, so its file is deleted within hours of printing.")]
    gone_at: Time | None
    problem: str | None
    override_reason: str | None
    override_by: str | None
    link: Annotated[
        str | None, Field(description="The PDF of a label that could not be read back, to look at; works 300 seconds.")
    ]
