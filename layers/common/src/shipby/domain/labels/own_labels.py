"""What stands on our own labels, stickers, packing slips and pick lists; how it is drawn is the press's matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shipby.domain.labels.options import HandlingMark, LabelSize, MatrixCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A recipient or sender as printed. Personal data: it is never stored, logged or put into an event."""

    name: str
    address: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLine:
    """One line of goods."""

    offer_id: str
    name: str
    quantity: int
    sku: str = ""
    bin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLabel:
    """One label of a parcel. What is empty is left out."""

    posting_number: str
    """Code 128 and text."""
    code: str = ""
    """Content of the two-dimensional code; identifies this very copy (`shipby.domain.labels.copies`)."""
    tracking_number: str = ""
    """Code 128 and text."""
    carrier: str = ""
    recipient: Party | None = None
    sender: Party | None = None
    lines: tuple[LabelLine, ...] = ()
    marks: tuple[HandlingMark, ...] = ()
    day: date | None = None
    box: int = 1
    boxes: int = 1
    """Printed as "1 of 2" in the label's language where there are several."""
    note: str = ""
    cash_on_delivery: str = ""
    """Ready to print, such as "1 250,00 ₽"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLook:
    """How labels are drawn: size, printer and language."""

    size: LabelSize = LabelSize.MM75X120
    dpi: int = 203
    """203 (8 dots per millimetre) or 300 (11.8 dots)."""
    matrix: MatrixCode = MatrixCode.QR
    language: str = "ru"
    """ru, zh, en or kk: of the words that are ours, such as "from", "to", "1 of 2"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingSlip:
    """What goes into one parcel."""

    posting_number: str
    order_number: str
    lines: tuple[LabelLine, ...]
    inserts: tuple[str, ...] = ()
    marks: tuple[HandlingMark, ...] = ()
    notes: tuple[str, ...] = ()
    cut_off: datetime | None = None
    boxes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PickRow:
    """One product to fetch from one bin, and for which parcels."""

    bin: str
    sku: str
    offer_id: str
    name: str
    quantity: int
    """In total."""
    postings: tuple[tuple[str, int], ...]
    """Posting number and pieces, in the order of the ladder."""
    barcodes: tuple[str, ...] = ()
    marks: tuple[HandlingMark, ...] = ()
    cut_off: datetime | None = None
    """The earliest of its postings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickList:
    """A walk through the warehouse, sorted by bin, then ladder."""

    code: str
    """What its own code says, so that a scan opens the list."""
    made_at: datetime
    time_zone: str
    rows: tuple[PickRow, ...]
    postings: tuple[str, ...]
    """In pick order: the order in which their labels print."""
    warehouse_id: str = ""
