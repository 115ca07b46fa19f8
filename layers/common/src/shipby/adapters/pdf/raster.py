"""Pages as pictures: for reading, for a preview, and as the dots of a label printer."""

from __future__ import annotations

import math
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shipby.adapters.labels.zpl_graphics import Bitmap, graphic_field
from shipby.domain.errors import InvalidInputError

if TYPE_CHECKING:  # heavy: loaded on first use
    from PIL.Image import Image
    from pypdfium2 import PdfBitmap, PdfDocument, PdfPage

_MOST_PIXELS = 9_000_000
"""A4 at 300 dpi."""
_EXACT_DPI = {203: 203.2}
"""Printers sold as 203 dpi print 8 dots per millimetre."""
_DPI = range(50, 1201)
_INK_BELOW = 128
_PNG_UP = 2
"""The filter that stands before each row of a PNG: less what is above."""

_PDFIUM = threading.Lock()
"""pdfium is not made for threads."""


@contextmanager
def opened(pdf: bytes) -> Iterator[PdfDocument]:
    """A PDF that has pages, for as long as it is looked at; one thread at a time.

    Raises InvalidInputError if it, or what is done with it, fails in pdfium.
    """
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(pdf)
            try:
                if not len(document):
                    raise InvalidInputError("there is no page to draw")
                yield document
            finally:
                document.close()  # closes its pages too
        except (pypdfium2.PdfiumError, IndexError) as error:
            raise InvalidInputError("a page cannot be drawn") from error


def scale_for(page: PdfPage, dpi: float) -> float:
    """Pixels per point. A page may claim to be metres wide: its picture stays within bounds."""
    width, height = page.get_size()
    return min(dpi / 72, math.sqrt(_MOST_PIXELS / max(width * height, 1.0)))


def drawn(page: PdfPage, scale: float, rows: tuple[int, int] | None = None) -> PdfBitmap:
    """The page in grey, or of its rows of pixels those from the first of `rows` up to the last, which is not included;
    the caller closes it. Raises InvalidInputError for a page that is thousands of times longer than wide.

    Only whole rows: pdfium may round an edge that lies just between two dots to the other one where a picture begins
    elsewhere, and that must not happen to the width of a bar.
    """
    width, height = page.get_size()
    if max(width, height) * scale > _MOST_PIXELS / 100:
        raise InvalidInputError("a page of the label file is absurdly long")
    if rows is None:
        return page.render(scale=scale, grayscale=True)
    below, above = math.ceil(height * scale) - rows[1], rows[0]
    # Given in points, which are rounded up to pixels: half a pixel less is on the safe side of every rounding.
    return page.render(
        scale=scale, grayscale=True, crop=(0, *(max(0.0, (side - 0.5) / scale) for side in (below, 0, above)))
    )


def png(pdf: bytes, *, dpi: int) -> bytes:
    """PNG in grey of the first page. Raises InvalidInputError for a broken PDF or an absurd resolution."""
    with opened(pdf) as document:
        return _as_png(_picture(document[0], dpi), dpi)


def _as_png(picture: Image, dpi: int) -> bytes:
    """Every row as its difference from the one above, of which most is nothing on a label, so that runs are enough:
    as small as Pillow's, which tries each way on every row, in two thirds of the time. Source: ISO/IEC 15948, 9, 11.
    """
    from PIL import Image, ImageChops

    above = Image.new("L", picture.size)
    above.paste(picture, (0, 1))
    rows = Image.new("L", (picture.width + 1, picture.height), _PNG_UP)
    rows.paste(ImageChops.subtract_modulo(picture, above), (1, 0))
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    per_metre = round(dpi / 0.0254)
    chunks = (
        (b"IHDR", struct.pack(">LL5B", picture.width, picture.height, 8, 0, 0, 0, 0)),
        (b"pHYs", struct.pack(">LLB", per_metre, per_metre, 1)),
        (b"IDAT", packer.compress(rows.tobytes()) + packer.flush()),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data)) for kind, data in chunks
    )


def zpl(pdf: bytes, *, dpi: int) -> bytes:
    """Every page as one ZPL II label, a picture in black and white dots.

    Raises InvalidInputError for a broken PDF or an absurd resolution.
    """
    said: list[str] = []
    with opened(pdf) as document:
        for page in document:
            picture = _picture(page, dpi)
            # Mode 1 packs rows into bytes as ^GF wants them; a set bit is ink.
            ink = picture.point([255] * _INK_BELOW + [0] * (256 - _INK_BELOW), "1")
            bitmap = Bitmap(picture.width, picture.height, ink.tobytes())
            said.append(f"^XA^LH0,0^PW{bitmap.width}^LL{bitmap.height}\n^FO0,0{graphic_field(bitmap)}^FS\n^PQ1^XZ\n")
            page.close()
    return "".join(said).encode("ascii")


def _picture(page: PdfPage, dpi: int) -> Image:
    from PIL import Image

    if dpi not in _DPI:
        raise InvalidInputError(f"{dpi} dots per inch is not between {_DPI.start} and {_DPI.stop - 1}")
    bitmap = drawn(page, scale_for(page, _EXACT_DPI.get(dpi, dpi)))
    try:
        size = (bitmap.width, bitmap.height)
        return Image.frombytes("L", size, bytes(bitmap.buffer), "raw", "L", bitmap.stride, 1)
    finally:
        bitmap.close()
