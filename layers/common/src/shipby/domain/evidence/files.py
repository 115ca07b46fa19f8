"""Files as evidence: which kinds take which types, how large they may be, where they lie, what their content proves.

A file is judged in one pass while it is read: its length, its SHA-256, its type by content, and whether something else
hides in it. Nothing is decoded here: how many pixels a picture would unpack to is read from its header.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shipby.domain.errors import InvalidInputError
from shipby.domain.evidence import shapes
from shipby.domain.evidence.pieces import EvidenceKind

MIB: Final = 1024 * 1024
LARGEST: Final[Mapping[str, int]] = {
    shapes.JPEG: 20 * MIB,
    shapes.PNG: 20 * MIB,
    shapes.WEBP: 20 * MIB,
    shapes.HEIC: 20 * MIB,
    shapes.MP4: 100 * MIB,
    shapes.QUICKTIME: 100 * MIB,
    shapes.WEBM: 100 * MIB,
    shapes.PDF: 20 * MIB,
}
"""Content type -> most bytes."""
_PICTURES = (shapes.JPEG, shapes.PNG, shapes.WEBP, shapes.HEIC)
_PAPERS = (shapes.PDF, shapes.JPEG, shapes.PNG)
TAKES: Final[Mapping[EvidenceKind, tuple[str, ...]]] = {
    EvidenceKind.PHOTO: _PICTURES,
    EvidenceKind.VIDEO: (shapes.MP4, shapes.QUICKTIME, shapes.WEBM),
    EvidenceKind.LABEL: _PAPERS,
    EvidenceKind.ACT: _PAPERS,
    EvidenceKind.CHAT: (*_PAPERS, shapes.WEBP),
}
"""Kinds that are files -> types. An excerpt of a chat may be a picture of it, or text."""
TEXT = "text/plain; charset=utf-8"
LONGEST_TEXT = 4000
"""Characters of a note or an excerpt of a chat."""
HEAVIEST = 1_000_000
"""Grams."""
MOST_PIXELS: Final[Mapping[str, int]] = {
    shapes.JPEG: 64_000_000,
    shapes.HEIC: 64_000_000,
    shapes.PNG: 40_000_000,
    shapes.WEBP: 40_000_000,
}
LONGEST_SIDE = 16_384
"""Pixels. Source: a WebP may be no longer; no camera makes longer pictures."""
KEPT_DAYS: Final = (30, 90, 180, 365, 1095)
"""How long files can be kept: the store deletes each folder's files by its own rule (infra/template.yaml)."""
INCOMING = "evidence/incoming"
"""Where announced files arrive; what is never completed is deleted from there after a day."""
ENDINGS: Final[Mapping[str, str]] = {
    shapes.JPEG: "jpg",
    shapes.PNG: "png",
    shapes.WEBP: "webp",
    shapes.HEIC: "heic",
    shapes.MP4: "mp4",
    shapes.QUICKTIME: "mov",
    shapes.WEBM: "webm",
    shapes.PDF: "pdf",
    TEXT: "txt",
    "application/zip": "zip",
}
_MARKUP = re.compile(rb"(?i)<(?:script[\s>/]|!doctype\s+html|html[\s>]|\?php[\s=]|iframe[\s>])")
"""What a browser or server would run, if it took the file for something else. All begin alike, so that 100 MiB are
searched in a third of a second and not in five."""
_EARLY_MARKUP = re.compile(rb"(?i)<svg[\s>:]|%PDF-")
"""Only looked for near the beginning, where other readers look: further on chance would make some."""
_EARLY = 4096
_OVERLAP = 32
_ARCHIVE_END = b"PK\x05\x06"
_ARCHIVE_TAIL = 65_557
"""The longest end record of a ZIP archive. Source: PKWARE APPNOTE 4.3.16."""


def check_announced(kind: EvidenceKind, content_type: str, size: int) -> None:
    """Raises InvalidInputError for a type that this kind does not take, or a size beyond its limit."""
    takes = TAKES.get(kind, ())
    errors: list[tuple[str, str]] = []
    if content_type not in takes:
        told = f"a {kind} takes {', '.join(takes)}" if takes else f"a {kind} has no file: leave content_type out"
        errors.append(("content_type", told))
    elif not 1 <= size <= LARGEST[content_type]:
        most = f"{LARGEST[content_type] // MIB} MiB ({LARGEST[content_type]} bytes)"
        errors.append(("size", f"{content_type} may have 1 byte to {most}, not {size}"))
    if errors:
        raise InvalidInputError("this file is not taken; nothing was announced", errors=errors)


def kept_days(kept: timedelta) -> int:
    """The folder for files that are kept so long: the next longer one, at most the longest."""
    return next((days for days in KEPT_DAYS if timedelta(days=days) >= kept), KEPT_DAYS[-1])


