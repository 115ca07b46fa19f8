"""What a file is by its content: pictures, videos and PDF, with no library that decodes them.

Each check walks the format's own structure from the first byte to the last, so that a file of one type with another
behind or inside it is seen. Sources: ITU-T T.81 annex B (JPEG), W3C PNG 5, RFC 9649 (WebP), ISO/IEC 14496-12 and
23008-12 (MP4, QuickTime, HEIC), RFC 8794 and the WebM container guidelines, ISO 32000-1 7.5 (PDF).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from shipby.domain.errors import InvalidInputError

JPEG, PNG, WEBP, HEIC = "image/jpeg", "image/png", "image/webp", "image/heic"
MP4, QUICKTIME, WEBM, PDF = "video/mp4", "video/quicktime", "video/webm", "application/pdf"
Size = tuple[int, int]
"""Width and height in pixels."""
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_QUICKTIME_FIRST: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MOST_BOXES = 200_000
_NOT_SIZES: Final = frozenset({0xC4, 0xC8, 0xCC})
"""Markers among the JPEG frame headers that are none."""
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z0-9])")
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def type_of(head: bytes) -> str:
    """The content type that the first 64 bytes speak for; "" for anything that is not taken as evidence."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(_PNG_SIGNATURE):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return HEIC if brand in _HEIC_BRANDS else QUICKTIME if brand == b"qt  " else MP4
    if head[4:8] in _QUICKTIME_FIRST:
        return QUICKTIME
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]:
        return WEBM
    return PDF if re.match(rb"%PDF-[12]\.\d", head) else ""


def broken(what: str) -> InvalidInputError:
    """The refusal of a file."""
    return InvalidInputError(f"the file is refused: {what}", errors=[("file", what)])


def picture_size(content: bytes, content_type: str) -> Size:
    """Width and height of a whole picture. Raises InvalidInputError if it is not one from end to end."""
    try:
        return {JPEG: _jpeg, PNG: _png, WEBP: _webp, HEIC: _heic}[content_type](content)
    except (struct.error, IndexError) as error:
        raise broken("the picture is cut off") from error


def _jpeg(content: bytes) -> Size:
    at, size = 2, (0, 0)
    while True:
        if content[at] != 0xFF:
            raise broken("the picture's structure is broken")
        while content[at] == 0xFF:
            at += 1
        marker = content[at]
        at += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        if marker in (0x00, 0xD8, 0xD9):
            raise broken("the picture's structure is broken")
        (length,) = struct.unpack_from(">H", content, at)
        if length < 2:
            raise broken("the picture's structure is broken")
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_SIZES:
            height, width = struct.unpack_from(">HH", content, at + 3)
            size = (width, height)
        at += length
        if marker == 0xDA:
            break
    # Cameras put previews and films behind the picture: what matters is that it ends at all.
    if content.find(b"\xff\xd9", at) < 0:
        raise broken("the picture is cut off")
    return size


def _png(content: bytes) -> Size:
    at, size, data = len(_PNG_SIGNATURE), (0, 0), False
    while True:
        (length,) = struct.unpack_from(">I", content, at)
        kind = content[at + 4 : at + 8]
        end = at + 12 + length
        (crc,) = struct.unpack_from(">I", content, end - 4)
        if zlib.crc32(memoryview(content)[at + 4 : end - 4]) != crc:
            raise broken("the picture is damaged")
        if (at == len(_PNG_SIGNATURE)) != (kind == b"IHDR"):
            raise broken("the picture's structure is broken")
        if kind == b"IHDR":
            size = struct.unpack_from(">II", content, at + 8)
        data = data or kind == b"IDAT"
        at = end
        if kind == b"IEND":
            break
    if not data:
        raise broken("the picture is empty")
    if at != len(content):
        raise broken("something stands behind the picture's end")
    return size


def _webp(content: bytes) -> Size:
    (length,) = struct.unpack_from("<I", content, 4)
    if length + 8 + (length & 1) not in (len(content), len(content) + (length & 1)):
        raise broken("the picture is cut off, or something stands behind its end")
    kind = content[12:16]
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and content[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return (
            int.from_bytes(content[24:27], "little") + 1,
            int.from_bytes(content[27:30], "little") + 1,
        )
    raise broken("the picture's structure is broken")


def _heic(content: bytes) -> Size:
    walker = Boxes()
    walker.feed(content)
    walker.finish()
    sizes: list[Size] = []
    for kind, start, end in _inside(content, 0, len(content)):
        if kind == b"meta":
            for properties in _named(content, start + 4, end, b"iprp"):
                for container in _named(content, *properties, b"ipco"):
                    for begin, _ in _named(content, *container, b"ispe"):
                        sizes.append(struct.unpack_from(">II", content, begin + 4))
    if not sizes:
        raise broken("the picture does not say how large it is")
    return max(sizes, key=lambda size: size[0] * size[1])


def _named(content: bytes, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    return ((begin, stop) for kind, begin, stop in _inside(content, start, end) if kind == wanted)


def _inside(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Boxes between two places: type, where the content begins, where it ends."""
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", content, start)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, start + 8)
            head = 16
        stop = end if length == 0 else start + length
        if stop > end or stop < start + head:
            raise broken("the picture's structure is broken")
        yield kind, start + head, stop
        start = stop


class Boxes:
    """Walks the outermost boxes of an MP4, QuickTime or HEIC file while it streams by: they have to fill it exactly."""

    def __init__(self) -> None:
        self.kinds: set[bytes] = set()
        self._head = bytearray()
        self._skip = 0
        self._to_the_end = False
        self._count = 0

    def feed(self, chunk: bytes) -> None:
        """Raises InvalidInputError for what is no box."""
        rest = memoryview(chunk)
        while rest and not self._to_the_end:
            if self._skip:
                passed = min(self._skip, len(rest))
                self._skip -= passed
                rest = rest[passed:]
                continue
            wanted = 16 if self._head[:4] == b"\0\0\0\1" and len(self._head) >= 8 else 8
            taken = rest[: wanted - len(self._head)]
            self._head += taken
            rest = rest[len(taken) :]
            if len(self._head) == wanted and not (wanted == 8 and self._head[:4] == b"\0\0\0\1"):
                self._begin(wanted)

    def _begin(self, head: int) -> None:
        kind = bytes(self._head[4:8])
        length = int.from_bytes(self._head[8:16] if head == 16 else self._head[:4], "big")
        self._count += 1
        if not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind) or self._count > _MOST_BOXES:
            raise broken("its structure is broken")
        self._to_the_end = length == 0
        if length and length < head:
            raise broken("its structure is broken")
        self.kinds.add(kind)
        self._skip = max(length - head, 0)
        self._head.clear()

    def finish(self) -> None:
        """Raises InvalidInputError if the last box is not whole."""
        if self._skip or self._head:
            raise broken("it is cut off, or something stands behind its end")


def check_pdf(content: bytes) -> None:
    """Raises InvalidInputError for a PDF that is cut off, or that says it acts by itself."""
    if b"%%EOF" not in content[-1024:]:
        raise broken("the PDF is cut off")
    plain = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), _STREAM.sub(b"", content))
    if found := _ACTIVE.search(plain):
        raise broken(f"the PDF holds {found[1].decode()}: print it to a plain PDF first")
