"""Printing: what is asked, how a job stands, the log of prints, and what a scanned label says."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import ActorName, Number, Paged, Request, Time, View
from shipby.domain.labels.copies import NextStep
from shipby.domain.labels.documents import DocumentKind, DocumentState
from shipby.domain.labels.options import LabelForm, LabelFormat, LabelSize, MatrixCode, Sheet
from shipby.domain.labels.pages import PageVerdict
from shipby.domain.labels.prints import LabelSource, PrintContent, PrintState
from shipby.domain.postings.posting import Stage

Language = Literal["ru", "zh", "en", "kk"]


class LabelsBody(Request):
    """What is left out comes from the settings (own_label, label_form, language)."""

    posting_numbers: Annotated[list[Number], Field(min_length=1, max_length=1000)]
    order: Annotated[
        Literal["given", "ladder", "pick"],
        Field(description="As listed; the earliest cut-off first; or by bin, then cut-off."),
    ] = "given"
    content: Annotated[
        Literal["labels", "stickers", "packing_slips", "pick_list"],
        Field(description="Stickers are for your own use: number, goods, code, and no recipient."),
    ] = "labels"
    source: Annotated[
        Literal["auto", "official", "own"],
        Field(description="auto: the marketplace's label wherever it makes one, your own for your own carrier."),
    ] = "auto"
    form: Annotated[Literal["big", "small"] | None, Field(description="Of the marketplace's label.")] = None
    size: Annotated[
        Literal["58x40", "75x120", "100x150"] | None,
        Field(description="Millimetres, of your own labels, stickers and slips. Pick lists and slips: A4 without it."),
    ] = None
    sheet: Annotated[
        Literal["none", "a4-4", "a4-8"] | None,
        Field(description="Several labels on an A4 sheet. For pick lists and slips any of them means whole A4 pages."),
    ] = None
    format: Annotated[
        Literal["pdf", "zpl", "png"] | None,
        Field(description="png shows the first page, is no print and counts as none."),
    ] = None
    dpi: Annotated[Literal[203, 300] | None, Field(description="Of the label printer.")] = None
    matrix: Literal["qr", "data_matrix"] | None = None
    slips: Annotated[bool, Field(description="Each label is followed by its packing slip.")] = False
    language: Annotated[Language | None, Field(description="Of the words that are ours.")] = None
    reason: Annotated[
        str,
        Field(max_length=500, description="Why labels are printed again: needed where one was printed before."),
    ] = ""


class PrintStyleView(View):
    order: str
    source: LabelSource
    form: LabelForm
    size: LabelSize
    sheet: Sheet
    format: LabelFormat
    dpi: int
    matrix: MatrixCode
    slips: bool
    language: str


class PrintJobView(View):
    id: str
    state: Annotated[PrintState, Field(description="expired: it showed a person, and its file was deleted.")]
    content: PrintContent
    posting_numbers: Annotated[list[str], Field(description="Once ready: those printed, in print order, first.")]
    done: Annotated[int, Field(description="Postings prepared so far.")]
    total: int
    problems: Annotated[dict[str, str], Field(description="Posting number -> why its paper is not in the file.")]
    pages: int
    copies: Annotated[dict[str, int], Field(description="Posting number -> which copy of its label this is.")]
    style: PrintStyleView
    reason: str | None
    asked_at: Time
    asked_by: str
    asked_by_name: ActorName = None
    finished_at: Time | None
    personal: Annotated[bool, Field(description="The file shows a person, so it is deleted at expires_at.")]
    expires_at: Time | None
    content_type: Literal["application/pdf", "application/zpl", "image/png"]
    link: Annotated[str | None, Field(description="The file, once it is ready; works for 300 seconds.")]


class PrintLogView(View):
    """One printed copy."""

    at: Time
    by: Annotated[str, Field(description="Who asked for it.")]
    by_name: ActorName = None
    reason: Annotated[str | None, Field(description="Why it was printed again.")]
    kind: DocumentKind
    form: Annotated[str | None, Field(description="big or small, else the paper's size.")]
    copy_number: Annotated[int, Field(alias="copy")]
    job: str
    current: Annotated[bool, Field(description="Only the newest copy is; every print voids the ones before.")]


class ScanView(View):
    """What a scanned code says of its parcel."""

    posting_number: str
    stage: Stage
    status: str
    kind: Annotated[
        Literal["label", "own_label", "sticker", "packing_slip", "tracking_number", "posting_number"],
        Field(description="What was scanned."),
    ]
    copy_number: Annotated[
        int | None,
        Field(alias="copy", description="Known for your own labels only: copies of the marketplace's look alike."),
    ]
    copies: Annotated[int, Field(description="How many were printed so far.")]
    current: Annotated[bool | None, Field(description="Null where a scan cannot tell.")]
    why_not: Annotated[str | None, Field(description="Why it is not current, or why nobody can tell.")]
    next: Annotated[NextStep, Field(description="What the packer does now.")]
    printed_at: Annotated[Time | None, Field(description="When the newest copy was printed.")]
    printed_by: str | None
    printed_by_name: ActorName = None
    cut_off: Time | None
    late: bool
    read_as: Annotated[str, Field(description="The code as it was understood.")]
    hint: Annotated[str | None, Field(description="What to put right at the scanner.")]


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
    override_by_name: ActorName = None
    link: Annotated[
        str | None, Field(description="The PDF of a label that could not be read back, to look at; works 300 seconds.")
    ]
