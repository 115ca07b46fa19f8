"""How much a label file may hold before anything is unpacked for real: a small file can inflate to gigabytes.

Every stream is inflated here in small steps and only counted, first by its place in the raw file (so that streams the
PDF library itself would unpack on opening are counted too), then by its chain of filters, object by object.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import TYPE_CHECKING

from shipby.domain.errors import InvalidInputError

if TYPE_CHECKING:  # heavy: loaded on first use
    import pikepdf

LARGEST_STREAM = 64 * 1024 * 1024
"""Bytes one stream may unpack to: a picture of A4 in 600 dpi grey is 35 MB."""
LARGEST_TOTAL = 512 * 1024 * 1024
"""Bytes all streams of a file may unpack to."""
LARGEST_CONTENT = 4 * 1024 * 1024
"""Bytes of drawing instructions on one page. A label has some thousands; what takes pdfium minutes has many more."""
MOST_PIXELS = 64_000_000
"""Of one picture."""
MOST_OBJECTS = 200_000
LONGEST_SIDE = 14_400.0
"""Points. Source: ISO 32000-1, annex C.2: 200 inches."""
_FED, _STEP = 1 << 14, 1 << 20
"""Bytes fed and bytes taken at a time."""
_STREAM = re.compile(rb"stream\r?\n")
_TEXT_FILTERS = frozenset({"/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"})
_FLATE = frozenset({"/FlateDecode", "/Fl"})
_PICTURE_FILTERS = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF"})
_GROWTH = {"/RunLengthDecode": 128, "/RL": 128, "/LZWDecode": 4096, "/LZW": 4096}
"""How many times longer the other packed forms can become at most."""


def check_raw(pdf: bytes) -> None:
    """Raises InvalidInputError if the streams of a file inflate beyond measure."""
    total = 0
    for found in _STREAM.finditer(pdf):
        # Not every "stream" in a file begins one, and not every one is packed this way: those count as nothing.
        total += _inflated(memoryview(pdf)[found.end() :], strict=False)
        if total > LARGEST_TOTAL:
            raise _too_much(LARGEST_TOTAL)


def check_objects(source: pikepdf.Pdf) -> dict[tuple[int, int], int]:
    """How long each stream of an opened file is, by its number and generation; raises InvalidInputError for streams or
    pictures beyond measure."""
    import pikepdf

    if len(source.objects) > MOST_OBJECTS:
        raise InvalidInputError(f"the label file holds {len(source.objects)} objects, more than {MOST_OBJECTS}")
    total, sizes = 0, {}
    for item in source.objects:
        if isinstance(item, pikepdf.Stream):
            size = sizes[item.objgen] = _unpacked(item)
            total += size
            if total > LARGEST_TOTAL:
                raise _too_much(LARGEST_TOTAL)
    return sizes


def check_page(page: pikepdf.Page, sizes: dict[tuple[int, int], int]) -> None:
    """Raises InvalidInputError for a page that is too wide to draw or says too much; `sizes` as of check_objects."""
    box = [float(side) for side in page.mediabox]
    unit = float(page.obj.get("/UserUnit", 1))
    width, height = abs(box[2] - box[0]) * unit, abs(box[3] - box[1]) * unit
    if not 1 <= min(width, height) <= max(width, height) <= LONGEST_SIDE:
        raise InvalidInputError(
            f"a page of the label file measures {width:g} x {height:g} points, which no printer has"
        )
    if page.obj.get("/Rotate", 0) % 90:
        raise InvalidInputError("a page of the label file is turned by an angle that is no quarter turn")
    contents = page.obj.get("/Contents")
    parts = [] if contents is None else list(contents) if contents._type_name == "array" else [contents]
    said = sum(sizes[part.objgen] if part.objgen in sizes else _unpacked(part) for part in parts)
    if said > LARGEST_CONTENT:
        raise InvalidInputError(f"a page of the label file has {said} bytes of instructions, more than a label needs")


def _unpacked(stream: pikepdf.Object) -> int:
    """How long a stream is once its filters are undone. Raises InvalidInputError beyond LARGEST_STREAM."""
    named = stream.get("/Filter")
    filters = [] if named is None else [str(named)] if named._type_name == "name" else [str(one) for one in named]
    raw = stream.read_raw_bytes()
    if str(stream.get("/Subtype", "")) == "/Image":
        pixels = int(stream.get("/Width", 0)) * int(stream.get("/Height", 0))
        if pixels > MOST_PIXELS:
            raise InvalidInputError(f"a picture in the label file has {pixels} dots, more than {MOST_PIXELS}")
    for place, name in enumerate(filters):
        last = place == len(filters) - 1
        if name in _TEXT_FILTERS:
            raw = _from_text(raw, name)
        elif name in _FLATE and last:
            return _inflated(memoryview(raw), strict=True)
        elif name in _PICTURE_FILTERS and last:
            return len(raw)  # as large as its width and height say, and those are checked
        elif name in _GROWTH and last:
            return _bounded(len(raw) * _GROWTH[name])
        else:
            raise InvalidInputError("a stream of the label file is packed several times over")
    return _bounded(len(raw))


def _bounded(size: int) -> int:
    if size > LARGEST_STREAM:
        raise _too_much(LARGEST_STREAM)
    return size


def _from_text(raw: bytes, name: str) -> bytes:
    try:
        if "85" in name:
            return base64.a85decode(raw.strip().removeprefix(b"<~").removesuffix(b"~>"))
        digits = re.sub(rb"[\s>]", b"", raw)
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError("a stream of the label file is broken") from error


def _inflated(packed: memoryview, *, strict: bool) -> int:
    """Length of what a zlib stream holds; only counted. What is none counts as nothing unless `strict`."""
    inflater, total, data = zlib.decompressobj(), 0, bytes(packed[:_FED])
    at = len(data)
    try:
        while data and not inflater.eof:
            total += len(inflater.decompress(data, _STEP))
            if total > LARGEST_STREAM:
                raise _too_much(LARGEST_STREAM)
            data = inflater.unconsumed_tail
            if not data and not inflater.eof:
                data = bytes(packed[at : at + _FED])
                at += len(data)
    except zlib.error as error:
        # Writers leave the checksum off now and then; what was inflated so far is what counts.
        if strict and not total:
            raise InvalidInputError("a stream of the label file is broken") from error
    return total


def _too_much(limit: int) -> InvalidInputError:
    return InvalidInputError(f"the label file unpacks to more than {limit // (1024 * 1024)} MB, which no label does")
