"""Files and chains for tests of evidence: small, real, and made here."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from shipby.adapters.evidence.archive import ZipArchives
from shipby.adapters.evidence.press import EvidencePress
from shipby.application.evidence.make_pack import PackTools
from shipby.application.evidence.pieces import PieceWish, add_piece
from shipby.application.evidence.uploads import announce_file, complete_file
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, SaveSettings
from shipby.application.shared.idempotency import Answer
from shipby.domain.events import posting_ref
from shipby.domain.evidence.pieces import EvidenceKind
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.support.memory_store import MemoryStore

FONTS = Path(__file__).parents[3] / "functions/label_generation/fonts"
PRESS = EvidencePress(FONTS)


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), colour: str = "steelblue") -> bytes:
    """A picture with something to see."""
    image = Image.new("RGB", size, colour)
    draw = ImageDraw.Draw(image)
    draw.rectangle((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill="tan", outline="black")
    draw.line((0, 0, *size), fill="white", width=4)
    out = BytesIO()
    image.save(out, form)
    return out.getvalue()


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def heic(width: int = 4032, height: int = 3024) -> bytes:
    """The structure of a HEIC picture, without its dots."""
    small = box(b"ispe", struct.pack(">III", 0, 512, 512))
    large = box(b"ispe", struct.pack(">III", 0, width, height))
    meta = box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", small + large)))
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta + box(b"mdat", b"\x01" * 500)


def mp4(brand: bytes = b"isom", dots: int = 3000) -> bytes:
    return (
        box(b"ftyp", brand + b"\0\0\0\0isom") + box(b"moov", box(b"mvhd", b"\0" * 100)) + box(b"mdat", b"\x02" * dots)
    )


def webm() -> bytes:
    head = b"\x1a\x45\xdf\xa3\x8b\x42\x82\x84webm\x42\x87\x81\x04"
    return head + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + b"\x03" * 200


def pdf(inside: bytes = b"") -> bytes:
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog" + inside + b">>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb_png(side: int = 60_000) -> bytes:
    """A few bytes that would unpack to gigabytes."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    dots = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", dots) + png_chunk(b"IEND", b"")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Desk:
    """A shop with one posting, in memory."""

    clock: a.FixedClock = field(default_factory=a.FixedClock)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    language: str = "ru"
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock)
        self.store.commit([SaveSettings(replace(a.settings(), language=self.language))])
        appended = AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(),))
        self.store.commit([SavePosting(a.posting()), SaveDetail(a.SELLER, a.detail()), appended])

    @property
    def tools(self) -> PackTools:
        return PackTools(self.store, self.documents, PRESS, ZipArchives(), self.clock)

    def wish(self, content: bytes = b"", content_type: str = "", **changes: Any) -> PieceWish:
        base = PieceWish(seller=a.SELLER, number=a.NUMBER, kind=EvidenceKind.PHOTO, actor="key:k1")
        if content:
            base = replace(base, content_type=content_type, size=len(content), sha256=sha256(content))
        return replace(base, **changes)

    def announce(self, wish: PieceWish) -> Answer:
        return announce_file(wish, store=self.store, documents=self.documents, clock=self.clock)

    def send(self, content: bytes, content_type: str = "image/jpeg", **changes: Any) -> str:
        """Announce a file and put it where it belongs; returns its id."""
        wish = self.wish(content, content_type, **changes)
        identifier = str(self.announce(wish).body["id"])
        upload = self.store.evidence_upload(a.SELLER, a.NUMBER, identifier)
        assert upload is not None
        self.documents.files[upload.key] = content
        return identifier

    def complete(self, identifier: str) -> Answer:
        self.clock.advance(timedelta(seconds=1))
        return complete_file(
            a.SELLER,
            a.NUMBER,
            identifier,
            "key:k1",
            lambda _: [],
            store=self.store,
            documents=self.documents,
            clock=self.clock,
        )

    def add(self, kind: EvidenceKind, **changes: Any) -> Answer:
        self.clock.advance(timedelta(seconds=1))
        wish = self.wish(kind=kind, **changes)
        return add_piece(wish, lambda _: [], store=self.store, documents=self.documents, clock=self.clock)
