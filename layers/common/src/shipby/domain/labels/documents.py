"""Labels and other papers: what is kept of them, how a batch is printed, and what a page was refused for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    newest_only: bool = False
    """Only a file of its newest ask is taken: what was asked for before may show the order as it was."""