def file_key(days: int, seller: str, number: str, identifier: str, content_type: str) -> str:
    """Where a file of the chain lies."""
    return f"evidence/{days}/{seller}/{number}/{identifier}.{ENDINGS[content_type]}"


def pack_key(days: int, seller: str, identifier: str, content_type: str) -> str:
    """Where a pack's file lies."""
    return f"evidence/{days}/{seller}/packs/{identifier}.{ENDINGS[content_type]}"


def incoming_key(seller: str, number: str, identifier: str, content_type: str) -> str:
    """Where an announced file arrives."""
    return f"{INCOMING}/{seller}/{number}/{identifier}.{ENDINGS[content_type]}"


def identifier_of(key: str) -> str:
    """The id in a key of one of these three."""
    return key.rpartition("/")[2].partition(".")[0]


def days_of(key: str) -> int:
    """How long the file of a key is kept; 0 where no rule says so."""
    part = key.split("/")[1] if key.startswith("evidence/") else ""
    return int(part) if part.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file turned out to be. `width` and `height` are pixels, 0 where it is no picture."""

    size: int
    sha256: str
    width: int = 0
    height: int = 0


class Inspector:
    """Judges one file while its parts go by: `feed` each, then `finish`.

    Pictures and PDF (20 MiB at most) are held until the end, videos never. Raises InvalidInputError as soon as the file
    cannot be what was announced.
    """

    def __init__(self, content_type: str, size: int, sha256: str) -> None:
        self._type, self._wanted, self._sha256 = content_type, size, sha256
        self._digest = hashlib.sha256()
        self._size = 0
        self._head = b""
        self._tail = b""
        self._whole = bytearray()
        self._boxes = shapes.Boxes() if content_type in (shapes.MP4, shapes.QUICKTIME) else None
        self._is_video = content_type.startswith("video/")

    def feed(self, chunk: bytes) -> None:
        """The next part."""
        self._size += len(chunk)
        if self._size > self._wanted:
            raise shapes.broken(f"it is longer than the {self._wanted} bytes that were announced")
        self._digest.update(chunk)
        known = len(self._head)
        if known < _EARLY:
            self._head += chunk[: _EARLY - known]
            if len(self._head) >= 64:
                self._check_type()
        if self._type != shapes.PDF and (found := _MARKUP.search(self._tail[-_OVERLAP:] + chunk)):
            raise shapes.broken(f"it holds {found[0].decode('latin-1').strip()!r}, which no {self._type} does")
        self._tail = (self._tail + chunk)[-_ARCHIVE_TAIL:]
        if self._boxes is not None:
            self._boxes.feed(chunk)
        elif not self._is_video:
            self._whole += chunk

    def _check_type(self) -> None:
        found = shapes.type_of(self._head)
        if found != self._type:
            raise shapes.broken(f"it was announced as {self._type}, and its content is {found or 'something else'}")
        if self._type != shapes.PDF and (markup := _EARLY_MARKUP.search(self._head)):
            raise shapes.broken(f"it holds {markup[0].decode('latin-1').strip()!r}, which no {self._type} does")

    def finish(self) -> Inspected:
        """All of it has gone by."""
        self._check_type()
        if self._size != self._wanted:
            raise shapes.broken(f"it has {self._size} bytes, and {self._wanted} were announced")
        digest = self._digest.hexdigest()
        if digest != self._sha256:
            raise shapes.broken(f"its SHA-256 is {digest}, and {self._sha256} was announced")
        if _is_archive(self._tail):
            raise shapes.broken("a ZIP archive hides in it")
        if self._boxes is not None:
            self._boxes.finish()
            if b"moov" not in self._boxes.kinds:
                raise shapes.broken("the video is cut off: it has no index of its pictures")
        if self._is_video:
            return Inspected(self._size, digest)
        content = bytes(self._whole)
        if self._type == shapes.PDF:
            shapes.check_pdf(content)
            return Inspected(self._size, digest)
        width, height = shapes.picture_size(content, self._type)
        _check_pixels(self._type, width, height)
        return Inspected(self._size, digest, width, height)


def _check_pixels(content_type: str, width: int, height: int) -> None:
    most = MOST_PIXELS[content_type]
    if not (1 <= width <= LONGEST_SIDE and 1 <= height <= LONGEST_SIDE) or width * height > most:
        raise shapes.broken(
            f"the picture has {width} x {height} pixels; {content_type} may have {most} in all, "
            f"{LONGEST_SIDE} on a side"
        )


def _is_archive(tail: bytes) -> bool:
    """Whether a ZIP archive ends where the file ends: its end record says how long its comment is."""
    at = tail.rfind(_ARCHIVE_END)
    while at >= 0:
        record = tail[at : at + 22]
        if len(record) == 22 and at + 22 + int.from_bytes(record[20:22], "little") == len(tail):
            return True
        at = tail.rfind(_ARCHIVE_END, 0, at)
    return False
