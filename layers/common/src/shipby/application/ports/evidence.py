"""What making an evidence pack needs from outside: drawing its document, pictures of files, and an archive on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from shipby.domain.events import EventType
    from shipby.domain.evidence.pieces import EvidenceKind
    from shipby.domain.json_types import Json


@dataclass(frozen=True, slots=True)
class Picture:
    """A small JPEG of something, with its size in pixels."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPiece:
    """One item of the chain as the document shows it."""

    sequence: int
    kind: EvidenceKind
    at: datetime
    actor: str
    sha256: str
    hash: str
    content_type: str
    size: int
    data: Mapping[str, Json]
    return_id: str
    name: str
    """Of its file in the archive; empty where it has none there."""
    problem: str
    """One of PROBLEMS, or empty."""
    text: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPaper:
    """Something that the product knew by itself; it is not in the chain."""

    what: str
    """One of PAPERS."""
    sha256: str
    name: str
    at: datetime | None = None
    detail: str = ""
    problem: str = ""
    picture: Picture | None = None


GONE, CHANGED, TOO_LARGE, NOT_SHOWN = "gone", "changed", "too_large", "not_shown"
PROBLEMS = (GONE, CHANGED, TOO_LARGE, NOT_SHOWN)
"""A file that is no longer kept; that is not what was added; that is too large for the archive; whose picture cannot be
drawn."""
LABEL, ACT, BENCH, HISTORY, TRACKING = "label", "act", "bench", "history", "tracking"
PAPERS = (LABEL, ACT, BENCH, HISTORY, TRACKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackMoment:
    """One line of the timeline. `detail` needs no translation: numbers, codes, names."""

    at: datetime
    type: EventType
    actor: str
    detail: str = ""
    piece: tuple[int, EvidenceKind] | None = None
    """The item of the chain that was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackGood:
    """A product line of the posting."""

    offer: str
    name: str
    quantity: int
    scanned: int | None
    """Pieces scanned into the parcel; None where nothing was scanned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSheet:
    """All that the document says."""

    language: str
    zone: str
    pack_id: str
    seller: str
    posting_number: str
    order_number: str
    scheme: str
    status: str
    tracking_number: str
    purpose: str
    claim_id: str
    return_id: str
    asked_at: datetime
    asked_by: str
    chain_hash: str
    broken_at: int | None
    goods: tuple[PackGood, ...]
    pieces: tuple[PackPiece, ...]
    papers: tuple[PackPaper, ...]
    moments: tuple[PackMoment, ...]


class PackPress(Protocol):
    """Draws; nothing is ever marked up, and no file is trusted."""

    def picture(self, content: bytes, content_type: str) -> Picture:
        """A small picture of a picture. Raises InvalidInputError if it cannot be drawn within bounds."""

    def first_page(self, pdf: bytes) -> Picture:
        """A small picture of a PDF's first page. Raises InvalidInputError."""

    def document(self, sheet: PackSheet) -> bytes:
        """The PDF; the same sheet gives the same bytes. Raises InvalidInputError."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it went into the archive."""

    size: int
    sha256: str


class Archive(Protocol):
    """One ZIP in the making; the same files in the same order give the same bytes."""

    def add(self, name: str, parts: Iterable[bytes]) -> Stored:
        """Write a file."""

    def finish(self) -> tuple[BinaryIO, str]:
        """The whole ZIP, to be read from its beginning, and its SHA-256."""

    def close(self) -> None:
        """Forget it."""


class Archives(Protocol):
    """Begins archives."""

    def begin(self) -> Archive: ...
