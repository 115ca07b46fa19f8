"""Pictures of label pages as a printer makes them, and the codes read off them by zxing-cpp."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import zxingcpp

DOTS_PER_INCH = {203: 203.2, 300: 300.0}
"""What printer makers sell as 203 dpi has 8 dots per millimetre."""

_FORMATS = zxingcpp.BarcodeFormats([zxingcpp.Code128, zxingcpp.QRCode, zxingcpp.DataMatrix])
_ON_WHITE = b"\x01" * 128 + b"\x00" * 128
"""Grey value -> ink, as the printer's own threshold makes it."""


@dataclass(frozen=True)
class Picture:
    """A grey picture: one byte per dot, rows from the top."""

    width: int
    height: int
    grey: bytes

    @cached_property
    def ink(self) -> bytes:
        """1 where the printer burns a dot."""
        return self.grey.translate(_ON_WHITE)

    @property
    def png(self) -> bytes:
        """The picture as a small PNG file."""
        rows = b"".join(b"\0" + self.grey[at : at + self.width] for at in range(0, len(self.grey), self.width))
        head = self.width.to_bytes(4, "big") + self.height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
        parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
            for kind, body in parts
        )


def pictures(pdf: bytes, dpi: int) -> Iterator[Picture]:
    """Every page on the printer's grid of dots, from the page's top left corner.

    A page that is no whole number of dots wide gets a last column and row that are partly off the paper: pdfium would
    stretch it instead, and no printer does.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        for index in range(len(document)):
            yield _picture(document[index], 72 / DOTS_PER_INCH.get(dpi, dpi))
    finally:
        document.close()


def _picture(page: Any, dot: float) -> Picture:
    # A box inherited from the tree of pages is not told, though drawn.
    left, bottom, right, top = page.get_mediabox(fallback_ok=False) or (0.0, 0.0, *page.get_size())
    width, height = (math.ceil(round(side / dot, 3)) for side in (right - left, top - bottom))
    page.set_mediabox(left, top - height * dot, left + width * dot, top)
    page.set_cropbox(left, top - height * dot, left + width * dot, top)
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING)
        rows = bytes(bitmap.buffer)
        stride = bitmap.stride
        grey = rows if stride == width else b"".join(rows[at * stride : at * stride + width] for at in range(height))
        return Picture(width, height, grey)
    finally:
        bitmap.close()
        page.close()


def from_png(png: bytes) -> Picture:
    """A PNG file as a grey picture."""
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(png)) as image:
        grey = image.convert("L")
        return Picture(grey.width, grey.height, grey.tobytes())


def codes(picture: Picture) -> tuple[tuple[str, str], ...]:
    """Every code on the picture as (format, content), sorted; a code that stands there twice comes twice."""
    view = zxingcpp.ImageView(
        memoryview(picture.grey).cast("B", (picture.height, picture.width)),
        picture.width,
        picture.height,
        zxingcpp.ImageFormat.Lum,
        picture.width,
    )
    found = zxingcpp.read_barcodes(view, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain, try_invert=False)
    return tuple(sorted((barcode.format.name, barcode.text) for barcode in found))
