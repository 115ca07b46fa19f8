"""Print jobs: which papers of which postings in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.labels.options import LabelForm, LabelFormat, LabelSize, MatrixCode, Sheet
from shipby.domain.postings.posting import Alarm


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


class PrintOrder(StrEnum):
    """In which order the postings of a job are printed."""

    GIVEN = "given"
    LADDER = "ladder"
    """What ships first comes first."""
    PICK = "pick"
    """As they are picked: by bin."""


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
    order: PrintOrder = PrintOrder.GIVEN
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
