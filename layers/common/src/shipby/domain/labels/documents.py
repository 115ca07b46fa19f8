"""Labels and other papers: what is kept of them, how a batch is printed, and what a page was refused for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.labels.options import HandlingMark, LabelForm, LabelFormat, LabelSize, MatrixCode, Sheet
from shipby.domain.postings.posting import Alarm

__all__ = [
    "BenchCheck",
    "Document",
    "DocumentKind",
    "DocumentState",
    "HandlingMark",
    "LabelForm",
    "LabelFormat",
    "LabelSize",
    "LabelSource",
    "MatrixCode",
    "PageVerdict",
    "PrintContent",
    "PrintJob",
    "PrintState",
    "PrintStyle",
    "ProductCard",
    "RefusedPage",
    "Sheet",
]


class DocumentKind(StrEnum):
    """What kind of paper it is."""

    LABEL = "label"
    """The marketplace's own label."""
    OWN_LABEL = "own_label"
    """Drawn by us, for parcels that the seller or their carrier delivers."""
    STICKER = "sticker"
    """Drawn by us, for the seller's own use: number, goods, code."""


class DocumentState(StrEnum):
    """Whether a paper is there."""

    WAITING = "waiting"
    """Asked for, not yet prepared by the marketplace."""
    READY = "ready"
    UNPROVEN = "unproven"
    """It is there, but its page could not be read back: it prints only by a person's override with a reason."""
    FAILED = "failed"
    """Refused for good or set aside: `problem` says why."""


class PageVerdict(StrEnum):
    """What reading a page back from its picture proved."""

    PROVEN = "proven"
    """It names exactly the posting it was asked for."""
    UNREADABLE = "unreadable"
    """It names no posting at all. The marketplace may have changed its layout: a warning, no proof of a mistake."""
    MISMATCH = "mismatch"
    """It names several postings."""
    DOUBLE = "double"
    """The same page came before."""
    FOREIGN = "foreign"
    """It names a posting that was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A label or other paper of a posting."""

    seller: str
    posting_number: str
    id: str
    kind: DocumentKind
    state: DocumentState
    version: int
    asked_at: datetime
    """When it was last asked for."""
    key: str = ""
    """Object key in the document store."""
    sha256: str = ""
    pages: int = 0
    barcodes: tuple[str, ...] = ()
    """What was read back from the page itself."""
    printed_count: int = 0
    """How many copies were printed; only the last one is current."""
    attempts: int = 0
    problem: str = ""
    form: str = ""
    """big or small for the marketplace's label, else the paper's size, such as 75x120."""
    personal: bool = False
    """Whether it shows a person's name or address: then it is deleted within hours of printing."""
    override_reason: str = ""
    """Why a person lets an unproven label print."""
    override_by: str = ""
    ready_at: datetime | None = None
    gone_at: datetime | None = None
    """When its file was deleted because it shows a person."""
    last_job: str = ""
    """The print job that printed its newest copy."""
    printed_at: datetime | None = None
    """When the newest copy was printed; with who asked for it and why, if it was not the first."""
    printed_by: str = ""
    print_reason: str = ""
    printed_as: str = ""
    """What the newest copy was printed from: sha256 of the marketplace's label, or what the bars of our own one say.
    If that is something else now, the copy is no longer right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage:
    """A page of a label file that was set aside: why, what it says, and where it lies."""

    seller: str
    id: str
    at: datetime
    verdict: PageVerdict
    reason: str
    page: int
    """Its number in the file, from 1; never what it is bound by."""
    asked_for: tuple[str, ...] = ()
    """Postings the file was asked for (the first 20)."""
    names: tuple[str, ...] = ()
    """Posting numbers it names."""
    barcodes: tuple[str, ...] = ()
    form: str = ""
    sha256: str = ""
    key: str = ""


class PrintState(StrEnum):
    """Whether a job's file is there; `failed`: it has nothing of what was asked; `expired`: it was deleted."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class PrintContent(StrEnum):
    """What a job prints."""

    LABELS = "labels"
    STICKERS = "stickers"
    PICK_LIST = "pick_list"
    PACKING_SLIPS = "packing_slips"


class LabelSource(StrEnum):
    """Whose label: the marketplace's wherever it makes one, or one of the two whatever the posting is."""

    AUTO = "auto"
    OFFICIAL = "official"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintStyle:
    """How a batch is printed."""

    content: PrintContent = PrintContent.LABELS
    source: LabelSource = LabelSource.AUTO
    form: LabelForm = LabelForm.BIG
    """Which of the marketplace's two sizes."""
    size: LabelSize = LabelSize.MM75X120
    """Of our own labels, stickers and thermal slips."""
    sheet: Sheet = Sheet.NONE
    format: LabelFormat = LabelFormat.PDF
    dpi: int = 203
    """Dots per inch of the label printer: 203 or 300."""
    matrix: MatrixCode = MatrixCode.QR
    slips: bool = False
    """Whether each label is followed by its packing slip."""
    language: str = "ru"
    """ru, zh, en or kk."""
    order: str = "given"
    """given (as listed), ladder (earliest cut-off first) or pick (by bin, then ladder)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """A wish for one file with the papers of several postings, in print order."""

    seller: str
    id: str
    version: int
    state: PrintState
    numbers: tuple[str, ...]
    asked_at: datetime
    asked_by: str
    key: str = ""
    """Object key of the finished file."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Posting number -> why its paper is not in the file."""
    attempts: int = 0
    style: PrintStyle = field(default_factory=PrintStyle)
    reason: str = ""
    """Why it is printed again; needed where a label was printed before."""
    done: int = 0
    """Postings prepared so far, out of `numbers`."""
    pages: int = 0
    copies: Mapping[str, int] = field(default_factory=dict)
    """Posting number -> which copy of its label this is; 1 is the first."""
    personal: bool = False
    """Whether the file shows a person's name or address."""
    finished_at: datetime | None = None
    next_alarm: Alarm | None = None
    """When a personal file is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCard:
    """What the warehouse knows of a product: where it lies, what its barcodes are, how it is handled."""

    seller: str
    sku: str
    """The marketplace's SKU."""
    version: int
    bin: str = ""
    barcodes: tuple[str, ...] = ()
    """What a scanner reads off the product (EAN-13 and the like)."""
    marks: tuple[HandlingMark, ...] = ()
    inserts: tuple[str, ...] = ()
    """What goes into the parcel with it: a manual, a card."""
    note: str = ""
    """Told to the packer, such as how to wrap it."""
    product_type: str = ""
    """Which return policy holds for it."""
    supplier: str = ""
    """Who delivered it, for figures by supplier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchCheck:
    """What was scanned into a posting's parcel so far."""

    seller: str
    posting_number: str
    version: int
    scanned: Mapping[str, int] = field(default_factory=dict)
    """SKU -> pieces."""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    by: str = ""
